# SPDX-License-Identifier: AGPL-3.0-only
"""HTTP/1.1 over a bare socket: sends just the bytes it is told to, and reads responses without being kind to them."""

import socket
import time
from dataclasses import dataclass, field

PIECE_BYTES = 65536


@dataclass
class Response:
    status: int = 0
    version: str = ""
    headers: list = field(default_factory=list)  # (name in lower case, value)
    body: bytes = b""
    trailers: list = field(default_factory=list)
    head_bytes: int = 0
    whole: bool = True  # the framing said where it ends, and it came to there
    chunks: list = field(default_factory=list)  # sizes, of a chunked body

    def header(self, name):
        """The value of a header that must not be there twice; None where it is missing."""
        values = [value for one, value in self.headers if one == name]
        assert len(values) <= 1, f"{name} is there {len(values)} times"
        return values[0] if values else None

    @property
    def text(self):
        return self.body.decode()

    @property
    def error(self):
        """The name of the error in fn0's own answers."""
        status = self.header("proxy-status")
        return status.split('details="')[1].rstrip('"') if status and "details=" in status else None


class Broken(Exception):
    """What came is no HTTP/1.1."""


class Connection:
    """A client's connection. `timeout` bounds each wait."""

    def __init__(self, host, port, timeout=20, receive_buffer=None):
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with a reset in place of a FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    # ---- Sending

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def send_head(self, method, target, headers=(), version="HTTP/1.1"):
        names = {name.lower() for name, _ in headers}
        lines = [f"{method} {target} {version}"]
        if "host" not in names and version == "HTTP/1.1":
            lines.append("Host: localhost")
        lines += [f"{name}: {value}" for name, value in headers]
        self.send("\r\n".join(lines) + "\r\n\r\n")

    def send_chunk(self, data):
        self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def send_last_chunk(self, trailers=()):
        self.send("0\r\n" + "".join(f"{name}: {value}\r\n" for name, value in trailers) + "\r\n")

    def request(self, method, target, headers=(), body=None, chunked=False, trailers=(), version="HTTP/1.1"):
        """One request and its whole response. `chunked`: the body leaves in pieces of 64 KiB."""
        headers = list(headers)
        if chunked or trailers:
            headers.append(("Transfer-Encoding", "chunked"))
        elif body is not None:
            headers.append(("Content-Length", len(body)))
        self.send_head(method, target, headers, version)
        if chunked or trailers:
            for at in range(0, len(body or b""), PIECE_BYTES):
                self.send_chunk(body[at : at + PIECE_BYTES])
            self.send_last_chunk(trailers)
        elif body:
            self.send(body)
        return self.response(head_only=method == "HEAD")

    def get(self, target, headers=()):
        return self.request("GET", target, headers)

    # ---- Receiving

    def _more(self):
        data = self.socket.recv(PIECE_BYTES)
        self.buffer += data
        return bool(data)

    def take_until(self, mark):
        while mark not in self.buffer:
            if not self._more():
                raise Broken(f"closed before {mark!r}: {self.buffer[-200:]!r}")
        taken, self.buffer = self.buffer.split(mark, 1)
        return taken

    def take(self, count):
        while len(self.buffer) < count:
            if not self._more():
                raise Broken(f"closed {count - len(self.buffer)} bytes early")
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def rest(self):
        """All until the other side closes; a reset counts as an end."""
        try:
            while self._more():
                pass
        except ConnectionResetError:
            pass
        taken, self.buffer = self.buffer, b""
        return taken

    def is_closed(self, seconds=5):
        """Whether the other side closes within that time without sending anything more."""
        if self.buffer:
            return False
        before = self.socket.gettimeout()
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False
        finally:
            self.socket.settimeout(before)

    def head(self):
        """Reads one head."""
        text = self.take_until(b"\r\n\r\n")
        response = Response(head_bytes=len(text) + 4)
        status_line, *lines = text.decode("latin-1").split("\r\n")
        try:
            response.version, code, _ = status_line.split(" ", 2)
        except ValueError:
            raise Broken(f"status line {status_line!r}") from None
        response.status = int(code)
        response.headers = [_field(line) for line in lines]
        return response

    def response(self, head_only=False):
        """Reads one response; interim ones are passed over."""
        response = self.head()
        while response.status == 100:
            response = self.head()
        if head_only or response.status in (204, 304):
            return response
        try:
            self._body(response)
        except (Broken, ConnectionResetError):
            response.whole = False
            response.body += self.buffer
        return response

    def _body(self, response):
        length = response.header("content-length")
        coding = response.header("transfer-encoding")
        if length is not None and coding is not None:
            raise Broken("both lengths")
        if coding is not None:
            assert coding == "chunked", coding
            self._chunks(response)
        elif length is not None:
            response.body = self.take(int(length))
        else:
            response.body = self.rest()

    def _chunks(self, response):
        pieces = []
        try:
            while size := self.chunk_size():
                pieces.append(self.take(size))
                response.chunks.append(size)
                if self.take(2) != b"\r\n":
                    raise Broken("no end of the chunk")
            while line := self.take_until(b"\r\n"):
                response.trailers.append(_field(line.decode("latin-1")))
        finally:
            response.body = b"".join(pieces)

    def chunk_size(self):
        return int(self.take_until(b"\r\n"), 16)

    def chunk(self):
        """One chunk, or b"" at the end (whose trailers are left unread)."""
        size = self.chunk_size()
        data = self.take(size)
        if size:
            assert self.take(2) == b"\r\n"
        return data


def _field(line):
    name, colon, value = line.partition(":")
    if not colon or name != name.strip():
        raise Broken(f"field {line!r}")
    return name.lower(), value.strip()


def elapsed(since):
    """Seconds since a time of time.monotonic()."""
    return time.monotonic() - since
