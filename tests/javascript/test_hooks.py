# SPDX-License-Identifier: AGPL-3.0-only
"""What C calls in the library, and what the library leaves on the global object."""

import subprocess
import textwrap

from differential import LIBRARY, SHELL, run_in_engine

# By the specifications: ECMAScript, WinterTC's Minimum Common Web API, and the one global each that C puts there.
GLOBALS = """
    AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date
    DisposableStack Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function Infinity Int16Array
    Int32Array Int8Array InternalError Iterator JSON Intl Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect
    RegExp Set SharedArrayBuffer String SuppressedError Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array
    Uint8ClampedArray WeakMap WeakRef WeakSet decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval globalThis
    isFinite isNaN parseFloat parseInt undefined unescape

    AbortController AbortSignal Blob ByteLengthQueuingStrategy CompressionStream CountQueuingStrategy Crypto CryptoKey CustomEvent
    DecompressionStream DOMException ErrorEvent Event EventTarget File FormData Headers MessageChannel MessageEvent MessagePort
    Navigator Performance PerformanceEntry PerformanceMark PerformanceMeasure PromiseRejectionEvent ReadableByteStreamController
    ReadableStream ReadableStreamBYOBReader ReadableStreamBYOBRequest ReadableStreamDefaultController ReadableStreamDefaultReader
    Request Response SubtleCrypto TextDecoder TextDecoderStream TextEncoder TextEncoderStream TransformStream
    TransformStreamDefaultController URL URLPattern URLSearchParams WritableStream WritableStreamDefaultController
    WritableStreamDefaultWriter
    addEventListener atob btoa clearInterval clearTimeout console crypto dispatchEvent fetch navigator onerror onrejectionhandled
    onunhandledrejection performance queueMicrotask removeEventListener reportError self setInterval setTimeout structuredClone
"""


def lines_of(text):
    output, errors = run_in_engine(textwrap.dedent(text), hooks=True)
    assert errors == "", errors
    return output.splitlines()


def test_nothing_but_the_specified_is_on_the_global_object():
    [names] = lines_of("console.log(Reflect.ownKeys(globalThis).map(String).join(' '));")
    assert set(names.split()) - set(GLOBALS.split()) - {"hooks", "Symbol(Symbol.toStringTag)"} == set()


def test_body_stream_pulls_when_it_is_read():
    assert lines_of("""
        let pulls = 0;
        const chunks = [[1, 2], [], [3]];
        const stream = hooks.createBodyStream(async () => {
            pulls++;
            return chunks.length === 0 ? null : Uint8Array.from(chunks.shift());
        });
        await new Promise((resolve) => setTimeout(resolve, 2));
        console.log(pulls, hooks.isReadableStream(stream), hooks.isDisturbed(stream), hooks.isLocked(stream));
        const reader = hooks.streamReader(stream);
        console.log(JSON.stringify([...(await reader.read()).value]), pulls, hooks.isDisturbed(stream), hooks.isLocked(stream));
        console.log(JSON.stringify([...(await reader.read()).value]), pulls, (await reader.read()).done, pulls);
    """) == ["0 true false false", "[1,2] 1 true true", "[3] 3 true 4"]


def test_body_stream_fills_the_buffers_of_its_reader():
    assert lines_of("""
        const chunks = [Uint8Array.of(1, 2, 3), null];
        const reader = hooks.createBodyStream(async () => chunks.shift()).getReader({ mode: "byob" });
        for (let turn = 0; turn < 3; turn++) {
            const { value, done } = await reader.read(new Uint8Array(2));
            console.log([...value].join(), done);
        }
    """) == ["1,2 false", "3 false", " true"]


def test_body_stream_that_fails_or_is_cancelled():
    assert lines_of("""
        const failing = hooks.createBodyStream(async () => { throw new TypeError("cut off"); });
        await hooks.streamReader(failing).read().catch((error) => console.log(error.message));
        const stream = hooks.createBodyStream(async () => null, (reason) => console.log("cancelled", reason));
        await stream.cancel("why");
        console.log(hooks.isDisturbed(stream));
        const other = hooks.createBodyStream(async () => null, (reason) => console.log("cancelled", reason));
        await hooks.streamReader(other).cancel("by C");
    """) == ["cut off", "cancelled why", "true", "cancelled by C"]


def test_streams_go_on_whatever_a_script_replaces():
    assert lines_of("""
        for (const kind of [ReadableStream, ReadableStreamDefaultReader, ReadableByteStreamController, ReadableStreamBYOBRequest]) {
            for (const name of Object.getOwnPropertyNames(kind.prototype)) {
                Object.defineProperty(kind.prototype, name, { value: () => { throw new Error("replaced"); } });
            }
        }
        const chunks = [Uint8Array.of(1), null];
        const reader = hooks.streamReader(hooks.createBodyStream(() => new Promise((resolve) => resolve(chunks.shift()))));
        console.log((await reader.read()).value[0], (await reader.read()).done);
    """) == ["1 true"]


def test_tee():
    assert lines_of("""
        const chunks = [Uint8Array.of(1, 2), null];
        const [first, second] = hooks.teeStream(hooks.createBodyStream(async () => chunks.shift()));
        console.log([...(await hooks.streamReader(first).read()).value].join());
        console.log([...(await hooks.streamReader(second).read()).value].join());
    """) == ["1,2", "1,2"]


def test_bodies_are_extracted():
    assert lines_of("""
        const show = (body) => body && [typeof body.source === "string" ? body.source : body.source.constructor.name, body.type, body.length].join(" ");
        console.log(show(hooks.extractBody(new Blob(["abc"], { type: "t/x" }))));
        console.log(show(hooks.extractBody(new Blob(["abc"]))));
        console.log(show(hooks.extractBody(new File(["abcd"], "n"))));
        console.log(show(hooks.extractBody(new URLSearchParams("a=1&b=é"))));
        console.log(show(hooks.extractBody(new ReadableStream())));
        console.log(show(hooks.extractBody(new FormData())).replace(/fn0-[0-9a-f]{24}/, "fn0-X"));
        for (const value of ["text", 5, null, undefined, {}, [], new Uint8Array(1), Object.create(Blob.prototype)]) {
            console.log(hooks.extractBody(value));
        }
    """) == [
        "Uint8Array t/x 3",
        "Uint8Array  3",
        "Uint8Array  4",
        "a=1&b=%C3%A9 application/x-www-form-urlencoded;charset=UTF-8 12",
        "ReadableStream  ",
        "Uint8Array multipart/form-data; boundary=----formdata-fn0-X 47",
        *["undefined"] * 8,
    ]


def test_blobs_are_created():
    assert lines_of("""
        const blob = hooks.createBlob(Uint8Array.of(65, 66), "Text/Plain;charset=UTF-8");
        console.log(blob instanceof Blob, blob.size, blob.type, await blob.text());
    """) == ["true 2 text/plain;charset=utf-8 AB"]


def test_signals():
    assert lines_of("""
        const { signal } = new AbortController();
        console.log(hooks.abortSignalOf(signal) === signal);
        for (const value of [{}, null, undefined, { aborted: false }, new EventTarget()]) {
            try { hooks.abortSignalOf(value); console.log("taken"); } catch (error) { console.log(error.name); }
        }
        const controller = new AbortController();
        const follower = hooks.createAbortSignal(controller.signal);
        const alone = hooks.createAbortSignal(null);
        const seen = [];
        const end = hooks.followSignal(controller.signal, (reason) => seen.push("ended", reason));
        end();
        hooks.followSignal(follower, (reason) => seen.push("followed", reason));
        follower.onabort = () => seen.push("event");
        controller.abort("stop");
        hooks.followSignal(follower, (reason) => seen.push("at once", reason));
        console.log(seen.join(), follower.aborted, follower.reason, alone.aborted, alone instanceof AbortSignal);
        console.log(hooks.createAbortSignal(AbortSignal.abort(7)).reason);
    """) == ["true", *["TypeError"] * 5, "followed,stop,event,at once,stop true stop false true", "7"]


def test_exceptions_are_created():
    assert lines_of("""
        const exception = hooks.createDOMException("gone", "NetworkError");
        console.log(exception instanceof DOMException, exception.name, exception.message, exception.code);
    """) == ["true NetworkError gone 19"]


def test_a_call_begins_with_nothing_of_the_last_one():
    output, errors = run_in_engine(
        """
        console.group("in");
        console.count();
        console.time();
        performance.mark("m");
        hooks.beginCall({});
        console.log("out");
        console.count();
        console.time();
        console.log(performance.getEntries().length);
        """,
        hooks=True,
    )
    assert errors == ""
    assert output.splitlines() == ["in", "  default: 1", "out", "default: 1", "0"]


def test_clock_and_marks():
    assert lines_of("""
        const start = performance.now();
        console.log(Math.abs(performance.timeOrigin + start - Date.now()) < 100, performance.timeOrigin === performance.timeOrigin);
        await new Promise((resolve) => setTimeout(resolve, 20));
        const passed = performance.now() - start;
        console.log(passed >= 19 && passed < 2000);
        performance.mark("a", { startTime: 1, detail: { x: 1 } });
        performance.mark("b", { startTime: 5 });
        const measure = performance.measure("m", "a", "b");
        console.log(measure.startTime, measure.duration, measure.entryType, performance.measure("n", { start: 2, duration: 3 }).duration);
        console.log(performance.getEntries().map((entry) => entry.name).join());
        performance.clearMarks("a");
        performance.clearMeasures();
        console.log(performance.getEntriesByType("mark").length, performance.getEntriesByName("m").length);
        try { performance.measure("x", "missing"); } catch (error) { console.log(error.name); }
        console.log(performance instanceof EventTarget, JSON.stringify(performance.toJSON()).startsWith('{"timeOrigin"'));
    """) == ["true true", "true", "1 4 measure 3", "a,m,n,b", "1 0", "SyntaxError", "true true"]


def test_navigator_and_self():
    assert lines_of("""
        console.log(navigator.userAgent, self === globalThis, Object.prototype.toString.call(navigator));
        navigator = 5;
        console.log(navigator);
        try { new Navigator(); } catch (error) { console.log(error.name); }
    """) == ["fn0 true [object Navigator]", "5", "TypeError"]


def test_levels_of_the_console(tmp_path):
    script = tmp_path / "levels.mjs"
    script.write_text(
        "console.debug('a\\nb'); console.info('c'); console.log('d'); console.warn('e\\nf'); console.error('g');"
    )
    done = subprocess.run([SHELL, LIBRARY, script], capture_output=True, text=True, check=True)
    assert done.stdout == "<7>a\n<7>b\nc\nd\n"
    assert done.stderr == "<4>e\n<4>f\ng\n"


def test_signals_that_nobody_listens_to_are_not_kept():
    assert lines_of("""
        const lasting = new AbortController();
        const forgotten = [];
        function answer() {
            const signal = AbortSignal.any([lasting.signal]);
            const listener = () => console.log("never");
            signal.addEventListener("abort", listener);
            signal.removeEventListener("abort", listener);
            hooks.followSignal(signal, listener)();
            forgotten.push(new WeakRef(signal));
        }
        for (let call = 0; call < 100; call++) {
            answer();
        }
        await new Promise((resolve) => setTimeout(resolve, 1));
        console.log(forgotten.filter((reference) => reference.deref() !== undefined).length);
        AbortSignal.any([lasting.signal]).addEventListener("abort", () => console.log("still told"));
        hooks.followSignal(hooks.createAbortSignal(lasting.signal), (reason) => console.log("and", reason));
        await new Promise((resolve) => setTimeout(resolve, 1));
        lasting.abort("at last");
    """) == ["0", "still told", "and at last"]


def test_bytes_of_a_view_are_its_own_whatever_a_script_replaces():
    output, errors = run_in_engine("""
        for (const name of ["byteLength", "byteOffset", "buffer"]) {
            Object.defineProperty(DataView.prototype, name, { get() { throw new Error(name); } });
        }
        const { buffer } = new TextEncoder().encode("0123456789");
        const view = new DataView(buffer, 2, 3);
        console.log(await new Response(view).text(), new TextDecoder().decode(view));
        const digest = async (data) => new Uint8Array(await crypto.subtle.digest("SHA-1", data)).join();
        console.log(await digest(view) === await digest(new TextEncoder().encode("234")));
    """)
    assert (output, errors) == ("234 234\ntrue\n", "")
