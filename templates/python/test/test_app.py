# SPDX-License-Identifier: Apache-2.0

"""Run by `fn0 test`, which serves the function at FN0_URL."""

import os
import unittest
from urllib.request import urlopen


def get(path):
    with urlopen(os.environ["FN0_URL"] + path) as answer:
        return answer.status, answer.read().decode()


class TestApp(unittest.TestCase):
    def test_it_greets_the_world(self):
        self.assertEqual(get("/"), (200, "Hello, world!\n"))

    def test_it_greets_whoever_is_named(self):
        self.assertEqual(get("/?name=Ada+Lovelace"), (200, "Hello, Ada Lovelace!\n"))


if __name__ == "__main__":
    unittest.main()
