# SPDX-License-Identifier: AGPL-3.0-only
"""What every comparison needs: a server on one core, wrk on another, and what a process takes of CPU and memory."""

import contextlib
import os
import re
import signal
import socket
import statistics
import subprocess
import threading
import time
from pathlib import Path

SERVER_CORE, LOAD_CORE = "0", "1"
CONNECTIONS = 32


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until_it_answers(port, path="/", seconds=60, host="localhost"):
    """One whole exchange, so that compiling is over when this returns."""
    end = time.monotonic() + seconds
    while True:
        try:
            return exchange(port, path, host=host)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.005)


def exchange(port, path="/", host="localhost", timeout=60):
    """One request on a connection of its own; returns (seconds to the first byte, status)."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as s:
        begin = time.perf_counter()
        s.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        head = s.recv(65536)
        first = time.perf_counter() - begin
        if not head:
            raise OSError("closed without an answer")
        while s.recv(65536):
            pass
    return first, int(head.split()[1])


@contextlib.contextmanager
def running(command, pinned=True, **options):
    pin = ["taskset", "-c", SERVER_CORE] if pinned else []
    process = subprocess.Popen(pin + command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options)
    # What a server says is kept for the case that it fails, and read so that it never blocks on a full pipe.
    process.said = []
    reader = threading.Thread(target=lambda: process.said.extend(process.stderr), daemon=True)
    reader.start()
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def children(pid):
    """The process and those it started: nginx works in a child."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += children(int(child))
    return found


def cpu_seconds(pid):
    ticks = 0
    for one in children(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(pid):
    """What the system would have back: pages that several mappings share (a file's, of each instance) count once."""
    return kilobytes(pid, "Pss", "smaps_rollup") / 1024


def resident_mb(pid, key="VmRSS"):
    """As `top` shows it; its peak is VmHWM."""
    return kilobytes(pid, key, "status") / 1024


def kilobytes(pid, key, file):
    """A line of a file in /proc, summed over the process and those it started."""
    return sum(
        int(re.search(rf"{key}:\s+(\d+)", Path(f"/proc/{one}/{file}").read_text()).group(1)) for one in children(pid)
    )


def wrk(port, seconds, connections=CONNECTIONS, path="/", script=None):
    """`script` is a file in Lua that makes the requests; without one they are GET requests of `path`."""
    out = subprocess.run(
        [
            "taskset",
            "-c",
            LOAD_CORE,
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{seconds}s",
            "--latency",
            *(["-s", str(script)] if script else []),
            f"http://127.0.0.1:{port}{path}",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    if re.search(r"Non-2xx|Socket errors", out):
        raise SystemExit(f"the server failed under load:\n{out}")

    def latency(percent):
        value, unit = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", out).groups()
        return float(value) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]

    return {
        "requests_per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)),
        "requests": int(re.search(r"(\d+) requests in", out).group(1)),
        "p50_us": latency(50),
        "p99_us": latency(99),
    }


def measure(command, port, seconds, path="/", script=None):
    """Runs a server under load: what wrk says of it, and what it took of CPU and memory, idle and at the end."""
    with running(command) as process:
        wait_until_it_answers(port)
        idle = memory_mb(process.pid)
        wrk(port, 1, path=path, script=script)
        before = cpu_seconds(process.pid)
        row = wrk(port, seconds, path=path, script=script)
        row["cpu_us_per_request"] = (cpu_seconds(process.pid) - before) * 1e6 / row["requests"]
        row["memory_idle_mb"] = idle
        row["memory_mb"] = memory_mb(process.pid)
    return row


def median(rows, key):
    return statistics.median(row[key] for row in rows)


def ratio(results, one, other):
    """The median over the rounds of requests per second, one to the other."""
    if one not in results or other not in results:
        return None
    return statistics.median(
        a["requests_per_second"] / b["requests_per_second"] for a, b in zip(results[one], results[other])
    )
