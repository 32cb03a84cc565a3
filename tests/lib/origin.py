# SPDX-License-Identifier: AGPL-3.0-only
"""A small origin server on loopback for outgoing requests: it remembers what it was asked, and misbehaves on demand.

/                    "origin\n"
/headers             the request's head as JSON
/echo                the body back, chunked, with its trailers
/size                how many bytes the body had
/bytes/N             N bytes
/slow/MS             waits before its head
/gap/MS              waits between two chunks
/status/CODE         that status
/trailers            a trailer behind the body
/cut                 closes within the body
/nothing             closes without a head
/garbage             no HTTP
/headers-of/N        a header field of N bytes
/redirect            302 to /
/forever             writes until it cannot
/connection          the number of the connection, from 1
"""

import contextlib
import json
import socket
import threading
import time


class Origin:
    """Listens until it is closed; each connection has a thread."""

    def __init__(self, address="127.0.0.1", context=None):
        self.context = context
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.socket(family)
        self.listener.bind((address, 0))
        self.listener.listen(128)
        self.port = self.listener.getsockname()[1]
        self.authority = f"[{address}]:{self.port}" if ":" in address else f"{address}:{self.port}"
        self.connections = 0
        self.requests = []  # (method, target, headers)
        self.written = 0  # bytes that /forever got rid of
        self._closing = False
        self._sockets = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def url(self, target="/"):
        return f"{'https' if self.context else 'http'}://{self.authority}{target}"

    def close(self):
        self._closing = True
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.drop_connections()

    def drop_connections(self):
        with self._lock:
            sockets = list(self._sockets)
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def open_connections(self):
        with self._lock:
            return len(self._sockets)

    def _accept(self):
        while not self._closing:
            try:
                accepted, _ = self.listener.accept()
            except OSError:
                return
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.connections += 1
                number = self.connections
                self._sockets.add(accepted)
            threading.Thread(target=self._serve, args=(accepted, number), daemon=True).start()

    def _serve(self, accepted, number):
        plain = accepted
        try:
            if self.context:
                accepted = self.context.wrap_socket(accepted, server_side=True)
            accepted.settimeout(30)
            stream = accepted.makefile("rb")
            while self._one(accepted, stream, number):
                pass
        except (OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._sockets.discard(plain)
            with contextlib.suppress(OSError):
                accepted.close()

    def _one(self, accepted, stream, number):
        line = stream.readline().decode("latin-1").strip()
        if not line:
            return False
        method, target, _ = line.split(" ")
        headers = []
        while field := stream.readline().decode("latin-1").strip():
            name, _, value = field.partition(":")
            headers.append((name.lower(), value.strip()))
        with self._lock:
            self.requests.append((method, target, headers))
        request = _Request(accepted, stream, method, target, headers, number)
        name, *rest = target.lstrip("/").split("?")[0].split("/")
        answer = getattr(self, "_answer_" + (name.replace("-", "_") or "root"), self._answer_missing)
        return answer(request, *rest) is not False

    def _answer_missing(self, request, *_):
        request.read_body()
        request.answer(b"no such route\n", status=404)

    def _answer_root(self, request):
        request.read_body()
        request.answer(b"origin\n")

    def _answer_headers(self, request):
        request.read_body()
        report = {"method": request.method, "target": request.target, "headers": request.headers}
        request.answer(json.dumps(report).encode(), fields="Content-Type: application/json\r\n")

    def _answer_echo(self, request):
        body = b"".join(request.body())
        request.head("Transfer-Encoding: chunked\r\n")
        if body:
            request.send(b"%x\r\n%s\r\n" % (len(body), body))
        request.send("0\r\n" + "".join(f"{name}: {value}\r\n" for name, value in request.trailers) + "\r\n")

    def _answer_size(self, request):
        request.answer(str(sum(map(len, request.body()))).encode())

    def _answer_bytes(self, request, count):
        request.read_body()
        request.answer(b"o" * int(count))

    def _answer_slow(self, request, milliseconds):
        request.read_body()
        time.sleep(int(milliseconds) / 1000)
        request.answer(b"slow\n")

    def _answer_gap(self, request, milliseconds):
        request.read_body()
        request.head("Transfer-Encoding: chunked\r\n")
        request.send("3\r\none\r\n")
        time.sleep(int(milliseconds) / 1000)
        request.send("3\r\ntwo\r\n0\r\n\r\n")

    def _answer_status(self, request, code):
        request.read_body()
        request.answer(b"" if code in ("204", "304") else b"status\n", status=int(code))

    def _answer_trailers(self, request):
        request.read_body()
        request.head("Transfer-Encoding: chunked\r\nTrailer: x-sum\r\n")
        request.send("3\r\nabc\r\n0\r\nX-Sum: 123\r\n\r\n")

    def _answer_cut(self, request):
        request.read_body()
        request.head("Content-Length: 100\r\n")
        request.send("half")
        return False

    def _answer_nothing(self, _):
        return False

    def _answer_garbage(self, request):
        request.send("220 mail.example ESMTP\r\n\r\n")
        return False

    def _answer_headers_of(self, request, count):
        request.read_body()
        request.answer(b"", fields="X-Filler: " + "f" * int(count) + "\r\n")

    def _answer_redirect(self, request):
        request.read_body()
        request.answer(b"elsewhere\n", status=302, fields="Location: /\r\n")

    def _answer_connection(self, request):
        request.read_body()
        request.answer(str(request.number).encode())

    def _answer_forever(self, request):
        request.read_body()
        request.head("Transfer-Encoding: chunked\r\n")
        piece = b"10000\r\n" + b"o" * 65536 + b"\r\n"
        while not self._closing:
            request.send(piece)
            self.written += 65536


class _Request:
    def __init__(self, connected, stream, method, target, headers, number):
        self.socket, self.stream = connected, stream
        self.method, self.target, self.headers, self.number = method, target, headers, number
        self.trailers = []

    def header(self, name):
        return next((value for one, value in self.headers if one == name), None)

    def body(self):
        """The body, piece by piece."""
        if self.header("expect"):
            self.send("HTTP/1.1 100 Continue\r\n\r\n")
        if self.header("transfer-encoding") == "chunked":
            while size := int(self.stream.readline(), 16):
                yield self.stream.read(size)
                self.stream.readline()
            while line := self.stream.readline().decode().strip():
                name, _, value = line.partition(":")
                self.trailers.append((name, value.strip()))
        else:
            left = int(self.header("content-length") or 0)
            while left and (piece := self.stream.read(min(left, 65536))):
                left -= len(piece)
                yield piece

    def read_body(self):
        for _ in self.body():
            pass

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def head(self, fields, status=200):
        self.send(f"HTTP/1.1 {status} Status\r\n{fields}\r\n")

    def answer(self, body, status=200, fields=""):
        length = "" if status in (204, 304) else f"Content-Length: {len(body)}\r\n"
        self.head(length + fields, status)
        if self.method != "HEAD":
            self.send(body)
