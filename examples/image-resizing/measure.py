# SPDX-License-Identifier: Apache-2.0
"""What resizing costs: CPU time and memory by source and result, the table of README.md.

fn0 build && python3 measure.py [FN0]
"""

import json
import subprocess
import sys
import urllib.request

FN0 = sys.argv[1] if len(sys.argv) > 1 else "fn0"
SOURCES = [(160, "jpeg"), (320, "jpeg"), (640, "jpeg"), (1280, "jpeg"), (1280, "png"), (1280, "webp"), (4096, "jpeg")]
RESULTS = [(150, "jpeg"), (300, "jpeg"), (300, "webp"), (300, "png"), (1200, "jpeg"), (1200, "webp")]
TIMES = 7


class Host:
    def __init__(self):
        words = ["serve", ".fn0/image-resizing.wasm", "--limits=none", "--listen=127.0.0.1:0"]
        words += ["--access-log", "--log-format=json", "--workers=1"]
        self.process = subprocess.Popen([FN0, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1].rstrip("/")

    def ask(self, target, file=None):
        """The answer's body, and its line of the log."""
        with urllib.request.urlopen(urllib.request.Request(self.url + target, file)) as answer:
            body, number = answer.read(), answer.headers["x-request-id"]
        for line in self.process.stderr:
            entry = json.loads(line)
            if entry.get("request_id") == number:
                return body, entry


host = Host()
heads = [f"{format} {width}" for width, format in RESULTS]
print("| source | KB |", " | ".join(heads), "| memory |")
print("| --- " * (3 + len(heads)) + "|")
for width, format in SOURCES:
    source, _ = host.ask(f"/?url=/sample.jpg&w={width}&fit=contain&format={format}")
    cells, memory = [], 0
    for wanted, into in RESULTS:
        entries = [host.ask(f"/?w={wanted}&format={into}", source)[1] for _ in range(TIMES)]
        cells.append(f"{min(entry['cpu_ms'] for entry in entries):.1f}" if wanted < width else "")
        memory = max(memory, *(entry["memory_bytes"] for entry in entries))
    size = f"{width} x {round(width * 2 / 3)}, {format}"
    print(f"| {size} | {len(source) / 1024:.0f} |", " | ".join(cells), f"| {memory / 2**20:.0f} MB |", flush=True)
host.process.terminate()
