# SPDX-License-Identifier: AGPL-3.0-only
"""The scripts that are held against Node, answered by workerd and StarlingMonkey too: where Node and workerd agree, so does
fn0.

Where they do not, fn0 goes with one of them; each case in which it does neither is listed with its reason, there or in the
tests beside Node. The answers of all are written to build/javascript-conformance.tsv, and counted in docs/javascript.md.
"""

import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from bundler import PACKAGES
from conformance import AS_LISTENER, NAMES, STAND_INS, cases_of, script, source
from differential import run_in_both
from function import IN_NODE, Client, FunctionHost
from host import ROOT, _die_with_parent, eventually
from wire import Connection

# Some cases of each engine never end, and are waited for.
pytestmark = [pytest.mark.skipif(IN_NODE, reason="what fn0 does"), pytest.mark.timeout(400)]

TABLE = ROOT / "build/javascript-conformance.tsv"
DOCUMENT = ROOT / "docs/javascript.md"
COMPONENTIZE = ROOT / "build/deps/javascript/node_modules/.bin/componentize-js"
COMPONENTIZE_WORLD = ROOT / "build/guests-work/wit-javascript"
ABSENT = "absent"
ENGINES = ("node", "workerd", "StarlingMonkey", "fn0")
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

FORMATS = ("gzip", "deflate", "deflate-raw")

# By the reason: the cases in which Node and workerd agree and fn0 does not.
AGAINST_BOTH = {
    "HTML: what is detached, or cannot be transferred, is a DataCloneError": {
        ("clone", "a detached buffer"),
        ("clone", "what cannot be transferred"),
    },
    "HTML: a port that nobody has started holds its messages back": {("clone", "messages wait for the start")},
    "DOM: it is there, though out of use": {("events", "CustomEvent.initCustomEvent")},
    "Compression: chunks are BufferSources, and others an error that is not waited for in vain": {
        ("compression", f"{format} of {chunk}") for format in FORMATS for chunk in ('"text"', "null", "[1]")
    },
    "the package keeps the state of a stream in properties of the object": {("streams", "own properties")},
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


def answers_of(server):
    """Of all scripts; none of one that ends its instance."""
    try:
        client = Client(server)
        found = {name: client.get(f"/{name}") for name in NAMES}
    finally:
        server.stop()
    return {
        (name, case): result
        for name, answer in found.items()
        if answer.status == 200
        for case, result in cases_of(answer.text).items()
    }


def answers_of_workerd(folder):
    (folder / "main.js").write_text(source())
    return answers_of(WorkerdServer(folder))


def answers_of_starling_monkey(folder):
    component = folder / "conformance.wasm"
    (folder / "listener.js").write_text(STAND_INS + source(AS_LISTENER))
    words = [COMPONENTIZE, folder / "listener.js", "--wit", COMPONENTIZE_WORLD, "-n", "guest", "-o", component]
    subprocess.run(["node", *map(str, words)], check=True, capture_output=True)
    return answers_of(FunctionHost(component, {}))


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("conformance")
    with ThreadPoolExecutor() as pool:
        workerd = pool.submit(answers_of_workerd, folder)
        starling_monkey = pool.submit(answers_of_starling_monkey, folder)
        here = pool.map(lambda name: run_in_both(script(name), name), NAMES)
        found = {"node": {}, "workerd": workerd.result(), "StarlingMonkey": starling_monkey.result(), "fn0": {}}
        for name, streams in zip(NAMES, here):
            for engine, (output, _) in zip(("node", "fn0"), streams):
                found[engine] |= {(name, case): answer for case, answer in cases_of(output).items()}
    rows = {case: [found[engine].get(case, ABSENT) for engine in found] for engine in found for case in found[engine]}
    lines = ["\t".join([*case, *row]) for case, row in rows.items()]
    TABLE.write_text("\n".join(["\t".join(["script", "case", *found]), *lines]) + "\n")
    return rows


def test_all_cases_were_answered(answers):
    for engine in ("node", "workerd", "fn0"):
        found = sum(row[ENGINES.index(engine)] != ABSENT for row in answers.values())
        assert found >= CASES_AT_LEAST, engine


def test_where_node_and_workerd_agree_so_does_fn0(answers):
    listed = {case for cases in AGAINST_BOTH.values() for case in cases}
    found = {case for case, (node, workerd, _, fn0) in answers.items() if node == workerd != fn0}
    assert found == listed, "\n".join(
        f"{case}\n    engine:  {answers[case][3]}\n    both: {answers[case][0]}" for case in sorted(found ^ listed)
    )


def test_the_table_in_the_documentation(answers):
    rows = ["| | cases | fn0 | workerd | StarlingMonkey |", "| --- | --- | --- | --- | --- |"]
    for name in (*NAMES, "all"):
        cases = [row for (script_name, _), row in answers.items() if name in (script_name, "all") and row[0] != ABSENT]
        alike = [sum(row[ENGINES.index(engine)] == row[0] for row in cases) for engine in ("fn0", *ENGINES[1:3])]
        rows.append(f"| {name} | {len(cases)} | " + " | ".join(map(str, alike)) + " |")
    assert "\n".join(rows) in DOCUMENT.read_text(), "\n".join(["what stands there is not what was found:", *rows])
