# SPDX-License-Identifier: AGPL-3.0-only
"""How errors are described: stacks in the author's lines, causes, and what nobody caught."""

import json
import re
import subprocess
import textwrap

import pytest
from differential import ROOT, run_in_both, run_in_engine

TYPESCRIPT = """\
interface Order {
    id: number;
}

export class Shop {
    constructor(private readonly name: string) {}

    find(order: Order): never {
        const detail = { order: order.id };
        try {
            JSON.parse("{broken");
        } catch (cause) {
            throw new RangeError(`no order ${detail.order} in ${this.name}`, { cause });
        }
    }
}

export function serve(): never {
    return new Shop("here").find({ id: 7 });
}
"""


def described(text):
    """What the engine prints for a script's console.log lines."""
    output, errors = run_in_engine(textwrap.dedent(text), hooks=True)
    assert errors == "", errors
    return output.splitlines()


def bundle(folder, source):
    """Script and source map, as the builder makes them: minified, so that lines and columns say nothing by themselves."""
    (folder / "src").mkdir()
    (folder / "src/shop.ts").write_text(source, encoding="utf-8")
    code = (
        "require('esbuild').buildSync({ entryPoints: ['src/shop.ts'], bundle: true, format: 'esm', outfile: 'main.js', "
        "sourcemap: 'external', minifyWhitespace: true, keepNames: true, target: 'es2023' })"
    )
    environment = {
        "NODE_PATH": str(ROOT / "build/deps/javascript-sdk/node_modules"),
        "PATH": "/usr/bin:/usr/local/bin:/bin",
    }
    subprocess.run(["node", "-e", code], cwd=folder, env=environment, check=True)
    return (folder / "main.js").read_text(encoding="utf-8"), (folder / "main.js.map").read_text(encoding="utf-8")


def test_stack_is_in_the_authors_lines(tmp_path):
    script, source_map = bundle(tmp_path, TYPESCRIPT)
    output, errors = run_in_engine(
        f"{script}\nhooks.setSourceMap({json.dumps(source_map)});\n"
        "try { serve(); } catch (error) { console.log(hooks.describeError(error)); }",
        hooks=True,
    )
    lines = output.splitlines()
    assert errors == ""
    assert lines[0] == "RangeError: no order 7 in here"
    # The engine's columns are those of what was evaluated last, not always of where the expression begins.
    assert re.fullmatch(r"    at find \(src/shop\.ts:13:\d+\)", lines[1])
    assert re.fullmatch(r"    at serve \(src/shop\.ts:19:\d+\)", lines[2])
    assert lines[4].startswith("  [cause]: SyntaxError: ")
    assert any(line.startswith("      at find (src/shop.ts:11:") for line in lines[5:])


def test_map_that_cannot_be_read_hides_nothing(tmp_path):
    lines = described("hooks.setSourceMap('{broken'); console.log(hooks.describeError(new Error('still told')));")
    assert lines[0] == "Error: still told"
    assert lines[1].startswith("    at script.mjs:1:")


def test_stack_has_the_error_in_its_first_line():
    assert described("""
        class Own extends Error {}
        class Named extends Error { name = "Given"; }
        const first = (error) => error.stack.split("\\n")[0];
        console.log(first(new Error("m")), "|", first(new Own("m")), "|", first(new TypeError()), "|", first(new Named("m")));
        console.log(first(new DOMException("m", "AbortError")));
        console.log(Object.keys(new Error("m")).length, "stack" in new Error(), typeof new Error("m").stack);
        try { null.x } catch (error) { console.log(first(error)); }
    """) == [
        "Error: m | Error: m | TypeError | Given: m",
        "AbortError: m",
        "0 true string",
        "TypeError: cannot read property 'x' of null",
    ]


def test_stack_can_be_set_and_captured():
    output, errors = run_in_engine("""
        const error = new Error("m");
        error.stack = "mine";
        console.log(error.stack, Object.keys(error).length);
        error.stack = undefined;
        console.log(error.stack);
        const holder = { name: "Holder", message: "held" };
        function make() { Error.captureStackTrace(holder, make); }
        make();
        console.log(typeof holder.stack, Object.keys(holder).join());
        class Own extends Error { constructor(m) { super(m); Error.captureStackTrace(this, Own); } }
        console.log(new Own("own").stack.split("\\n").length);
        Error.prepareStackTrace = (error, sites) => sites.length > 0 ? "prepared " + error.message : "none";
        console.log(new Error("x").stack);
        Error.prepareStackTrace = undefined;
        Error.stackTraceLimit = 0;
        console.log(new Error("x").stack);
    """)
    assert errors == ""
    assert output.splitlines() == ["mine 0", "undefined", "string name,message", "2", "prepared x", "Error: x"]


@pytest.mark.parametrize(
    "value",
    ["'text'", "5", "null", "undefined", "{ a: { b: 1 } }", "Symbol('s')", "[1, 2]", "() => {}", "new Map([[1, 2]])"],
)
def test_what_is_no_error_is_described_as_the_console_shows_it(value):
    output, errors = run_in_engine(f"console.log(hooks.describeError({value})); console.log([{value}]);", hooks=True)
    one, listed = output.splitlines()
    assert f"[ {one} ]" == listed, errors


def test_errors_are_described_as_node_does():
    (expected, _), (found, errors) = run_in_both(
        textwrap.dedent("""
        const bare = (error) => { error.stack = error.stack.split("\\n")[0]; return error; };
        const describe = (error) => console.log(error);
        describe(bare(new AggregateError([bare(new Error("one")), bare(new TypeError("two")), 3], "all")));
        describe(bare(new Error("a", { cause: bare(new Error("b", { cause: "text" })) })));
        describe(Object.assign(bare(new Error("with")), { code: "E_X", status: 500 }));
        describe(bare(new DOMException("aborted", "AbortError")));
        const cyclic = bare(new Error("cycle")); cyclic.cause = cyclic; describe(cyclic);
        class HttpError extends Error { constructor(status, message) { super(message); this.name = "HttpError"; this.status = status; } }
        describe(bare(new HttpError(404, "gone")));
        """),
    )
    assert found == expected, errors


def test_description_never_throws():
    assert described("""
        const hostile = new Proxy(function () {}, { get() { throw 1; }, getPrototypeOf() { throw 2; }, ownKeys() { throw 3; } });
        console.log(typeof hooks.describeError(hostile));
        console.log(typeof hooks.describeError({ get [Symbol.toStringTag]() { throw 1; } }));
        console.log(hooks.describeError({ [Symbol.for("nodejs.util.inspect.custom")]() { throw new Error("no"); } }));
        const error = new Error("m");
        Object.defineProperty(error, "stack", { get() { throw 1; } });
        console.log(typeof hooks.describeError(error));
    """) == ["string", "string", "an exception that cannot be described", "string"]


def test_rejection_that_nobody_handles_is_told():
    output, errors = run_in_engine("""
        Promise.reject(new RangeError("lost"));
        await 0;
        const handled = Promise.reject(new Error("kept"));
        handled.catch(() => console.log("caught"));
    """)
    assert output == "caught\n"
    assert errors.startswith("Uncaught (in promise) RangeError: lost\n    at script.mjs:2:")
    assert "kept" not in errors


def test_rejection_is_an_event_first():
    output, errors = run_in_engine("""
        addEventListener("unhandledrejection", (event) => {
            console.log(event.type, event.reason, event.promise instanceof Promise, event.cancelable);
            event.preventDefault();
        });
        Promise.reject("quietly");
    """)
    assert (output, errors) == ("unhandledrejection quietly true true\n", "")


def test_rejection_that_is_handled_late_is_an_event():
    assert described("""
        addEventListener("rejectionhandled", ({ type, reason, promise }) => console.log(type, reason, promise instanceof Promise));
        hooks.reportHandledRejection("late", Promise.resolve());
    """) == ["rejectionhandled late true"]


def test_exception_out_of_a_listener_is_told_and_stops_nobody():
    output, errors = run_in_engine("""
        const target = new EventTarget();
        target.addEventListener("x", () => { throw new Error("first"); });
        target.addEventListener("x", { handleEvent: 5 });
        target.addEventListener("x", () => console.log("third"));
        console.log(target.dispatchEvent(new Event("x")));
    """)
    assert output == "third\ntrue\n"
    assert errors.startswith("Uncaught Error: first\n")
    assert "Uncaught TypeError: " in errors


def test_reported_error_is_an_event_first():
    output, errors = run_in_engine("""
        reportError(new Error("plain"));
        addEventListener("error", (event) => {
            console.log(event.type, event.message, event.filename, event.lineno, event.error.message);
        });
        reportError(new Error("seen"));
        onerror = (message, filename, line, column, error) => {
            console.log("onerror", message, line, typeof column, error);
            return true;
        };
        reportError("handled");
        setTimeout(() => { throw new RangeError("timer"); }, 1);
    """)
    assert output.splitlines() == [
        "error Uncaught Error: seen script.mjs 6 seen",
        "error Uncaught 'handled'  0 undefined",
        "onerror Uncaught 'handled' 0 number handled",
        "error Uncaught RangeError: timer script.mjs 12 timer",
        "onerror Uncaught RangeError: timer 12 number " + output.splitlines()[4].split(" number ")[1],
        *output.splitlines()[5:],
    ]
    assert errors.count("Uncaught") == 2
    assert "Uncaught Error: plain" in errors and "Uncaught Error: seen" in errors


def test_listener_for_errors_that_throws_is_not_called_for_its_own_error():
    output, errors = run_in_engine("""
        let calls = 0;
        addEventListener("error", () => { calls++; throw new Error("in the listener"); });
        reportError(new Error("outer"));
        console.log(calls);
    """)
    assert output == "1\n"
    assert "Uncaught Error: in the listener" in errors and "Uncaught Error: outer" in errors
