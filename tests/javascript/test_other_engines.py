# SPDX-License-Identifier: AGPL-3.0-only
"""The scripts that are held against Node, answered by workerd too: where both agree, so does fn0.

Where they do not, fn0 goes with one of them; each case in which it does neither is listed with its reason, there or in the
tests beside Node. The answers of all three are written to build/javascript-conformance.tsv.
"""

import socket
import subprocess

import pytest
from bundler import PACKAGES
from conformance import NAMES, cases_of, script, source
from differential import run_in_both
from function import IN_NODE, Client
from host import ROOT, _die_with_parent, eventually
from wire import Connection

pytestmark = pytest.mark.skipif(IN_NODE, reason="what fn0 does")

TABLE = ROOT / "build/javascript-conformance.tsv"
ABSENT = "absent"
# The scripts' cases, at least: nobody ended early.
CASES_AT_LEAST = 950

CONFIGURATION = """using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
    services = [(name = "main", worker = .worker)],
    sockets = [(name = "http", address = "127.0.0.1:{port}", http = (), service = "main")]
);
const worker :Workerd.Worker = (
    modules = [(name = "main.js", esModule = embed "main.js")],
    compatibilityDate = "2026-11-01"
);
"""

# By the reason: the cases in which Node and workerd agree and fn0 does not.
AGAINST_BOTH = {
    "HTML: what is detached, or cannot be transferred, is a DataCloneError": {
        ("clone", "a detached buffer"),
        ("clone", "what cannot be transferred"),
    },
    "HTML: a port that nobody has started holds its messages back": {("clone", "messages wait for the start")},
    "DOM: it is there, though out of use": {("events", "CustomEvent.initCustomEvent")},
    "File API: parts are a sequence, and lastModified is a whole number": {
        ("forms", "file"),
        ("forms", "file arguments"),
    },
}


class WorkerdServer:
    """What Host is for fn0, as far as these tests go."""

    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (folder / "config.capnp").write_text(CONFIGURATION.replace("{port}", str(self.port)))
        words = [str(PACKAGES / ".bin/workerd"), "serve", str(folder / "config.capnp")]
        self.process = subprocess.Popen(words, stderr=subprocess.DEVNULL, preexec_fn=_die_with_parent)
        eventually(self._answers, 30, "workerd")

    def _answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def connect(self, **options):
        return Connection("127.0.0.1", self.port, **options)

    def stop(self):
        self.process.kill()
        self.process.wait()


def answers_of_workerd(folder):
    (folder / "main.js").write_text(source())
    server = WorkerdServer(folder)
    try:
        client = Client(server)
        return {(name, case): answer for name in NAMES for case, answer in cases_of(client.text(f"/{name}")).items()}
    finally:
        server.stop()


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    found = {"node": {}, "workerd": answers_of_workerd(tmp_path_factory.mktemp("conformance")), "fn0": {}}
    for name in NAMES:
        streams = dict(zip(("node", "fn0"), run_in_both(script(name), name)))
        for engine, (output, _) in streams.items():
            found[engine] |= {(name, case): answer for case, answer in cases_of(output).items()}
    rows = {case: [found[engine].get(case, ABSENT) for engine in found] for engine in found for case in found[engine]}
    lines = ["\t".join([*case, *row]) for case, row in rows.items()]
    TABLE.write_text("\n".join(["\t".join(["script", "case", *found]), *lines]) + "\n")
    return rows


def test_all_cases_were_answered(answers):
    for engine in range(3):
        assert sum(row[engine] != ABSENT for row in answers.values()) >= CASES_AT_LEAST


def test_where_node_and_workerd_agree_so_does_fn0(answers):
    listed = {case for cases in AGAINST_BOTH.values() for case in cases}
    found = {case for case, (node, workerd, fn0) in answers.items() if node == workerd != fn0}
    assert found == listed, "\n".join(
        f"{case}\n    engine:  {answers[case][2]}\n    both: {answers[case][0]}" for case in sorted(found ^ listed)
    )
