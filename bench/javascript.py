#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-only
"""Measures functions in JavaScript side by side with workerd, in one run, and draws a picture of it.

    make bench                    this, behind bench/compare.py
    bench/javascript.py --rounds 3 --seconds 2 --only hello,page

The same script is bundled once and given to both. The server is pinned to one core and the load (wrk, 32 connections) to
another; every round runs all servers in turn, and what counts are the medians of ratios within a round. Computing is
measured as the wall time of single calls, and beside StarlingMonkey too. Results go to bench/results/javascript.*.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import chart
from load import (
    CONNECTIONS,
    exchange,
    free_port,
    measure,
    median,
    memory_mb,
    ratio,
    running,
    wait_until_it_answers,
    wrk,
)

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "bench" / "javascript"
RESULTS = ROOT / "bench" / "results"
FN0 = os.environ.get("FN0", str(ROOT / "build" / "fn0"))
ESBUILD = ROOT / "build/deps/javascript-sdk/node_modules/.bin/esbuild"
COMPONENTIZE = ROOT / "build/deps/javascript/node_modules/.bin/componentize-js"
WORKERD = SCRIPTS / "node_modules/.bin/workerd"

# name → (label, script, path, wrk's script, what fn0 is to reach of workerd)
LOADS = {
    "hello": ("hello", "hello", "/", None, 1.3),
    "hono-text": ("Hono, text", "hono", "/", None, 1.2),
    "hono-json": ("Hono, JSON with a path parameter", "hono", "/users/42", None, 1.1),
    "echo": ("1 KB of JSON parsed and written", "echo", "/", "echo.lua", 1.0),
    "page": ("a page of 200 rows", "page", "/", None, 0.5),
}
COMPUTING = ("fib", "json", "regexp", "sort")

# What the issue of the day asks of a component, in MB and ms.
HELLO_MB, ARTIFACT_MB, COLD_MS, INSTANCE_MB, HUNDRED_MB, FRESH_OF_RUST = 2.5, 5.0, 3.0, 1.0, 150, 0.4
BUILD_MS, COMPILE_MS, CHANGED_MS = 300, 1000, 300

WORKERD_CONFIGURATION = """
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "main", esModule = embed "{script}.js")], compatibilityDate = "2026-11-01"))],
  sockets = [(name = "http", address = "127.0.0.1:{port}", http = (), service = "main")]);
"""


class Scripts:
    """Each script bundled for workerd and built for fn0, in a scratch folder."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.built = {}

    def bundled(self, script):
        out = self.scratch / f"{script}.js"
        if not out.exists():
            subprocess.run(
                [
                    ESBUILD,
                    SCRIPTS / f"{script}.js",
                    "--bundle",
                    "--format=esm",
                    f"--outfile={out}",
                    "--log-level=error",
                ],
                check=True,
            )
        return out

    def component(self, script):
        """Twice, since the first build may compile the engine."""
        out = self.scratch / f"{script}.wasm"
        if script not in self.built:
            for _ in range(2):
                line = subprocess.run(
                    [
                        FN0,
                        "build",
                        SCRIPTS / f"{script}.js",
                        "-o",
                        out,
                        "--json",
                        "--cache-dir",
                        self.scratch / "cache",
                    ],
                    check=True,
                    capture_output=True,
                    text=True,
                ).stdout
            self.built[script] = json.loads(line)
        return out

    def starling_monkey(self):
        bundle, out = self.bundled("compute-fetch-event"), self.scratch / "starling-monkey.wasm"
        wit = ROOT / "build/guests-work/wit-javascript"
        subprocess.run(
            ["node", COMPONENTIZE, bundle, "--wit", wit, "-n", "guest", "-o", out], check=True, capture_output=True
        )
        return out


def fn0_command(scratch, port, component, *more):
    return [FN0, "serve", "--listen", f"127.0.0.1:{port}", "--workers", "1", "--cache-dir", str(scratch / "cache"), "--log-level", "error",
            *more, str(component)]  # fmt: skip


def workerd_command(scripts, port, script):
    scripts.bundled(script)
    configuration = scripts.scratch / f"{script}-{port}.capnp"
    configuration.write_text(WORKERD_CONFIGURATION.format(script=script, port=port))
    return [str(WORKERD), "serve", str(configuration)]


def measure_loads(scripts, chosen, rounds, seconds):
    """name → server → a row for each round."""
    results = {name: {"fn0": [], "workerd": []} for name in chosen}
    for number in range(rounds):
        for name in chosen:
            label, script, path, lua, _ = LOADS[name]
            for server in ("fn0", "workerd"):
                port = free_port()
                command = (
                    fn0_command(scripts.scratch, port, scripts.component(script))
                    if server == "fn0"
                    else workerd_command(scripts, port, script)
                )
                row = measure(command, port, seconds, path, SCRIPTS / lua if lua else None)
                results[name][server].append(row)
                print(
                    f"  round {number + 1}/{rounds}  {label:34} {server:8} {row['requests_per_second']:10,.0f} requests/s",
                    flush=True,
                )
    return results


def measure_fresh(scripts, rounds, seconds):
    """A fresh instance for every request: JavaScript beside Rust."""
    configuration = scripts.scratch / "fresh.toml"
    configuration.write_text("[instance]\nreuse = false\n")
    results = {"javascript": [], "rust": []}
    components = {"javascript": scripts.component("hello"), "rust": ROOT / "build/guests/hello.wasm"}
    for number in range(rounds):
        for name, component in components.items():
            port = free_port()
            command = fn0_command(scripts.scratch, port, component, "--config", str(configuration))
            row = measure(command, port, seconds)
            results[name].append(row)
            print(f"  round {number + 1}/{rounds}  fresh {name:28} {'fn0':8} {row['requests_per_second']:10,.0f} requests/s", flush=True)  # fmt: skip
    return results


def measure_computing(scripts, rounds):
    """kind → engine → milliseconds of single calls, after one that is not counted."""
    open_limits = scripts.scratch / "open.toml"
    open_limits.write_text('[limits]\ncpu = "none"\nmemory = "512MB"\n[limits.max]\ncpu = "none"\nmemory = "512MB"\n')

    def fn0(component):
        return lambda port: fn0_command(scripts.scratch, port, component, "--config", str(open_limits))

    engines = {
        "fn0": fn0(scripts.component("compute")),
        "workerd": lambda port: workerd_command(scripts, port, "compute"),
        "starling-monkey": fn0(scripts.starling_monkey()),
    }
    results = {kind: {engine: [] for engine in engines} for kind in COMPUTING}
    for engine, command in engines.items():
        port = free_port()
        with running(command(port)):
            wait_until_it_answers(port)
            for kind in COMPUTING:
                exchange(port, f"/{kind}")
                for _ in range(rounds):
                    seconds, status = exchange(port, f"/{kind}")
                    if status != 200:
                        raise SystemExit(f"{engine} answered {kind} with {status}")
                    results[kind][engine].append(seconds * 1e3)
    return results


def measure_hundred(scripts):
    """What a hundred kept instances of the Hono application take: as many calls that sleep at the same time."""
    port = free_port()
    with running(fn0_command(scripts.scratch, port, scripts.component("hono")), pinned=False) as process:
        wait_until_it_answers(port)
        one = memory_mb(process.pid)
        threads = [threading.Thread(target=exchange, args=(port, "/sleep")) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wrk(port, 1)
        hundred = memory_mb(process.pid)
    return {"one_mb": one, "hundred_mb": hundred, "instance_mb": (hundred - one) / 99}


def measure_cold(scripts, times=7):
    """Host up, artifact cached, the function never called: the first byte of the first answer, in milliseconds."""
    functions = scripts.scratch / "functions"
    functions.mkdir()
    shutil.copy(scripts.component("hono"), functions / "hono.wasm")
    rows = []
    for number in range(times + 1):
        port = free_port()
        command = [FN0, "serve", "--listen", f"127.0.0.1:{port}", "--functions", str(functions), "--cache-dir", str(scripts.scratch / "cache"),
                   "--log-level", "error"]  # fmt: skip
        with running(command, pinned=False):
            wait_until_it_answers(port, host="nobody.localhost")
            time.sleep(0.6 if number else 5)
            seconds, status = exchange(port, host="hono.localhost")
            if status != 200:
                raise SystemExit(f"cold start: status {status}")
            if number:
                rows.append(seconds * 1e3)
    return rows


def measure_artifact(scripts):
    """The size of what a hello compiles to, in MB: the one artifact of a cache folder that serves nothing else."""
    with tempfile.TemporaryDirectory(dir=scripts.scratch) as folder:
        port = free_port()
        component = scripts.component("hello")
        with running([FN0, "serve", "--listen", f"127.0.0.1:{port}", "--cache-dir", folder, str(component)]):
            wait_until_it_answers(port)
            begin, largest = time.monotonic(), 0
            while not largest and time.monotonic() - begin < 20:
                time.sleep(0.2)
                largest = max((f.stat().st_size for f in Path(folder).rglob("*.artifact")), default=0)
    return largest / 2**20


def measure_compile(scripts):
    """From the host's start to its first answer, in milliseconds: nothing cached, and then another script."""
    changed = scripts.scratch / "changed.js"
    changed.write_text((SCRIPTS / "hello.js").read_text() + "\nexport const more = 1;\n")
    other = scripts.scratch / "changed.wasm"
    subprocess.run([FN0, "build", changed, "-o", other, "--cache-dir", scripts.scratch / "cache"], check=True, capture_output=True)  # fmt: skip
    milliseconds = []
    with tempfile.TemporaryDirectory(dir=scripts.scratch) as folder:
        for component in (scripts.component("hello"), other):
            port = free_port()
            begin = time.monotonic()
            with running([FN0, "serve", "--listen", f"127.0.0.1:{port}", "--cache-dir", folder, str(component)], pinned=False):  # fmt: skip
                wait_until_it_answers(port)
                milliseconds.append((time.monotonic() - begin) * 1e3)
                time.sleep(1)  # what was compiled is kept beside the answer
    return milliseconds


def verdict(reached):
    return "reached" if reached else "NOT REACHED"


def report_loads(results):
    lines = [f"{'one core, wrk with ' + str(CONNECTIONS) + ' connections':34} {'':8} {'requests/s':>22} {'p50 µs':>8} {'p99 µs':>8} {'CPU µs':>7} {'MB':>6}"]  # fmt: skip
    for name, servers in results.items():
        for server, rows in servers.items():
            rates = [row["requests_per_second"] for row in rows]
            lines.append(
                f"{LOADS[name][0] if server == 'fn0' else '':34} {server:8} {statistics.median(rates):9,.0f} "
                f"({min(rates) / 1e3:.1f}–{max(rates) / 1e3:.1f}k) {median(rows, 'p50_us'):8.0f} {median(rows, 'p99_us'):8.0f} "
                f"{median(rows, 'cpu_us_per_request'):7.1f} {median(rows, 'memory_mb'):6.0f}"
            )
    lines.append("")
    for name, servers in results.items():
        value, aim = ratio(servers, "fn0", "workerd"), LOADS[name][4]
        lines.append(f"fn0 / workerd, {LOADS[name][0]:34} {value:6.2f}  (aim {aim})  {verdict(value >= aim)}")
    return lines


def report_rest(rest):
    lines = []
    fresh = ratio(rest["fresh"], "javascript", "rust")
    lines.append(f"fresh instances, JavaScript / Rust                {fresh:7.2f}  (aim {FRESH_OF_RUST})  {verdict(fresh >= FRESH_OF_RUST)}")  # fmt: skip
    for label, value, unit, aim in (
        ("cold start, Hono, artifact cached", statistics.median(rest["cold_ms"]), "ms", COLD_MS),
        ("a kept instance of the Hono application", rest["memory"]["instance_mb"], "MB", INSTANCE_MB),
        ("the host with a hundred of them", rest["memory"]["hundred_mb"], "MB", HUNDRED_MB),
        ("component of a hello", rest["component_mb"], "MB", HELLO_MB),
        ("its artifact", rest["artifact_mb"], "MB", ARTIFACT_MB),
        ("bundle and snapshot", rest["bundle_ms"] + rest["snapshot_ms"], "ms", BUILD_MS),
        ("start and compile, nothing cached", rest["compile_ms"][0], "ms", COMPILE_MS),
        ("start and compile, another script cached", rest["compile_ms"][1], "ms", CHANGED_MS),
    ):
        lines.append(f"{label:48} {value:8.2f} {unit}" + (f"  (aim {aim})  {verdict(value <= aim)}" if aim else ""))
    lines.append("")
    engines = ["fn0", "workerd", "starling-monkey"]
    lines.append(f"{'computing, ms of one call':28}" + "".join(f"{engine:>18}" for engine in engines))
    for kind, times in rest["computing"].items():
        lines.append(f"{kind:28}" + "".join(f"{statistics.median(times[engine]):18.1f}" for engine in engines))
    return lines


def picture(results):
    return chart.bars(
        "Requests per second on one core, the same script",
        [
            (
                f"{LOADS[name][0]}, {server}",
                statistics.median(r["requests_per_second"] for r in rows),
                server == "fn0",
                min(r["requests_per_second"] for r in rows),
                max(r["requests_per_second"] for r in rows),
            )
            for name, servers in results.items()
            for server, rows in servers.items()
        ],
        width=860,
        left=330,
    )


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=int, default=3)
    arguments.add_argument("--only", default="", help=f"of {','.join(LOADS)}, with commas; nothing is kept")
    arguments.add_argument("--load-only", action="store_true", help="requests per second only; nothing is kept")
    chosen = arguments.parse_args()
    names = chosen.only.split(",") if chosen.only else list(LOADS)
    with tempfile.TemporaryDirectory(prefix="fn0-bench-") as scratch:
        scripts = Scripts(Path(scratch))
        results = measure_loads(scripts, names, chosen.rounds, chosen.seconds)
        text = "\n".join(report_loads(results)) + "\n"
        if chosen.only or chosen.load_only:
            print("\n" + text)
            return
        built = scripts.built["hello"]
        rest = {
            "fresh": measure_fresh(scripts, chosen.rounds, chosen.seconds),
            "memory": measure_hundred(scripts),
            "cold_ms": measure_cold(scripts),
            "computing": measure_computing(scripts, chosen.rounds),
            "component_mb": built["bytes"] / 2**20,
            "artifact_mb": measure_artifact(scripts),
            "compile_ms": measure_compile(scripts),
            "bundle_ms": built["bundle_ms"],
            "snapshot_ms": built["snapshot_ms"],
        }
    text += "\n".join(report_rest(rest)) + "\n"
    print("\n" + text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "javascript.txt").write_text(text)
    (RESULTS / "javascript.json").write_text(json.dumps({"results": results, **rest}, indent=1) + "\n")
    (RESULTS / "javascript.svg").write_text(picture(results))
    print(f"kept in {RESULTS.relative_to(ROOT)}/javascript.txt, .json and .svg")


if __name__ == "__main__":
    sys.exit(main())
