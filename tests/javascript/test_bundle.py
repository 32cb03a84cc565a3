# SPDX-License-Identifier: AGPL-3.0-only
"""The bundler: from an entry to one module and its map, and what it says when it can't."""

import json
import os
import re
import socket
import subprocess

import pytest
from bundler import BUNDLE, PACKAGES, bundled, evaluate, run_bundle, write_project

HELLO = 'export default { async fetch(request: Request) { return new Response("Hello"); } };\n'


def failed(folder, entry="hello.ts", **options):
    """What the bundler says of a project that it refuses."""
    done = run_bundle(folder, entry, **options)
    assert (done.returncode, done.stdout) == (1, "")
    assert not (folder / "out").exists()
    return done.stderr


# ---- What it makes


def test_makes_one_module_with_the_default_export_of_the_entry(tmp_path):
    write_project(tmp_path, {"hello.ts": HELLO + "export const version = 7;\n"})
    built = bundled(tmp_path, "hello.ts")
    assert sorted(path.name for path in built.iterdir()) == ["main.js", "main.js.inputs", "main.js.map"]
    assert "import" not in (built / "main.js").read_text()
    assert evaluate(built, "handler.fetch(new Request('http://a/')).then(answer => answer.text())") == "Hello"
    assert evaluate(built, "[Object.keys(module).sort(), module.version]") == [["default", "fn0Refusal", "version"], 7]


@pytest.mark.parametrize(
    "entry, source",
    [
        ("instance.ts", "class App { #x = 1; fetch() { return this.#x } }\nexport default new App();"),
        ("function.ts", "export default function handle() { return 1 }"),
        ("arrow.ts", "const handle = () => 1;\nexport default handle;"),
        ("inherited.js", "export default Object.create({ fetch() { return 1 } });"),
        ("callable.js", "export default Object.assign(() => 0, { fetch: () => 1 });"),
        ("common.cjs", "module.exports = { fetch() { return 1 } };"),
        ("reexported.ts", 'export { default } from "./instance";\nexport * from "./instance";'),
    ],
)
def test_passes_on_what_can_answer(tmp_path, entry, source):
    write_project(tmp_path, {"instance.ts": "export default new (class { fetch() { return 1 } })();", entry: source})
    assert evaluate(bundled(tmp_path, entry), "(handler.fetch ?? handler).call(handler)") == 1


def test_the_mode_is_known_to_the_code_and_dead_code_goes(tmp_path):
    source = """
        import { unused, used } from "./library";
        if (process.env.NODE_ENV !== "production") { globalThis.onlyInDevelopment = used; }
        export default { fetch: () => process.env.NODE_ENV };
    """
    write_project(tmp_path, {"a.ts": source, "library.ts": "export const used = 'u', unused = () => 'nobody-asks';"})
    production = bundled(tmp_path, "a.ts", out="production")
    development = bundled(tmp_path, "a.ts", out="development", mode="development")
    assert evaluate(production, "handler.fetch()") == "production"
    assert evaluate(development, "handler.fetch()") == "development"
    assert "onlyInDevelopment" not in (production / "main.js").read_text()
    assert "onlyInDevelopment" in (development / "main.js").read_text()
    assert "nobody-asks" not in (development / "main.js").read_text()


def test_files_of_other_kinds_become_values(tmp_path):
    files = {
        "a.ts": """
            import data from "./data.json";
            import { name } from "./data.json";
            import text from "./page.html";
            import bytes from "./dot.png";
            import style from "./style.css";
            import query from "./q.sql" with { type: "text" };
            export default { fetch: () => [data.name, name, text, [...bytes], bytes instanceof Uint8Array, style, query] };
        """,
        "data.json": '{"name": "Ada"}',
        "page.html": "<p>é</p>",
        "dot.png": bytes([0, 255, 137]),
        "style.css": "p{}",
        "q.sql": "SELECT 1",
    }
    write_project(tmp_path, files)
    expected = ["Ada", "Ada", "<p>é</p>", [0, 255, 137], True, "p{}", "SELECT 1"]
    assert evaluate(bundled(tmp_path, "a.ts"), "handler.fetch()") == expected


RUNTIME = "export const jsx = (type, props) => ({ from: FROM, type, props }), jsxs = jsx, Fragment = 'F';"


def package(name, **fields):
    return json.dumps({"name": name, "version": "1.2.3", **fields})


def jsx_package(name):
    return {
        f"node_modules/{name}/package.json": package(
            name, exports={"./jsx-runtime": "./r.js", "./jsx/jsx-runtime": "./r.js"}
        ),
        f"node_modules/{name}/r.js": RUNTIME.replace("FROM", json.dumps(name)),
    }


@pytest.mark.parametrize(
    "settings, dependency, expected",
    [
        ({"jsx": "react-jsx", "jsxImportSource": "preact"}, "hono", "preact"),
        ({"jsx": "react-jsx", "jsxImportSource": "hono/jsx"}, "react", "hono"),
        ({"jsx": "preserve", "jsxImportSource": "hono/jsx"}, "react", "hono"),
        ({"jsx": "react", "jsxFactory": "h"}, "react", "own"),
        (None, "react", "react"),
        (None, "preact", "preact"),
        (None, "hono", "hono"),
    ],
)
def test_jsx_is_as_the_project_has_it(tmp_path, settings, dependency, expected):
    files = {
        "a.tsx": "const h = (type) => ({ from: 'own', type });\nexport default { fetch: () => (<b id='x'>y</b>) };",
        "package.json": json.dumps({"dependencies": {dependency: "*"}}),
        **jsx_package("react"),
        **jsx_package("preact"),
        **jsx_package("hono"),
    }
    if settings is not None:
        files["tsconfig.json"] = json.dumps({"compilerOptions": settings})
    write_project(tmp_path, files)
    element = evaluate(bundled(tmp_path, "a.tsx"), "handler.fetch()")
    assert (element["from"], element["type"]) == (expected, "b")


@pytest.mark.parametrize(
    "fields, expected",
    [
        ({"exports": {"node": "./n.js", "browser": "./b.js", "workerd": "./w.js", "default": "./d.js"}}, "b"),
        ({"exports": {"workerd": "./w.js", "worker": "./k.js", "browser": "./b.js"}}, "w"),
        ({"exports": {"node": "./n.js", "worker": "./k.js", "default": "./d.js"}}, "k"),
        ({"exports": {"require": "./n.js", "import": "./m.js"}}, "m"),
        ({"exports": {"node": "./n.js", "default": "./d.js"}}, "d"),
        ({"main": "./n.js", "module": "./m.js", "browser": "./b.js"}, "b"),
        ({"main": "./n.js", "module": "./m.js"}, "m"),
        ({"main": "./n.js", "browser": {"./n.js": "./k.js", "fs": False}}, "k"),
    ],
)
def test_a_package_gives_its_build_for_workers(tmp_path, fields, expected):
    files = {f"node_modules/p/{name}.js": f'export default "{name}";' for name in "bdkmnw"}
    files["node_modules/p/package.json"] = package("p", **fields)
    files["a.ts"] = 'import p from "p";\nexport default { fetch: () => p };'
    write_project(tmp_path, files)
    assert evaluate(bundled(tmp_path, "a.ts"), "handler.fetch()") == expected


def test_newer_syntax_is_lowered_to_es2023(tmp_path):
    source = """
        const made: string[] = [];
        function used() { using thing = { [Symbol.dispose ?? Symbol.for("dispose")]() { made.push("gone"); } }; made.push("here"); }
        enum Colour { Red = 3 }
        export default { fetch() { Symbol.dispose ?? 0; used(); return [made, Colour.Red, /^[\\p{L}--[a-z]]$/v.test("A")]; } };
    """
    write_project(tmp_path, {"a.ts": source})
    code = (bundled(tmp_path, "a.ts") / "main.js").read_text()
    assert "using " not in code and "/v" not in code


# ---- The map


def test_the_map_leads_back_to_the_lines_of_the_author(tmp_path):
    files = {
        "package.json": "{}",
        "src/hello.ts": 'import { deep } from "./deep/er";\n\nexport default {\n    fetch() { return deep(1 as number); },\n};\n',
        "src/deep/er.ts": "type Unused = { a: 1 };\n\nexport function deep(n: number): never {\n    throw new Error(`n is ${n}`);\n}\n",
    }
    write_project(tmp_path, files)
    for mode in ("production", "development"):
        built = bundled(tmp_path, "src/hello.ts", mode=mode, out=mode)
        sources = json.loads((built / "main.js.map").read_text())
        assert sources["sources"] == ["src/deep/er.ts", "src/hello.ts", "fn0/fn0-entry.js"]
        assert (sources.get("sourcesContent") is None) == (mode == "production")
        with (built / "main.js").open("a") as code:
            code.write("\n//# sourceMappingURL=main.js.map\n")
        stack = evaluate(built, "(() => { try { handler.fetch() } catch (error) { return error.stack } })()")
        assert re.search(r"at deep .*src/deep/er\.ts:4:\d+", stack), stack
        assert re.search(r"at .*fetch .*src/hello\.ts:4:\d+", stack), stack


def test_a_place_is_found_without_the_whole_map(tmp_path):
    """As Node's own reader of maps finds it, which reads all of it: from each checkpoint on, and before the first."""
    write_project(
        tmp_path, {"package.json": "{}", "a.ts": 'import * as z from "zod";\nexport default { fetch: () => z };'}
    )
    (tmp_path / "node_modules").symlink_to(PACKAGES)
    for mode in ("production", "development"):
        built = bundled(tmp_path, "a.ts", mode=mode, out=mode)
        script = f"""
            import {{ readFileSync }} from "node:fs";
            import {{ SourceMap }} from "node:module";
            import {{ originalPlaceOf }} from {json.dumps(str(BUNDLE.with_name("source-map.mjs")))};
            const map = JSON.parse(readFileSync({json.dumps(str(built / "main.js.map"))}, "utf8"));
            const lines = readFileSync({json.dumps(str(built / "main.js"))}, "utf8").split("\\n");
            const reference = new SourceMap(map);
            let asked = 0, wrong = [];
            for (let line = 0; line < lines.length; line++)
                for (let column = asked % 7; column <= lines[line].length + 1; column += lines.length > 1000 ? 13 : 59) {{
                    const found = originalPlaceOf(map, line, column);
                    const entry = reference.findEntry(line, column);
                    const wanted = entry.generatedLine === line && entry.originalSource !== undefined
                        ? [entry.originalSource, entry.originalLine, entry.originalColumn] : null;
                    const got = found && [map.sources[found.source], found.line, found.column];
                    asked++;
                    if (JSON.stringify(got) !== JSON.stringify(wanted)) wrong.push([line, column, got, wanted]);
                }}
            console.log(JSON.stringify([asked, map.x_fn0_checkpoints.length / 6, wrong.slice(0, 3)]));
        """
        words = ["node", "--input-type=module", "-e", script]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        asked, checkpoints, wrong = json.loads(done.stdout)
        assert asked > 1000 and checkpoints > 20 and wrong == []


def test_the_same_source_gives_the_same_bytes_wherever_it_stands(tmp_path):
    made = []
    for folder, out, modules in [("one", "out", "one/node_modules"), ("two/deeper", "../o", "far/away/node_modules")]:
        files = {
            f"{folder}/a.ts": 'import p from "p";\nexport default { fetch: () => p };',
            f"{folder}/package.json": "{}",
        }
        files[f"{modules}/p/package.json"] = package("p", main="i.js")
        files[f"{modules}/p/i.js"] = "export default 'é';"
        write_project(tmp_path, files)
        if not (tmp_path / folder / "node_modules").exists():
            (tmp_path / folder / "node_modules").symlink_to(tmp_path / modules)
        built = bundled(tmp_path / folder, "a.ts", out=out)
        made.append(((built / "main.js").read_bytes(), (built / "main.js.map").read_bytes()))
    assert made[0] == made[1]
    assert json.loads(made[0][1])["sources"] == ["node_modules/p/i.js", "a.ts", "fn0/fn0-entry.js"]


def test_notices_of_packages_are_kept_beside(tmp_path):
    write_project(tmp_path, {"a.ts": "/*! Copyright Ada */\n" + HELLO})
    built = bundled(tmp_path, "a.ts")
    assert "Copyright Ada" not in (built / "main.js").read_text()
    assert "Copyright Ada" in (built / "main.js.LEGAL.txt").read_text()
    write_project(tmp_path, {"a.ts": HELLO})
    bundled(tmp_path, "a.ts")
    assert not (built / "main.js.LEGAL.txt").exists()


# ---- What it says


def test_a_syntax_error_is_shown_with_its_line(tmp_path):
    write_project(tmp_path, {"hello.ts": 'export default {\n\tfetch() {\n\t\tconst é = "ü" const b = 2;\n\t},\n};\n'})
    assert failed(tmp_path) == (
        'hello.ts:3:17: error: Expected ";" but found "const"\n'
        '    3 | \t\tconst é = "ü" const b = 2;\n'
        "      | \t\t              ^~~~~\n"
    )


def test_every_error_is_told_not_only_the_first(tmp_path):
    write_project(tmp_path, {"hello.ts": 'import "./a";\nimport "./b";\n', "a.ts": "let = ;\n", "b.ts": "let x = (;\n"})
    assert re.findall(r"^(\S+?): error", failed(tmp_path), re.M) == ["a.ts:1:7", "b.ts:1:10"]


def test_paths_are_shown_from_where_one_stands(tmp_path):
    write_project(
        tmp_path, {"project/package.json": "{}", "project/src/hello.ts": "let x = (;\n", "project/deep/x": ""}
    )
    assert failed(tmp_path, "project/src/hello.ts").startswith("project/src/hello.ts:1:10: error: ")
    assert failed(tmp_path / "project/deep", "../src/hello.ts").startswith("../src/hello.ts:1:10: error: ")


def test_of_a_long_line_the_piece_that_matters_is_shown(tmp_path):
    write_project(tmp_path, {"hello.js": "x = 1;" * 500 + "let y = (;" + "x = 1;" * 500})
    first, line, caret = failed(tmp_path, "hello.js").splitlines()
    assert first.startswith("hello.js:1:3010: error: ")
    assert len(line) < 130 and line[caret.index("^")] == ";" and line[caret.index("^") - 1] == "("


@pytest.mark.parametrize(
    "source, hints",
    [
        ('import { x } from "./utility";', ["there is: ./Utility2.ts, ./utility.test.ts"]),
        ('import { x } from "./folder/thing";', ["there is no folder folder"]),
        ('import { x } from "left-pad";', ["npm install left-pad"]),
        ('import { x } from "@scope/left/deep";', ["npm install @scope/left"]),
        ('import { x } from "listed";', ["package.json names it: npm install"]),
        ('import { x } from "exact/hidden";', ['The path "./hidden" is not exported by package "exact":']),
        ('import { x } from "jsr:@std/path";', ["use instead: npm: `npx jsr add NAME`, and import it by its name"]),
        ('import { x } from "npm:zod";', ["use instead: `npm install NAME`, and import it by its name"]),
        ('import { x } from "https://esm.sh/zod";', ["use instead: `npm install`, and import it by its name"]),
        ('import { x } from "cloudflare:sockets";', ["use instead: the web's APIs"]),
    ],
)
def test_a_module_that_is_not_there_is_named_with_what_to_do(tmp_path, source, hints):
    files = {
        "hello.ts": f"// first\n{source}\nexport default {{ fetch: () => x }};",
        "Utility2.ts": "",
        "utility.test.ts": "",
        "package.json": json.dumps({"dependencies": {"listed": "1"}}),
        "node_modules/exact/package.json": package("exact", exports={".": "./i.js"}),
        "node_modules/exact/hidden.js": "",
    }
    write_project(tmp_path, files)
    said = failed(tmp_path)
    assert re.search('"(@scope/left|[^"]*)', source)[0] in said.splitlines()[0]
    assert said.startswith("hello.ts:2:19: error: ")
    assert source in said.splitlines()[1] and "^~~" in said.splitlines()[2]
    for hint in hints:
        assert hint in said


BUILT_IN = subprocess.run(
    ["node", "-p", "require('module').builtinModules.concat('node:test', 'node:sqlite').join(' ')"],
    capture_output=True,
    text=True,
    check=True,
).stdout.split()


def test_each_built_in_module_of_node_is_refused_with_what_to_use_instead(tmp_path):
    names = BUILT_IN + [f"node:{name}" for name in BUILT_IN if not name.startswith("node:")]
    source = "".join(f'import m{number} from "{name}";\n' for number, name in enumerate(names))
    uses = ", ".join(f"m{number}" for number in range(len(names)))
    write_project(tmp_path, {"hello.js": f"{source}export default {{ fetch: () => [{uses}] }};"})
    said = failed(tmp_path, "hello.js")
    refusal = re.compile(
        r'^hello\.js:(\d+):\d+: error: "(\S+)" is a built-in module of Node\.js, which is not offered here\n'
        r".*\n.*\^~*\n  use instead: (.+)$",
        re.M,
    )
    found = {name: (int(line), instead) for line, name, instead in refusal.findall(said)}
    assert {name: number for name, (number, _) in found.items()} == {name: n for n, name in enumerate(names, 1)}
    without_a_row = {name for name, (_, instead) in found.items() if instead == "the web's APIs"}
    assert without_a_row == set()
    assert "Web Crypto" in found["node:crypto"][1] and "fetch" in found["https"][1]
    assert "Uint8Array" in found["buffer"][1] and "env" in found["process"][1]


PG = {
    "node_modules/pg/package.json": package("pg", main="lib/index.js"),
    "node_modules/pg/lib/index.js": 'module.exports = require("./connection.js");',
    "node_modules/pg/lib/connection.js": 'const net = require("net");\nrequire("./more");\nmodule.exports = net;',
    "node_modules/pg/lib/more.js": 'exports.net = require("net");',
}


def test_the_package_that_wants_a_built_in_is_named_with_the_way_to_it(tmp_path):
    files = {
        "hello.ts": 'import db from "./db";\nexport default { fetch: () => db };',
        "db.ts": 'export { default } from "pg";',
    }
    write_project(tmp_path, files | PG)
    write_project(tmp_path, {"package.json": "{}", "src/deep.ts": 'export { default } from "../hello";'})
    assert "pg 1.2.3: src/deep.ts -> hello.ts -> db.ts -> pg (lib/index.js) -> lib/c" in failed(tmp_path, "src/deep.ts")
    assert failed(tmp_path) == (
        'node_modules/pg/lib/connection.js:1:21: error: "net" is a built-in module of Node.js, which is not offered here\n'
        '    1 | const net = require("net");\n'
        "      |                     ^~~~~\n"
        "  wanted by the package pg 1.2.3: hello.ts -> db.ts -> pg (lib/index.js) -> lib/connection.js\n"
        "  and 1 more file of that package\n"
        "  use instead: nothing: a function has no sockets; what speaks HTTP is reached by fetch\n"
    )


def test_the_author_is_told_what_to_use_even_where_the_import_is_not_used(tmp_path):
    write_project(tmp_path, {"hello.js": f'import fs from "fs";\n{HELLO.replace(": Request", "")}'})
    assert '"fs" is a built-in module of Node.js' in failed(tmp_path, "hello.js")


def test_a_type_out_of_a_built_in_module_is_no_import(tmp_path):
    source = f'import type {{ Readable }} from "node:stream";\nimport {{ Socket }} from "net";\nlet x: Readable | Socket;\n{HELLO}'
    write_project(tmp_path, {"hello.ts": source})
    bundled(tmp_path, "hello.ts")


@pytest.mark.parametrize(
    "files",
    [
        {"node_modules/p/i.js": 'import fs from "node:fs";\nexport const read = () => fs.x;\nexport const one = 1;'},
        {"node_modules/p/i.js": 'let fs;\ntry { fs = require("fs") } catch {}\nexports.one = fs ? 2 : 1;'},
        {"node_modules/p/i.js": 'exports.one = typeof process === "undefined" ? 1 : 1;'},
        {
            "node_modules/p/i.js": 'import { EventEmitter } from "events";\nexport const one = new EventEmitter().one;',
            "node_modules/events/package.json": package("events", main="e.js"),
            "node_modules/events/e.js": "exports.EventEmitter = class { one = 1 };",
        },
    ],
    ids=["dropped by tree shaking", "tried and caught", "asked for", "a package of the same name"],
)
def test_a_package_may_name_what_it_does_not_need(tmp_path, files):
    files = {
        "hello.ts": 'import { one } from "p";\nexport default { fetch: () => one };',
        "node_modules/p/package.json": package("p", main="i.js"),
        **files,
    }
    write_project(tmp_path, files)
    built = bundled(tmp_path, "hello.ts")
    assert "node:fs" not in (built / "main.js").read_text()
    assert evaluate(built, "(globalThis.require = undefined, handler.fetch())") == 1


@pytest.mark.parametrize(
    "path, reason", [("./x.wasm", "WebAssembly"), ("./x.node", "machine code"), ("./x.module.css", "CSS")]
)
def test_files_that_mean_nothing_here_are_refused(tmp_path, path, reason):
    write_project(tmp_path, {"hello.ts": f'import x from "{path}";\nexport default {{ fetch: () => x }};', path: ""})
    said = failed(tmp_path)
    assert said.startswith(f'hello.ts:1:15: error: "{path}": ') and reason in said


@pytest.mark.parametrize(
    "source, found",
    [
        ("export const GET = 1;\nexport function POST() {}", "it exports: GET, POST"),
        ('addEventListener("fetch", () => {});', "it exports nothing"),
    ],
)
def test_a_missing_default_export_is_told_with_what_there_is(tmp_path, source, found):
    write_project(tmp_path, {"package.json": "{}", "src/hello.ts": source})
    said = failed(tmp_path, "src/hello.ts")
    assert said.startswith("src/hello.ts: error: there is no default export\n")
    assert f"  {found}\n  write: export default {{ async fetch(" in said


@pytest.mark.parametrize(
    "value, found",
    [
        ("{ get() {}, post: 1 }", "an object with get, post"),
        ("{}", "an object with nothing in it"),
        ("{ fetch: 1 }", "an object with fetch"),
        ("class Hello { fetch() {} }", "the class Hello itself (write: export default new Hello())"),
        ('"hello"', "a string"),
        ("[1]", "an array"),
        ("undefined", "undefined"),
        ("null", "null"),
        ("7", "7"),
    ],
)
def test_a_default_export_that_cannot_answer_is_told_when_it_is_evaluated(tmp_path, value, found):
    write_project(tmp_path, {"hello.ts": f"export default {value};"})
    built = bundled(tmp_path, "hello.ts")
    script = f"import({json.dumps(str(built / 'main.js'))}).then(module => console.log(module.fn0Refusal))"
    (built / "package.json").write_text('{"type": "module"}')
    said = subprocess.run(["node", "-e", script], capture_output=True, text=True, timeout=60)
    assert said.stdout == f"hello.ts: the default export has no method fetch; it is {found}\n", said


def test_warnings_of_the_author_are_shown_and_those_of_packages_not(tmp_path):
    odd = "if (typeof x === 'strin') { x; }"
    files = {
        "hello.js": f'import "p";\nlet x = 1;\n{odd}\nexport default {{ fetch() {{}} }};',
        "node_modules/p/index.js": f"let x;\n{odd}",
    }
    write_project(tmp_path, files)
    done = run_bundle(tmp_path, "hello.js")
    assert done.returncode == 0
    assert re.findall(r"^\S+: \w+:", done.stderr, re.M) == ["hello.js:3:18: warning:"]


def test_what_is_declared_twice_is_told_with_both_places(tmp_path):
    write_project(tmp_path, {"hello.ts": "const a = 1;\nlet a = 2;\nexport default { fetch: () => a };"})
    *_, hint = failed(tmp_path).splitlines()
    assert hint == '  The symbol "a" was originally declared here: hello.ts:1:7'


def test_a_file_that_is_not_there(tmp_path):
    assert failed(tmp_path, "hello.ts") == "hello.ts: error: there is no such file\n"
    (tmp_path / "folder").mkdir()
    assert failed(tmp_path, "folder") == "folder: error: this is no file\n"


def test_a_folder_that_cannot_be_made(tmp_path):
    write_project(tmp_path, {"hello.ts": HELLO})
    done = run_bundle(tmp_path, "hello.ts", out="/proc/nowhere")
    assert done.returncode == 1 and done.stderr.startswith("/proc/nowhere: error: ENOENT")


@pytest.mark.parametrize(
    "words",
    [[], ["a.ts"], ["a.ts", "b.ts", "--out-dir", "o"], ["a.ts", "--out-dir", "o", "--mode", "fast"], ["a.ts", "--up"]],
)
def test_a_wrong_command_line_is_2(tmp_path, words):
    done = subprocess.run(["node", str(BUNDLE), *words], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr.split(":")[0]) == (2, "usage")


# ---- Real ones


def test_hono_becomes_one_module(tmp_path):
    (tmp_path / "node_modules").symlink_to(PACKAGES)
    write_project(
        tmp_path, {"a.ts": 'import { Hono } from "hono";\nexport default new Hono().get("/", (c) => c.text("Hi"));'}
    )
    built = bundled(tmp_path, "a.ts")
    assert evaluate(built, "(await handler.request('/')).text()") == "Hi"
    assert (built / "main.js").stat().st_size < 60_000


# ---- A bundler that stays


class Served:
    """`node bundle.mjs --serve` in `folder`, as fn0 dev has it."""

    def __init__(self, folder):
        self.socket, theirs = socket.socketpair()
        self.folder = folder
        self.process = subprocess.Popen(
            ["node", str(BUNDLE), "--serve"],
            cwd=folder,
            preexec_fn=lambda: os.dup2(theirs.fileno(), 3),
            pass_fds=[3],
        )
        theirs.close()
        self.stream = self.socket.makefile("rwb")

    def ask(self, entry, mode="production", out="out"):
        """The status, and what is said."""
        request = {"entry": entry, "folder": str(self.folder / out), "mode": mode}
        self.stream.write(json.dumps(request).encode() + b"\n")
        self.stream.flush()
        status, size = map(int, self.stream.readline().split())
        return status, self.stream.read(size).decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.socket.close()
        # It ends with its socket.
        assert self.process.wait(20) == 0


def test_one_that_stays_makes_the_same(tmp_path):
    files = {
        "a.ts": "import { b } from './b';\nexport default { fetch: (): string => b };",
        "b.ts": "export const b = 'one';",
        "package.json": "{}",
    }
    write_project(tmp_path, files)

    def check(mode="production"):
        status, said = served.ask("a.ts", mode)
        once = run_bundle(tmp_path, "a.ts", mode=mode, out="once")
        assert (status, said) == (once.returncode, once.stderr)
        if status == 0:
            for name in ("main.js", "main.js.map", "main.js.inputs"):
                assert (tmp_path / "out" / name).read_text() == (tmp_path / "once" / name).read_text(), name
        return said

    with Served(tmp_path) as served:
        assert check() == ""
        assert (tmp_path / "out/main.js.inputs").read_text() == f"{tmp_path}/a.ts\n{tmp_path}/b.ts\n"
        for change in ("'two'", "'three'"):
            write_project(tmp_path, {"b.ts": f"export const b = {change};"})
            assert check() == ""
        # Of each mode, with what is wrong, and mended.
        check("development")
        write_project(tmp_path, {"b.ts": "export const b = ;"})
        assert "b.ts:1:18: error: " in check("development") and "b.ts:1:18: error: " in check()
        write_project(tmp_path, {"b.ts": "import './c';\nimport 'fs';\nexport const b = 'é';"})
        assert 'b.ts:1:8: error: there is no file "./c"' in check()
        write_project(tmp_path, {"c.ts": "globalThis.c = 1;", "b.ts": "import './c';\nexport const b = 'é';"})
        assert check() == ""
        # What is asked of tsconfig.json and package.json is asked again.
        write_project(
            tmp_path,
            {"a.tsx": "export default { fetch: () => <b/> };", **jsx_package("preact"), **jsx_package("react")},
        )
        assert served.ask("a.tsx") == (0, "")
        write_project(tmp_path, {"package.json": '{"dependencies": {"preact": "*"}}'})
        assert served.ask("a.tsx") == (0, "")
        assert "preact" in (tmp_path / "out/main.js.map").read_text()
        assert served.ask("gone.ts") == (1, "gone.ts: error: there is no such file\n")
