# SPDX-License-Identifier: Apache-2.0
"""Functions in Python. A whole one:

    from fn0 import Request, Response


    def handle(request: Request) -> Response:
        return Response("Hello, world!\\n")

`handle` is called for each request. An instance answers one request at a time, and is mostly kept for the next: globals
may survive, and must not be relied on. What stands at module level runs once, when the function is built.

The variables of the function's environment are in `os.environ` when `handle` is called. `print` writes a line of its
log. An exception is answered with 500, and is a line of its log with its traceback.
"""

import json as _json
import os
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.imports import environment, outgoing_handler, types
from wit_world.imports.streams import StreamError_Closed

__all__ = ["Fields", "Request", "Response", "fetch"]

# What a host takes at once, and what is asked of it at once.
_WRITE_BYTES = 4096
_READ_BYTES = 65536

Body = str | bytes | Iterable[bytes]


class Fields:
    """Header fields: names in any case, a name as often as it is there."""

    def __init__(self, items: Iterable[tuple[str, str]] = ()):
        self._items = [(name, value) for name, value in items]

    def get(self, name: str, default: str | None = None) -> str | None:
        """The first field that is called so."""
        return next((value for one, value in self._items if one.lower() == name.lower()), default)

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __iter__(self):
        """All of them, as (name, value)."""
        return iter(self._items)

    def add(self, name: str, value: str) -> None:
        self._items.append((name, value))


def _as_fields(headers) -> Fields:
    if isinstance(headers, Fields):
        return headers
    return Fields(headers.items() if hasattr(headers, "items") else headers or ())


def _read_fields(fields: types.Fields) -> Fields:
    return Fields((name, value.decode("latin-1")) for name, value in fields.entries())


def _write_fields(fields: Fields) -> types.Fields:
    return types.Fields.from_list([(name, value.encode("latin-1")) for name, value in fields])


class _Message:
    """What requests and answers of others have in common: header fields, and a body that is read once."""

    def __init__(self, headers: Fields, consume):
        self.headers = headers
        self._consume = consume
        self._read: bytes | None = None

    def chunks(self):
        """The body as it arrives, in pieces of bytes; once."""
        with self._consume() as body, body.stream() as stream:
            while True:
                try:
                    yield stream.blocking_read(_READ_BYTES)
                except Err as error:
                    if isinstance(error.value, StreamError_Closed):
                        return
                    raise ConnectionError("the body was cut off") from None

    @property
    def body(self) -> bytes:
        """The whole body."""
        if self._read is None:
            self._read = b"".join(self.chunks())
        return self._read

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self):
        return _json.loads(self.body)


class Request(_Message):
    """A request: `method`, `path`, `query` (a dict of the first value of each name), `headers`, `body`, `text`, `json()`."""

    def __init__(self, incoming: types.IncomingRequest):
        super().__init__(_read_fields(incoming.headers()), incoming.consume)
        method = incoming.method()
        name = type(method).__name__.removeprefix("Method_").upper()
        self.method: str = method.value if isinstance(method, types.Method_Other) else name
        target = incoming.path_with_query() or "/"
        self.path, _, self.query_string = target.partition("?")
        self.host: str = incoming.authority() or ""
        self.query: dict[str, str] = {}
        for key, value in parse_qsl(self.query_string, keep_blank_values=True):
            self.query.setdefault(key, value)


@dataclass
class Response:
    """An answer. `body` is a text, bytes, or whatever yields bytes: those leave as they come."""

    body: Body = b""
    status: int = 200
    headers: object = None
    content_type: str | None = None

    @classmethod
    def json(cls, value, status: int = 200, headers=None) -> "Response":
        return cls(_json.dumps(value), status, headers, "application/json")

    def _chunks(self) -> Iterable[bytes]:
        if isinstance(self.body, str):
            return [self.body.encode()]
        return [self.body] if isinstance(self.body, (bytes, bytearray)) else self.body

    def _fields(self) -> Fields:
        fields = Fields(_as_fields(self.headers))
        if "content-type" not in fields:
            is_text = isinstance(self.body, str)
            fields.add(
                "content-type",
                self.content_type or ("text/plain; charset=utf-8" if is_text else "application/octet-stream"),
            )
        return fields


# ---- Outgoing requests ----


class Answer(_Message):
    """What `fetch` came back with: `status`, `headers`, `body`, `text`, `json()`."""

    def __init__(self, incoming: types.IncomingResponse):
        super().__init__(_read_fields(incoming.headers()), incoming.consume)
        self.status: int = incoming.status()


_METHODS = {
    name.removeprefix("Method_").upper(): getattr(types, name)
    for name in dir(types)
    if name.startswith("Method_") and name != "Method_Other"
}


def fetch(url: str, method: str = "GET", headers=None, body: str | bytes | None = None) -> Answer:
    """Makes a request, and waits for the head of its answer. ConnectionError where it fails."""
    parts = urlsplit(url)
    request = types.OutgoingRequest(_write_fields(_as_fields(headers)))
    request.set_method(_METHODS[method]() if method in _METHODS else types.Method_Other(method))
    request.set_scheme(types.Scheme_Https() if parts.scheme == "https" else types.Scheme_Http())
    request.set_authority(parts.netloc)
    request.set_path_with_query((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    outgoing = request.body()
    try:
        future = outgoing_handler.handle(request, None)
        _write(outgoing, [body.encode() if isinstance(body, str) else body or b""])
        with future.subscribe() as ready:
            ready.block()
        result = future.get().value
    except Err as error:
        raise ConnectionError(f"{url}: {type(error.value).__name__}") from None
    if isinstance(result, Err):
        raise ConnectionError(f"{url}: {type(result.value).__name__.removeprefix('ErrorCode_')}")
    return Answer(result.value)


# ---- A call ----


def _write(body: types.OutgoingBody, chunks: Iterable[bytes]) -> None:
    with body.write() as stream:
        for chunk in chunks:
            for begin in range(0, len(chunk), _WRITE_BYTES):
                stream.blocking_write_and_flush(bytes(chunk[begin : begin + _WRITE_BYTES]))
    types.OutgoingBody.finish(body, None)


def _answer(response: Response, out: types.ResponseOutparam) -> None:
    outgoing = types.OutgoingResponse(_write_fields(response._fields()))
    outgoing.set_status_code(response.status)
    body = outgoing.body()
    types.ResponseOutparam.set(out, Ok(outgoing))
    try:
        _write(body, response._chunks())
    except Err:
        pass  # The client is gone: there is nobody left to answer.


def serve(handle) -> type:
    """The class that a component exports for a handler; what `fn0 build` adds to the author's module."""

    class IncomingHandler(exports.IncomingHandler):
        def handle(self, request: types.IncomingRequest, response_out: types.ResponseOutparam) -> None:
            # Those of the build stand there until the first call.
            os.environ.update(environment.get_environment())
            try:
                response = handle(Request(request))
                if not isinstance(response, Response):
                    raise TypeError(f"handle returned {type(response).__name__}, not a Response")
            except Exception:
                traceback.print_exc()
                response = Response("The function failed.\n", 500)
            _answer(response, response_out)

    return IncomingHandler
