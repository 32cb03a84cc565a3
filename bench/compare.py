#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-only
"""Measures fn0 side by side with what a user would pick instead, in one run, and draws a picture of it.

    make bench                    this, and bench/javascript.py: about ten minutes
    bench/compare.py --rounds 3 --seconds 2 --only fn0-warm,nginx

The server is pinned to one core and the load (wrk, 32 connections) to another. Machines are shared and noisy, so every
round runs all servers in turn, and what counts are the medians of ratios within a round. Results go to bench/results/.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
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
    resident_mb,
    running,
    wait_until_it_answers,
)

ROOT = Path(__file__).resolve().parent.parent
GUESTS = ROOT / "build" / "guests"
RESULTS = ROOT / "bench" / "results"


NGINX = """
daemon off; worker_processes 1; pid {dir}/nginx.pid; error_log stderr error;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 100000000;
  client_body_temp_path {dir}/a; proxy_temp_path {dir}/b; fastcgi_temp_path {dir}/c; uwsgi_temp_path {dir}/d; scgi_temp_path {dir}/e;
  server {{ listen 127.0.0.1:{port}; location / {{ default_type text/plain; return 200 "Hello, world!\\n"; }} }} }}
"""


def servers(scratch):
    """Name → (label, function from port and component to a command)."""
    fn0 = os.environ.get("FN0", str(ROOT / "build" / "fn0"))
    wasmtime = os.environ.get("WASMTIME") or shutil.which("wasmtime") or str(ROOT / "build/deps/wasmtime/bin/wasmtime")
    fresh = scratch / "fresh.toml"
    fresh.write_text("[instance]\nreuse = false\n")

    def fn0_command(*more):
        return lambda port, component: [
            fn0,
            "serve",
            "--listen",
            f"127.0.0.1:{port}",
            "--workers",
            "1",
            "--cache-dir",
            str(scratch / "cache"),
            "--log-level",
            "error",
            *more,
            str(component),
        ]

    def wasmtime_command(*more):
        return lambda port, component: [
            wasmtime,
            "serve",
            "-Scli",
            "-Opooling-allocator=y",
            f"--addr=127.0.0.1:{port}",
            *more,
            str(component),
        ]

    def nginx_command(port, _):
        configuration = scratch / f"nginx-{port}.conf"
        configuration.write_text(NGINX.format(dir=scratch, port=port))
        return ["nginx", "-p", str(scratch), "-c", str(configuration)]

    return {
        "nginx": ("nginx, return 200", nginx_command),
        "fn0-warm": ("fn0, warm instances", fn0_command()),
        "fn0-fresh": ("fn0, a fresh instance each", fn0_command("--config", str(fresh))),
        "wasmtime-reuse": ("wasmtime serve, 1000 reuses", wasmtime_command("--max-instance-reuse-count=1000")),
        "wasmtime": ("wasmtime serve", wasmtime_command()),
    }


def measure_load(table, rounds, seconds, component=GUESTS / "hello.wasm"):
    """Name → a row for each round. `table` is as servers() makes it; each of its servers is given the component."""
    results = {name: [] for name in table}
    for number in range(rounds):
        for name, (label, command) in table.items():
            port = free_port()
            row = measure(command(port, component), port, seconds)
            results[name].append(row)
            print(
                f"  round {number + 1}/{rounds}  {label:28} {row['requests_per_second']:10,.0f} requests/s", flush=True
            )
    return results


def measure_hundred(table):
    """Memory with 100 instances: a hundred calls that sleep at the same time, then the process as it stays."""
    probe = GUESTS / "probe.wasm"
    memory = {}
    for name, (_, command) in table.items():
        if name == "nginx" or not probe.exists():
            continue
        port = free_port()
        with running(command(port, probe), pinned=False) as process:
            wait_until_it_answers(port, "/hello")
            idle = memory_mb(process.pid)
            threads = [threading.Thread(target=exchange, args=(port, "/sleep?ms=1500")) for _ in range(100)]
            for thread in threads:
                thread.start()
            time.sleep(1)
            during = memory_mb(process.pid)
            for thread in threads:
                thread.join()
            time.sleep(0.2)
            memory[name] = {"idle_mb": idle, "during_mb": during, "after_mb": memory_mb(process.pid)}
    return memory


def measure_cold(times=7):
    """Host up, artifact cached, the function never called: the first byte of the first answer, in milliseconds."""
    cold = {}
    fn0 = os.environ.get("FN0", str(ROOT / "build" / "fn0"))
    for name, host in (("hello", "hello"), ("javascript", "javascript")):
        wasm = GUESTS / ("hello.wasm" if name == "hello" else "javascript-handler.wasm")
        if not wasm.exists():
            continue
        with tempfile.TemporaryDirectory() as scratch:
            functions = Path(scratch) / "functions"
            functions.mkdir()
            shutil.copy(wasm, functions / f"{host}.wasm")
            (functions / f"{host}.toml").write_text('[limits]\ncpu = "none"\n')
            config = Path(scratch) / "host.toml"
            config.write_text('[limits.max]\ncpu = "none"\n')
            rows = []
            for number in range(times + 1):
                port = free_port()
                with running(
                    [
                        fn0,
                        "serve",
                        "--listen",
                        f"127.0.0.1:{port}",
                        "--functions",
                        str(functions),
                        "--config",
                        str(config),
                        "--cache-dir",
                        f"{scratch}/cache",
                        "--log-level",
                        "error",
                    ],
                    pinned=False,
                ):
                    wait_until_it_answers(port, host="nobody.localhost")
                    time.sleep(0.6 if number else 20 if name == "javascript" else 2)
                    seconds, status = exchange(port, host=f"{host}.localhost")
                    if status != 200:
                        raise SystemExit(f"cold start of {name}: status {status}")
                    if number:
                        rows.append(seconds * 1e3)
            cold[name] = rows
    return cold


def measure_echo():
    """What an echo of 100 MB costs in memory over the idle host."""
    probe = GUESTS / "probe.wasm"
    if not probe.exists():
        return None
    fn0 = os.environ.get("FN0", str(ROOT / "build" / "fn0"))
    port = free_port()
    with running(
        [fn0, "serve", "--listen", f"127.0.0.1:{port}", "--workers", "1", "--limits", "none", str(probe)], pinned=False
    ) as process:
        wait_until_it_answers(port, "/hello")
        idle = resident_mb(process.pid)
        size = 100 * 1024 * 1024
        begin = time.monotonic()
        with socket.create_connection(("127.0.0.1", port), timeout=60) as s:
            s.sendall(f"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n".encode())

            def send():
                piece = bytes(1 << 20)
                for _ in range(100):
                    s.sendall(piece)

            sender = threading.Thread(target=send)
            sender.start()
            got = 0
            while piece := s.recv(1 << 20):
                got += len(piece)
            sender.join()
        if got < size:
            raise SystemExit(f"the echo came back with {got} of {size} bytes")
        return {"idle_mb": idle, "peak_mb": resident_mb(process.pid, "VmHWM"), "seconds": time.monotonic() - begin}


AIMS = [("fn0-warm", "nginx", 0.45), ("fn0-warm", "wasmtime-reuse", 1.6), ("fn0-fresh", "wasmtime", 2.0)]


def report(table, results, memory, cold, echo):
    lines = [
        f"{'one core, wrk with ' + str(CONNECTIONS) + ' connections':32} {'requests/s':>22} {'p50 µs':>8} {'p99 µs':>8} "
        f"{'CPU µs':>7} {'idle MB':>8} {'100 warm MB':>11}"
    ]
    for name, (label, _) in table.items():
        rows = results[name]
        rates = [row["requests_per_second"] for row in rows]
        hundred = f"{memory[name]['after_mb']:11.0f}" if name in memory else f"{'':11}"
        lines.append(
            f"{label:32} {statistics.median(rates):9,.0f} ({min(rates) / 1e3:.1f}–{max(rates) / 1e3:.1f}k) {median(rows, 'p50_us'):8.0f} "
            f"{median(rows, 'p99_us'):8.0f} {median(rows, 'cpu_us_per_request'):7.1f} {median(rows, 'memory_idle_mb'):8.1f} {hundred}"
        )
    lines.append("")
    for one, other, aim in AIMS:
        value = ratio(results, one, other)
        if value is not None:
            lines.append(
                f"{one} / {other:16} {value:6.2f}   (aim {aim})  {'reached' if value >= aim else 'NOT REACHED'}"
            )
    for name, rows in cold.items():
        aim = 2 if name == "hello" else 10
        value = statistics.median(rows)
        lines.append(
            f"cold start, {name:14} {value:6.2f} ms (aim {aim}, {min(rows):.2f}–{max(rows):.2f})  {'reached' if value <= aim else 'NOT REACHED'}"
        )
    if echo:
        over = echo["peak_mb"] - echo["idle_mb"]
        lines.append(
            f"echo of 100 MB: {over:.1f} MB over idle (aim 64), {echo['seconds']:.2f} s  {'reached' if over < 64 else 'NOT REACHED'}"
        )
    return "\n".join(lines) + "\n"


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=int, default=4)
    arguments.add_argument("--only", default="", help="names of servers, with commas")
    arguments.add_argument("--load-only", action="store_true", help="no memory, cold start or echo; nothing is kept")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="fn0-bench-") as scratch:
        table = servers(Path(scratch))
        if chosen.only:
            table = {name: table[name] for name in chosen.only.split(",")}
        results = measure_load(table, chosen.rounds, chosen.seconds)
        extra = chosen.load_only
        memory = {} if extra else measure_hundred(table)
        cold = {} if extra else measure_cold()
        echo = None if extra else measure_echo()
    text = report(table, results, memory, cold, echo)
    print("\n" + text)
    if chosen.load_only or chosen.only:
        return
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "compare.txt").write_text(text)
    (RESULTS / "compare.json").write_text(
        json.dumps({"results": results, "memory": memory, "cold_ms": cold, "echo": echo}, indent=1) + "\n"
    )
    (RESULTS / "compare.svg").write_text(
        chart.bars(
            "Requests per second on one core, the same Rust hello",
            [
                (
                    label,
                    statistics.median(r["requests_per_second"] for r in results[name]),
                    name.startswith("fn0"),
                    min(r["requests_per_second"] for r in results[name]),
                    max(r["requests_per_second"] for r in results[name]),
                )
                for name, (label, _) in table.items()
            ],
        )
    )
    print(f"kept in {RESULTS.relative_to(ROOT)}/compare.txt, .json and .svg")


if __name__ == "__main__":
    sys.exit(main())
