# SPDX-License-Identifier: AGPL-3.0-only
"""`fn0 dev`: the function while it is written. What is saved is served, and what is wrong is said."""

import contextlib
import json
import os
import pty
import re
import shutil
import signal
import socket
import threading
import time

import pytest
from dev import Dev
from host import ROOT, SANITIZED, SHARED_CACHE, SLOWNESS, eventually, guest
from projects import Folder
from wire import Broken, Connection

# Copies the entry; a source that begins with "syntax" is none, one that begins with "slow" takes its time.
BUNDLER = """\
import { readFileSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

async function bundle({ entry, folder, mode }) {
    const source = readFileSync(entry, "utf8");
    if (source.startsWith("syntax"))
        return { status: 1, text: `${entry}:1:1: error: this is no script\\n    1 | ${source}\\n` };
    if (source.startsWith("slow"))
        await new Promise((resolve) => setTimeout(resolve, 60000));
    writeFileSync(`${folder}/main.js`, `${source} --mode=${mode}`);
    writeFileSync(`${folder}/main.js.inputs`, `${resolve(entry)}\\n`);
    return { status: 0, text: "" };
}

if (process.argv[2] === "--serve") {
    const socket = new Socket({ fd: 3 });
    for await (const line of createInterface({ input: socket })) {
        const { status, text } = await bundle(JSON.parse(line));
        socket.write(`${status} ${Buffer.byteLength(text)}\\n${text}`);
    }
} else {
    const [entry, , folder, mode] = process.argv.slice(2);
    const { status, text } = await bundle({ entry, folder, mode: mode?.replace("--mode=", "") ?? "production" });
    process.stderr.write(text);
    process.exitCode = status;
}
process.exit();
"""

PACKAGES = ROOT / "build/deps/javascript-sdk/node_modules"


class Project(Folder):
    """A project whose JavaScript is built by a guest of the tests' own in place of the engine."""

    def __init__(self, path, text='name = "hello"\nmain = "src/index.js"\n'):
        super().__init__(path / "hello")
        self.write("fn0.toml", text)
        self.sdk = path / "sdk"
        (self.sdk / "builder").mkdir(parents=True)
        (self.sdk / "engine.wasm").write_bytes(guest("snapshot").read_bytes())
        (self.sdk / "builder/bundle.mjs").write_text(BUNDLER)

    def environment(self, **variables):
        return super().environment(**{"FN0_SDK": str(self.sdk), **variables})


@pytest.fixture
def project(tmp_path):
    made = Project(tmp_path)
    made.write("src/index.js", "first")
    return made


def of_command(path, component, more=""):
    """A project that copies a guest: of any language, as far as fn0 knows."""
    made = Folder(path / "copied")
    made.write("component", str(guest(component)))
    build = 'command = "cp $(cat component) a.wasm"\nwatch = ["component"]\n'
    made.write("fn0.toml", f'name = "copied"\ncomponent = "a.wasm"\n[build]\n{build}{more}')
    return made


# ---- From a save to its answer


def test_it_serves_what_was_built(project):
    with Dev(project) as dev:
        assert dev.get().text == "-|main.js|first --mode=development|"
        assert dev.output == f"fn0 0.1.0 listening on http://127.0.0.1:{dev.port}\n"
        assert ".fn0/development/hello.wasm  " in dev.text
    # What is deployed lies elsewhere.
    assert not (project.path / ".fn0/hello.wasm").exists()


def test_a_save_is_served(project):
    with Dev(project) as dev:
        for number in range(3):
            project.write("src/index.js", f"save {number}")
            dev.wait_for_body(f"|save {number} ")
        # The same for a file that replaces the old one, as editors do it, in a folder that is new.
        project.write("src/new/aside", "other")
        os.replace(project.path / "src/new/aside", project.path / "src/index.js")
        dev.wait_for_body("|other ")


def test_another_language(tmp_path):
    project = of_command(tmp_path, "hello")
    with Dev(project) as dev:
        assert dev.get().body == b"Hello, world!\n"
        project.write("component", str(guest("c")))
        dev.wait_for_body("Hello from C!")
        # What is logged comes another way than the answer.
        dev.wait_for("function swapped")
        assert "a.wasm  " in dev.text


def test_no_save_is_lost(project):
    with Dev(project) as dev:
        for number in range(100):
            project.write("src/index.js", f"save {number:03}")
            time.sleep(0.013)
        dev.wait_for_body("|save 099 ", 60)
        time.sleep(1)
        assert "|save 099 " in dev.get().text


def test_no_request_is_dropped_by_a_swap(project):
    failures = []
    ended = threading.Event()

    def ask(dev):
        with Connection("127.0.0.1", dev.port) as connection:
            while not ended.is_set():
                response = connection.request("GET", "/")
                if response.status != 200:
                    failures.append(response)

    with Dev(project) as dev:
        thread = threading.Thread(target=ask, args=(dev,))
        thread.start()
        try:
            for number in range(4):
                project.write("src/index.js", f"save {number}")
                dev.wait_for_body(f"|save {number} ")
        finally:
            ended.set()
            thread.join()
    assert failures == []


@pytest.mark.skipif(SANITIZED, reason="the engine is tested elsewhere")
def test_javascript(tmp_path):
    project = Folder(tmp_path / "hello")
    project.write("fn0.toml", 'name = "hello"\nmain = "index.js"\n')
    source = (
        'export default { fetch(request, env) { console.log("seen"); return new Response("%s " + env.FN0_MODE); } }'
    )
    project.write("index.js", source % "first")
    with Dev(project) as dev:
        assert dev.get().text == "first development"
        dev.wait_for(" line=seen")
        project.write("index.js", source % "second")
        dev.wait_for_body("second development")
        project.write("index.js", "export default { fetch() { throw new Error('oh no'); } }")
        # What is thrown is a page with the line of the source.
        page = eventually(
            lambda: (page := dev.get("/", [("Accept", "text/html")])).status == 500 and page, 20, "a page"
        )
        assert "oh no" in page.text and "index.js" in page.text


def test_assets_are_served_and_are_no_sources(project):
    project.write("fn0.toml", 'name = "hello"\nmain = "src/index.js"\n[assets]\nfolder = "public"\n')
    project.write("public/app.css", "first")
    project.write("public/index.html", "page")
    with Dev(project) as dev:
        assert dev.get("/app.css").text == "first" and dev.get("/").text == "page"
        assert dev.get("/other").text.startswith("-|main.js|first")
        built = dev.text.count(".fn0/development/hello.wasm")
        # Served at once, by the next request, and nothing is built.
        for number in range(20):
            project.write("public/app.css", f"save {number}")
            assert dev.get("/app.css").text == f"save {number}"
        project.write("public/new/page.html", "new")
        assert dev.get("/new/page.html").text == "new"
        time.sleep(0.5)
        assert dev.text.count(".fn0/development/hello.wasm") == built and "swapped" not in dev.text
        seen = dev.requests()
        assert seen[0]["path"] == "/app.css" and seen[0]["asset"] == "asset" and seen[0]["cpu"] is None
        assert seen[2]["path"] == "/other" and seen[2]["asset"] is None and seen[2]["cpu"]
        # Another folder from now on.
        project.write("fn0.toml", 'name = "hello"\nmain = "src/index.js"\n[assets]\nfolder = "other"\n')
        dev.wait_for("the folder of assets is missing")

        def is_the_functions():
            # While another project begins its address is closed.
            with contextlib.suppress(ConnectionError, Broken):
                return dev.get("/app.css").text.startswith("-|main.js|first")

        eventually(is_the_functions)


# ---- What is wrong


def test_a_wrong_source_keeps_the_old_version(project):
    with Dev(project) as dev:
        project.write("src/index.js", "syntax")
        dev.wait_for("src/index.js:1:1: error: this is no script\n")
        dev.wait_for("fn0: src/index.js cannot be bundled: the reason is above\n")
        assert "|first " in dev.get().text
        project.write("src/index.js", "mended")
        dev.wait_for_body("|mended ")


def test_a_page_where_there_is_no_version_yet(project):
    project.write("src/index.js", "throw <up>")
    with Dev(project) as dev:
        page = dev.get("/", [("Accept", "text/html,*/*;q=0.8")])
        assert page.status == 500 and page.header("content-type") == "text/html; charset=utf-8"
        assert "src/index.js cannot be evaluated" in page.text and "&lt;up&gt;" not in dev.text
        plain = dev.get()
        assert plain.status == 500 and plain.header("content-type") == "text/plain; charset=utf-8"
        assert plain.text.startswith("src/index.js cannot be evaluated")
        project.write("src/index.js", "mended")
        dev.wait_for_body("|mended ")
        assert dev.get().status == 200


def test_a_host_that_is_no_developers_shows_no_page(start_host, tmp_path):
    component = tmp_path / "a.wasm"
    shutil.copy(guest("hello"), component)
    host = start_host(component)
    component.unlink()
    host.wait_for_line(message="function removed")
    assert host.get("/", [("Accept", "text/html")]).status == 404


@pytest.mark.parametrize(
    "words, text, message",
    [
        (("somewhere",), None, "'somewhere' is not understood"),
        (("--listen=here",), None, "--listen: expected addresses with ports"),
        ((), "nmae = 1\n", "did you mean"),
        ((), 'name = "a"\n', "there is nothing to build"),
        (("--functions=x",), None, "unknown option '--functions'"),
    ],
)
def test_what_cannot_be_served(project, words, text, message):
    if text:
        project.write("fn0.toml", text)
    result = project.fn0("dev", f"--cache-dir={SHARED_CACHE}", *words)
    assert result.returncode == 2 and message in result.stderr and result.stdout == ""


def test_no_project(tmp_path):
    result = Folder(tmp_path / "empty").fn0("dev")
    assert result.returncode == 1 and "no project here" in result.stderr


def test_a_port_in_use(project):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        result = project.fn0("dev", f"--listen={address}")
    assert result.returncode == 1
    # Told before anything is built.
    assert result.stderr == (
        f"fn0: cannot listen on {address}: the port is in use by another process. "
        "Another one: --listen 127.0.0.1:0 takes what is free\n"
    )


DOCUMENT = [("Accept", "text/html,*/*;q=0.8"), ("Sec-Fetch-Dest", "document")]


def test_who_opens_a_page_is_told_of_the_last_build(project):
    with Dev(project) as dev:
        project.write("src/index.js", "syntax <b>")
        dev.wait_for("cannot be bundled")
        page = dev.get("/", DOCUMENT)
        assert page.status == 500 and page.header("content-type") == "text/html; charset=utf-8"
        assert "src/index.js:1:1: error: this is no script\n    1 | syntax &lt;b&gt;\n" in page.text
        assert "<b>" not in page.text
        # Whatever else asks gets the old version.
        assert "|first " in dev.get().text
        assert "|first " in dev.get("/", [("Accept", "text/html"), ("Sec-Fetch-Dest", "empty")]).text
        project.write("src/index.js", "mended")
        dev.wait_for_body("|mended ")
        assert "|mended " in dev.get("/", DOCUMENT).text


@pytest.mark.skipif(SANITIZED, reason="the engine is tested elsewhere")
def test_a_page_with_what_the_bundler_says(tmp_path):
    project = Folder(tmp_path / "hello")
    project.write("fn0.toml", 'name = "hello"\nmain = "index.ts"\n')
    project.write("index.ts", 'export default {\n    fetch() { return "<p>" +; },\n};\n')
    with Dev(project) as dev:
        said = "index.ts:2:"
        for text in (dev.get("/", DOCUMENT).text.replace("&lt;", "<").replace("&gt;", ">"), dev.get().text, dev.text):
            assert said in text and "error: " in text
            assert '    2 |     fetch() { return "<p>" +; },\n' in text
            assert "index.ts cannot be bundled" in text
        assert "<p>" not in dev.get("/", DOCUMENT).text.split("<pre>")[1].split("</pre>")[0]


def test_a_bundler_that_was_ended_is_started_again(project):
    with Dev(project) as dev:
        for tool in children(dev.process.pid):
            os.kill(tool, signal.SIGKILL)
        project.write("src/index.js", "second")
        dev.wait_for_body("|second ")
        project.write("src/index.js", "third")
        dev.wait_for_body("|third ")


# ---- What counts as a change


def test_what_the_bundler_has_not_read_builds_nothing(project):
    project.write("notes.txt", "1")
    with Dev(project) as dev:

        def builds():
            return dev.text.count("  bundle ")

        begun = builds()
        for number in range(5):
            project.write("notes.txt", "more" * number)
            time.sleep(0.1)
        # Any change would have been seen by then.
        time.sleep(1.5)
        assert builds() == begun
        # A file that comes may be found in place of another.
        project.write("src/other.js", "1")
        eventually(lambda: builds() == begun + 1, 20, "a build")
        project.write("src/index.js", "second")
        dev.wait_for_body("|second ")
        # What failed may need anything.
        project.write("src/index.js", "syntax")
        dev.wait_for("cannot be bundled")
        project.write("notes.txt", "changed")
        eventually(lambda: dev.text.count("cannot be bundled") == 2, 20, "another try")


# ---- Types


@pytest.fixture
def typed(tmp_path):
    made = Project(tmp_path, 'name = "hello"\nmain = "src/index.ts"\n')
    (made.path / "node_modules").symlink_to(PACKAGES)
    made.write("tsconfig.json", '{"compilerOptions": {"strict": true, "types": [], "noEmit": true}}')
    made.write("src/index.ts", "export const one: number = 1;\n")
    return made


WRONG = "export const one: string = 1;\n"
SAID = """\
src/index.ts:1:14: warning: Type 'number' is not assignable to type 'string'. (TS2322)
    1 | export const one: string = 1;
      |              ^
"""


def test_types_are_checked_beside_it(typed):
    with Dev(typed) as dev:
        typed.write("src/index.ts", WRONG)
        # It is served whatever its types are.
        dev.wait_for_body("|" + WRONG)
        dev.wait_for(SAID, 60)
        dev.wait_for("types: 1 error; what is served runs all the same\n")
        typed.write("src/index.ts", "export const one: number = 2;\n")
        dev.wait_for("types: all is well again\n", 60)
        checkers = children(dev.process.pid)
    assert not any(os.path.exists(f"/proc/{checker}") for checker in checkers)


def test_a_build_says_what_is_wrong_with_types(typed):
    typed.write("src/index.ts", WRONG)
    built = typed.fn0("build", f"--cache-dir={SHARED_CACHE}", "--json")
    assert built.returncode == 0 and built.stderr == SAID
    assert json.loads(built.stdout)["type_errors"] == 1
    assert (typed.path / ".fn0/hello.wasm").exists()
    # Nothing to do, and nothing to say.
    assert typed.fn0("build", f"--cache-dir={SHARED_CACHE}").stderr == ""
    typed.write("src/index.ts", "export const one: number = 3;\n")
    built = typed.fn0("build", f"--cache-dir={SHARED_CACHE}", "--json")
    assert built.stderr == "" and json.loads(built.stdout)["type_errors"] == 0


# ---- For programs


def test_json(project):
    with Dev(project, "--json") as dev:

        def events(kind):
            lines = [json.loads(line) for line in dev.output.splitlines(keepends=True) if line.endswith("\n")]
            return [line for line in lines if line.get("event") == kind]

        ready = eventually(lambda: events("ready"), 20, "that it serves")[0]
        assert ready["function"] == "hello" and re.fullmatch(r"http://127\.0\.0\.1:\d+", ready["url"])
        (built,) = events("build")
        assert built["component"].endswith(".fn0/development/hello.wasm") and built["bytes"] > 10000
        assert built["tool_ms"] > 0 and built["memory_bytes"] > 0
        with Connection("127.0.0.1", int(ready["url"].rsplit(":", 1)[1])) as connection:
            connection.request("GET", "/seen?secret")
        request = eventually(lambda: events("request"), 20, "a request")[0]
        assert (request["method"], request["path"], request["status"]) == ("GET", "/seen", 200)
        project.write("src/index.js", "syntax")
        failed = eventually(lambda: events("error"), 20, "what is wrong")[0]
        assert failed["error"].startswith("src/index.js cannot be bundled")
        assert failed["output"].startswith("src/index.js:1:1: error: this is no script\n")
        project.write("src/index.js", "mended")
        eventually(lambda: len(events("build")) == 2, 20, "another build")
        # The host's log stands between.
        eventually(lambda: '"message":"function swapped"' in dev.output, 20, "the swap")
        assert "listening on" not in dev.output


# ---- Settings


def test_changed_settings_are_served(tmp_path):
    project = of_command(tmp_path, "probe", '[environment]\nGREETING = "hi"\n')
    project.write(".env", "TOKEN=one\n")

    def variables(dev):
        with contextlib.suppress(OSError):
            return dict(json.loads(dev.get("/environment").body)["variables"])

    with Dev(project, "--env", "FLAG=1") as dev:
        assert variables(dev) == {"FLAG": "1", "FN0_MODE": "development", "GREETING": "hi", "TOKEN": "one"}
        # What cannot be read changes nothing.
        project.write(".env", "nonsense\n")
        dev.wait_for("fn0: .env:1: ")
        assert variables(dev)["TOKEN"] == "one"
        project.write(".env", "TOKEN=two\n")
        eventually(lambda: (variables(dev) or {}).get("TOKEN") == "two", 20, "the other token")
        # It is watched as before.
        project.write("component", str(guest("hello")))
        dev.wait_for_body("Hello, world!")
    assert dev.output.count("listening on") == 1


def test_more_than_a_host_allows(tmp_path):
    project = of_command(tmp_path, "probe", '[limits]\ncpu = "200ms"\n')
    line = "copied asks for cpu = 200 ms: a host allows 10 ms unless its [limits.max] says more\n"
    with Dev(project) as dev:
        assert dev.text.count(line) == 1
        assert dev.get("/spin?ms=50").status == 200
    with Dev(project, "--limits", "none") as dev:
        assert dev.get("/spin?ms=300").status == 200
        assert line not in dev.text


# ---- What is shown


def test_a_line_for_each_request(tmp_path):
    with Dev(of_command(tmp_path, "probe")) as dev:
        dev.get("/hello?secret")
        dev.get("/status?code=404")
        dev.get("/trap")
        eventually(lambda: len(dev.requests()) == 3, 5, "three lines")
        first, second, third = dev.requests()
        assert (first["method"], first["path"], first["status"], first["error"]) == ("GET", "/hello", "200", None)
        assert float(first["wall"]) < 60000 and float(first["memory"]) > 0.1
        assert (second["path"], second["status"]) == ("/status", "404")
        assert (third["path"], third["status"], third["error"]) == ("/trap", "502", "trap")
        assert "\x1b" not in dev.text and "secret" not in dev.text
        # In columns.
        assert (
            len({line.index(" ms CPU") for line in dev.text.splitlines() if " ms CPU" in line and "GET" in line}) == 1
        )


def test_a_limit_that_ends_a_call(tmp_path):
    with Dev(of_command(tmp_path, "probe")) as dev:
        assert dev.get("/spin-forever").status == 504
        dev.wait_for("call failed")
        failed = dev.text[dev.text.index("call failed") :]
        assert "limit=cpu" in failed and 'allowed="10 ms"' in failed and re.search(r'used="1\d\.\d+ ms"', failed)
        dev.wait_for("    detail:\n    | ")
        dev.wait_for("probe.wasm!wasi:http/incoming-handler")
        eventually(lambda: dev.requests()[-1:] and dev.requests()[-1]["error"] == "cpu", 5, "its line")
        assert float(dev.requests()[-1]["cpu"]) >= 10


def test_a_call_that_comes_near_a_limit(tmp_path):
    project = of_command(tmp_path, "probe", '[limits]\nduration = "3s"\n')
    with Dev(project) as dev:
        assert dev.get("/sleep?ms=2450").status == 200
        dev.wait_for("call came near a limit")
        assert "limit=duration" in dev.text and 'allowed="3 s"' in dev.text


# ---- Its end


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(project, number):
    with Dev(project) as dev:
        assert dev.end(number) == 0


def test_a_signal_ends_the_first_build(project):
    project.write("src/index.js", "slow")
    with Dev(project, ready=False) as dev:
        eventually(lambda: children(dev.process.pid), 20, "the bundler")
        begin = time.monotonic()
        assert dev.end() == 130
        assert time.monotonic() - begin < 10 * SLOWNESS and dev.output == ""


def test_a_signal_ends_a_build_that_runs(project):
    with Dev(project) as dev:
        project.write("src/index.js", "slow")
        tools = eventually(lambda: children(dev.process.pid), 20, "the bundler")
        # The old version serves meanwhile.
        assert "|first " in dev.get().text
        assert dev.end() == 0
    assert not any(os.path.exists(f"/proc/{tool}") for tool in tools)


def children(pid):
    found = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found += [int(word) for word in file.read().split()]
    return found


class Terminal:
    """What a person sees and types."""

    def __init__(self):
        self.screen, self.end = pty.openpty()
        self.text = ""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with contextlib.suppress(OSError):
            while data := os.read(self.screen, 65536):
                self.text += data.decode()

    def type(self, text):
        os.write(self.screen, text.encode())

    def wait_for(self, text, seconds=20):
        return eventually(lambda: text in self.text, seconds, f"{text!r} on the screen: {self.text[-2000:]!r}")


@pytest.fixture
def terminal():
    made = Terminal()
    yield made
    os.close(made.end)
    os.close(made.screen)


@pytest.mark.parametrize("no_colour", [False, True])
def test_a_terminal(project, terminal, no_colour):
    with Dev(project, terminal=terminal.end, **({"NO_COLOR": "1"} if no_colour else {})) as dev:
        dev.get("/seen")
        terminal.wait_for("/seen")
        line = next(line for line in terminal.text.splitlines() if "/seen" in line)
        assert ("\x1b[32m200\x1b[0m" in line) == (not no_colour)
        assert ("\x1b" in terminal.text) == (not no_colour)


def test_keys(project, terminal):
    with Dev(project, terminal=terminal.end) as dev:
        terminal.wait_for("r and Enter builds again, q and Enter ends it")
        built = terminal.text.count("  bundle ")
        terminal.type("r\n")
        eventually(lambda: terminal.text.count("  bundle ") == built + 1, 20, "another build")
        terminal.type("?\n")
        terminal.type("q\n")
        assert dev.wait() == 0


def test_ctrl_c(project, terminal):
    with Dev(project, terminal=terminal.end) as dev:
        project.write("src/index.js", "slow")
        eventually(lambda: children(dev.process.pid), 20, "the bundler")
        terminal.type("\x03")
        assert dev.wait() == 0
