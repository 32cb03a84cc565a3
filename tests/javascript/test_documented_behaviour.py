# SPDX-License-Identifier: AGPL-3.0-only
"""What docs/javascript.md promises beside its table: errors, logs, state, and what stops a build."""

import re
import time

import pytest
from bundler import PACKAGES, write_project
from function import IN_NODE, Client, project, start
from host import ROOT, Host, eventually, run

pytestmark = pytest.mark.skipif(IN_NODE, reason="what fn0 does")


@pytest.fixture(scope="module")
def behaviour():
    server = start(project(ROOT / "tests/javascript/functions"), "behaviour.ts", {"NAME": "Ada", "EMPTY": ""})
    yield Client(server)
    server.stop()


def logged(client, words, **wanted):
    """The text from the line with these words on, once it is there."""

    def find():
        lines = [line["line"] for line in client.server.lines(message="output", **wanted)]
        found = [number for number, line in enumerate(lines) if words in line]
        return "\n".join(lines[found[-1] :]) if found else ""

    return eventually(find, what=f"a line with {words!r}")


# ---- Calls


@pytest.mark.parametrize("route, name", [("/throws", "Ada"), ("/rejects", "Grace")])
def test_an_error_is_500_and_a_log_line_in_the_lines_of_the_source(behaviour, route, name):
    answer = behaviour.get(route)
    assert answer.status == 500
    assert name not in answer.text and "behaviour" not in answer.text
    source = (ROOT / "tests/javascript/functions/behaviour.ts").read_text().splitlines()
    line = next(number for number, text in enumerate(source, 1) if "throw new NotFound" in text)
    said = logged(behaviour, f"no user {name}", level="error")
    assert said.splitlines()[0] == f"NotFound: no user {name}"
    assert re.search(rf"^    at load \(.*behaviour\.ts:{line}:\d+\)$", said, re.M)
    assert "RangeError: out of users" in said
    told = [line["line"] for line in behaviour.server.lines(message="output")]
    assert sum(f"no user {name}" in one for one in told) == 1


def test_in_development_the_answer_shows_the_error():
    server = start(project(ROOT / "tests/javascript/functions"), "behaviour.ts", {"FN0_MODE": "development"})
    answer = Client(server).get("/throws")
    server.stop()
    assert answer.status == 500 and re.search(
        r"NotFound: no user Ada\n(    at .*\n)*    at load \(.*behaviour\.ts:", answer.text
    )


def test_what_is_no_error_can_be_thrown_too(behaviour):
    assert behaviour.get("/throws-a-string").status == 500
    assert logged(behaviour, "just a string", level="error")


def test_what_is_no_response_is_an_error(behaviour):
    assert behaviour.get("/no-response").status == 500
    assert logged(behaviour, "Response", level="error")


def test_passing_through_is_refused_clearly(behaviour):
    assert behaviour.get("/passes-through").status == 500
    assert logged(behaviour, "passThroughOnException is not supported", level="error")


def test_a_rejection_that_nobody_handles_is_logged(behaviour):
    assert behaviour.text("/unhandled") == "answered"
    assert logged(behaviour, "nobody waits for this", level="error")


def test_console_levels_are_levels_of_the_log(behaviour):
    assert behaviour.text("/logs") == "logged"
    assert logged(behaviour, "at debug", level="debug") == "at debug { deep: { er: [ 1, [Map] ] } }"
    assert logged(behaviour, "at log", level="info") == "at log 1 two"
    assert logged(behaviour, "at warn", level="warning") == "at warn"
    assert "TypeError: shown" in logged(behaviour, "at error", level="error")


def test_what_is_evaluated_when_built_is_the_same_for_ever(behaviour):
    one, two = behaviour.json("/state"), behaviour.json("/state")
    assert one["started"] == two["started"] and one["random"] == two["random"]
    assert abs(one["now"] / 1000 - time.time()) < 60
    assert one["other"] != two["other"]
    assert two["visits"] > one["visits"] or two["visits"] == 1


def test_an_empty_header_is_a_header(behaviour):
    assert behaviour.json("/headers", headers={"X-Empty": "", "X-Full": "1"})["x-empty"] == ""


def test_headers_of_the_connection_are_left_out(behaviour):
    answer = behaviour.get("/connection-headers")
    assert (answer.status, answer.text, answer.header("x-own")) == (200, "sent", "1")
    assert "upgrade" not in {name for name, _ in answer.headers}


def test_env_holds_the_variables(behaviour):
    assert {"NAME": "Ada", "EMPTY": ""}.items() <= behaviour.json("/env").items()


def test_a_runaway_recursion_is_a_range_error(behaviour):
    assert behaviour.text("/deep") == "RangeError"


def test_code_can_be_made_of_strings_but_timers_take_functions(behaviour):
    assert behaviour.json("/eval") == [2, 3]
    assert behaviour.text("/string-timer") == "TypeError"


def test_nothing_of_node_is_there(behaviour):
    assert behaviour.json("/node") == []


# ---- Builds


def build(folder, source):
    write_project(folder, {"package.json": "{}", "src/hello.ts": source})
    return run("build", folder / "src/hello.ts", "-o", folder / "hello.wasm", seconds=60)


HANDLER = "\nexport default { fetch: () => new Response() };\n"


@pytest.mark.parametrize(
    "source, said",
    [
        ("export default { get() {} };", "hello.ts: the default export has no method fetch; it is an object with get"),
        ("\nlet a: number = 1;\nthrow new Error(`at the top ${a}`);" + HANDLER, "Error: at the top 1"),
        ("\nlet a: number = 1;\nthrow new Error(`at the top ${a}`);" + HANDLER, "src/hello.ts:3:"),
        ("await Promise.reject(new TypeError('rejected'));" + HANDLER, "TypeError: rejected"),
        ("await fetch('https://example.com/');" + HANDLER, "not available while the module is evaluated"),
        ("crypto.randomUUID();" + HANDLER, "not available while the module is evaluated"),
        ("crypto.getRandomValues(new Uint8Array(1));" + HANDLER, "not available while the module is evaluated"),
        (
            "await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt']);" + HANDLER,
            "not available while the module is evaluated",
        ),
        ("await new Promise(() => {});" + HANDLER, "awaits something that never happens"),
        ("for (;;) {}" + HANDLER, "Does it have a loop that never ends?"),
        ("const a = ;" + HANDLER, "src/hello.ts:1:11: error: "),
    ],
)
def test_what_stops_a_build_is_said(tmp_path, source, said):
    done = build(tmp_path, source)
    assert done.returncode != 0 and said in done.stderr, done.stderr
    assert done.stderr.count(said) == 1, done.stderr
    assert not (tmp_path / "hello.wasm").exists()


def test_what_is_logged_while_building_is_shown(tmp_path):
    done = build(tmp_path, "console.log('from the module', { a: 1 });" + HANDLER)
    assert done.returncode == 0 and "from the module { a: 1 }" in done.stderr


APPLICATION = """
import { Hono } from "hono";
export const table = new Map([[Math.random(), new Date()]]);
const app = new Hono();
app.get("/", (context) => context.json([...table]));
try { null.x } catch (error) { app.get("/error", (context) => context.text(error.stack)); }
export default app;
"""


def test_the_same_source_gives_the_same_component(tmp_path):
    """Built again, from another folder, and with an engine that is compiled anew."""
    made = []
    for name, options in [("one", []), ("one", []), ("deep/er/two", []), ("three", ["--cache-dir", tmp_path / "cold"])]:
        folder = tmp_path / name
        write_project(folder, {"package.json": "{}", "src/hello.ts": APPLICATION})
        if not (folder / "node_modules").exists():
            (folder / "node_modules").symlink_to(PACKAGES)
        out = folder / "hello.wasm"
        done = run("build", folder / "src/hello.ts", "-o", out, *options, seconds=120)
        assert done.returncode == 0, done.stderr
        assert ("compile the engine" in done.stdout) >= bool(options)
        made.append(out.read_bytes())
    assert [one == made[0] for one in made] == [True] * 4


def test_notices_of_packages_travel_with_the_component(tmp_path):
    notice = "/*! tiny 1.0 | (c) Ada | MIT */"
    files = {
        "node_modules/tiny/package.json": '{"name": "tiny", "main": "i.js"}',
        "node_modules/tiny/i.js": f"{notice}\nexport default 'tiny';",
    }
    write_project(tmp_path, files)
    done = build(tmp_path, "import tiny from 'tiny';\nexport default { fetch: () => new Response(tiny) };\n")
    assert done.returncode == 0, done.stderr
    built = (tmp_path / "hello.wasm").read_bytes()
    assert built.count(b"\x0dlegal-notices") == 1 and built.count(notice.encode()) == 1
    assert notice in built[built.index(b"\x0dlegal-notices") :].decode()
    with Host(tmp_path / "hello.wasm") as host:
        assert host.get("/").text == "tiny"
    done = build(tmp_path, HANDLER)
    assert done.returncode == 0 and b"legal-notices" not in (tmp_path / "hello.wasm").read_bytes()
