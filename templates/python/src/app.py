# SPDX-License-Identifier: Apache-2.0

import os

from fn0 import Request, Response


def handle(request: Request) -> Response:
    """Answers every request."""
    name = request.query.get("name", "world")
    # A variable of fn0.toml's [environment], or of .env.
    return Response(f"{os.environ['GREETING']}, {name}!\n")
