# SPDX-License-Identifier: AGPL-3.0-only
"""Real packages, unchanged, in functions that are built and served: packages/NAME.ts, and requests to each.

FN0_JAVASCRIPT=node runs the same by Node: what is expected here holds there too.
"""

import base64
import hashlib
import json
import re
import time
import zlib

import pytest
from function import Client, project, start
from host import ROOT, eventually
from origin import Origin

SECRET = "it is a secret of 32 characters!!"
VARIABLES = {"SECRET": SECRET, "NAME": "Ada", "KEY": "sk-test"}


@pytest.fixture(scope="module")
def packages():
    return project(ROOT / "tests/javascript/packages")


def served(name):
    """A fixture of a whole module: the function `name`, as a Client."""

    @pytest.fixture(scope="module")
    def client(packages):
        server = start(packages, name, VARIABLES)
        yield Client(server)
        server.stop()

    return client


hono = served("hono.tsx")
itty = served("itty-router.ts")
zod = served("zod.ts")
jose = served("jose.ts")
nanoid = served("nanoid.ts")
marked = served("marked.ts")
preact = served("preact.tsx")
react = served("react.tsx")
date_fns = served("date-fns.ts")
lodash = served("lodash-es.ts")
graphql = served("graphql.ts")
openai = served("openai.ts")
fast_check = served("fast-check.ts")


class PackagesOrigin(Origin):
    """What functions fetch here: a language model's API, and a set of keys."""

    keys = b"{}"

    def _answer_jwks(self, request):
        request.read_body()
        request.answer(self.keys, fields="Content-Type: application/json\r\n")

    def _answer_v1(self, request, *path):
        question = json.loads(b"".join(request.body()))
        self.asked = (path, request.header("authorization"), question)
        if question["model"] == "busy" and len(self.requests) % 2:
            request.answer(
                b'{"error": {"message": "later"}}', 429, "Retry-After-Ms: 1\r\nContent-Type: application/json\r\n"
            )
        elif question["model"] == "missing":
            request.answer(b'{"error": {"message": "no such model"}}', 404, "Content-Type: application/json\r\n")
        elif question.get("stream"):
            self._events(request)
        else:
            answer = {"choices": [{"message": {"role": "assistant", "content": "Hello"}}], "usage": {"total_tokens": 3}}
            request.answer(json.dumps(answer).encode(), fields="Content-Type: application/json\r\n")

    def _events(self, request):
        request.head("Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n")
        words = [{"choices": [{"delta": {"content": word}}]} for word in ("Hel", "lo ", "wörld")]
        events = "".join(f"data: {json.dumps(word, ensure_ascii=False)}\n\n" for word in words) + "data: [DONE]\n\n"
        data = events.encode()
        # Cut without regard to lines or characters.
        for at in range(0, len(data), 37):
            piece = data[at : at + 37]
            request.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            time.sleep(0.02)
        request.send("0\r\n\r\n")


@pytest.fixture(scope="module")
def origin():
    with PackagesOrigin() as origin:
        yield origin


# ---- Hono


def test_hono_routes(hono):
    assert hono.text("/") == "Hello"
    assert hono.json("/users/42?sort=up&tag=a&tag=b%20c") == {"id": 42, "sort": "up", "tags": ["a", "b c"]}
    assert hono.get("/users/ada").status == 404
    assert hono.text("/files/a/b%20c") == "/files/a/b c"
    assert hono.get("/nothing").text == "no /nothing"
    assert hono.json("/part/deep/er/1/2") == {"a": "1", "b": "2"}
    assert hono.json("/part/deep/er/1") == {"a": "1"}
    assert hono.text("/env") == "Ada"
    redirect = hono.get("/redirect")
    assert (redirect.status, redirect.header("location")) == (307, "/elsewhere")
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        assert hono(method, "/method").text == method
    head = hono("HEAD", "/method")
    assert (head.status, head.body) == (200, b"")
    # Hono takes the body of the GET away; that its length is 0 would be wrong (RFC 9110, 8.6).
    assert head.header("content-length") != "0"


def test_hono_errors(hono):
    thrown = hono.get("/throws")
    assert (thrown.status, json.loads(thrown.body)) == (500, {"error": "on purpose"})
    refused = hono.get("/refuses")
    assert (refused.status, refused.text) == (418, "a teapot")
    late = hono.get("/slow")
    assert late.status == 504


def test_hono_cors(hono):
    answer = hono.get("/cors/data", {"Origin": "https://b.example"})
    assert answer.header("access-control-allow-origin") == "https://b.example"
    assert answer.header("access-control-allow-credentials") == "true"
    assert answer.header("access-control-expose-headers") == "x-seen"
    assert answer.header("vary") == "Origin"
    assert json.loads(answer.body) == {"shared": True}
    assert hono.get("/cors/data", {"Origin": "https://evil.example"}).header("access-control-allow-origin") is None
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"}
    preflight = hono("OPTIONS", "/cors/data", None, asked)
    assert (preflight.status, preflight.body) == (204, b"")
    assert preflight.header("access-control-max-age") == "600"
    assert preflight.header("access-control-allow-headers") == "x-own"
    assert "PUT" in preflight.header("access-control-allow-methods")


def test_hono_etag(hono):
    answer = hono.get("/etag/text")
    tag = f'"{hashlib.sha1(b"the same again").hexdigest()}"'
    assert (answer.status, answer.header("etag"), answer.text) == (200, tag, "the same again")
    again = hono.get("/etag/text", {"If-None-Match": f'"other", {tag}'})
    assert (again.status, again.body, again.header("etag")) == (304, b"", tag)
    assert hono.get("/etag/text", {"If-None-Match": '"other"'}).status == 200
    assert hono.get("/etag/weak", {"If-None-Match": 'W/"mine"'}).status == 304


def test_hono_headers(hono):
    answer = hono.get("/secure/page")
    assert answer.header("x-frame-options") == "SAMEORIGIN"
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("server-timing").startswith("total;dur=")
    assert answer.header("x-request-id")
    assert hono.text("/pretty/json?pretty") == '{\n  "a": [\n    1,\n    2\n  ]\n}'


def test_hono_jwt(hono):
    token = hono.text("/token/ada")
    assert hono.json("/private/me", headers={"Authorization": f"Bearer {token}"})["sub"] == "ada"
    refused = hono.get("/private/me")
    assert refused.status == 401 and 'error="invalid_request"' in refused.header("www-authenticate")
    head, body, signature = token.split(".")
    forged = base64.urlsafe_b64encode(b'{"sub":"eve"}').decode().rstrip("=")
    for wrong in (f"{head}.{forged}.{signature}", f"{head}.{body}.AAAA{signature[4:]}", "nonsense"):
        assert hono.get("/private/me", {"Authorization": f"Bearer {wrong}"}).status == 401


def test_hono_other_ways_to_know_who_it_is(hono):
    def basic(text):
        return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}

    assert hono.text("/basic/in", headers=basic("ada:léngthy")) == "in"
    assert hono.get("/basic/in", basic("ada:wrong")).status == 401
    assert hono.text("/bearer/in", headers={"Authorization": "Bearer t0ken"}) == "in"
    assert hono.get("/bearer/in", {"Authorization": "Bearer other"}).status == 401
    form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "http://localhost"}
    assert hono.json("/form/send", "a=1&b=x%20y&a=2", form) == {"a": ["1", "2"], "b": "x y"}
    assert hono.post("/form/send", "a=1", form | {"Origin": "http://evil.example"}).status == 403


def test_hono_cookies(hono):
    answer = hono.get("/cookies/set")
    set_cookies = [value for name, value in answer.headers if name == "set-cookie"]
    assert set_cookies[0] == "plain=a%20b%3Bc; Max-Age=60; Path=/; HttpOnly; SameSite=Lax"
    assert re.fullmatch(r"signed=value\.[\w%]+; Path=/; Secure", set_cookies[1])
    assert set_cookies[2] == "old=; Max-Age=0; Path=/"
    cookies = "; ".join(value.split(";")[0] for value in set_cookies[:2])
    got = hono.json("/cookies/get", headers={"Cookie": cookies})
    assert got["signed"] == "value" and got["all"]["plain"] == "a b;c"
    forged = cookies.replace("signed=value", "signed=other")
    assert hono.json("/cookies/get", headers={"Cookie": forged})["signed"] is False


def test_hono_validates(hono):
    created = hono.post("/people", {"name": "Ada"})
    assert (created.status, json.loads(created.body)) == (201, {"created": "Ada"})
    assert hono.post("/people", {"name": 1}).status == 422
    assert hono.post("/people", "{", {"Content-Type": "application/json"}).status == 400
    assert hono.json("/search?q=a%26b") == {"q": "a&b"}
    assert hono.get("/search").text == "q is missing"


def test_hono_reads_bodies(hono):
    body = (
        '--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nhé\r\n'
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a b.txt"\r\nContent-Type: text/plain\r\n\r\nline\r\n--b--\r\n'
    )
    got = hono.json("/upload", body, {"Content-Type": "multipart/form-data; boundary=b"})
    assert got == {"name": "a b.txt", "type": "text/plain", "size": 4, "text": "line", "note": "hé"}
    assert hono.text("/limited", "0123456789") == "0123456789"
    assert hono.post("/limited", "0123456789a").status == 413
    data = bytes(range(256)) * 1000
    echoed = hono.post("/echo", data, {"Content-Type": "application/x-own"})
    assert echoed.body == data and echoed.header("content-type") == "application/x-own"


def test_hono_streams(hono):
    begin = time.monotonic()
    with hono.server.connect() as connection:
        connection.send_head("GET", "/stream/text")
        head = connection.head()
        assert head.status == 200 and head.header("content-type").startswith("text/plain")
        first = connection.chunk()
        assert first == b"one\n" and time.monotonic() - begin < 5
        rest = b""
        while piece := connection.chunk():
            rest += piece
        assert rest == b"two\nthree\n"
    events = hono.get("/stream/events")
    assert events.header("content-type") == "text/event-stream"
    assert events.text.startswith("event: tick\ndata: line 0\ndata: more\nid: 0\n\nevent: tick\n")
    assert events.text.count("\n\n") == 3
    assert hono.get("/stream/bytes").body == b"\x00\xffpiped"


def test_hono_compresses(hono):
    answer = hono.get("/compressed/text", {"Accept-Encoding": "gzip"})
    assert answer.header("content-encoding") == "gzip"
    assert zlib.decompress(answer.body, wbits=31) == b"all the same " * 500
    assert len(answer.body) < 200
    assert hono.get("/compressed/text").text == "all the same " * 500


def test_hono_passes_requests_on(hono, origin):
    got = hono.json(f"/proxy?url={origin.url('/headers')}")
    assert ["x-own", "1"] in got["headers"]


def test_hono_works_behind_the_answer(hono):
    assert hono.text("/background") == "answered"
    eventually(lambda: "after the answer" in hono.server.said(), what="the line behind the answer")
    assert hono.text("/logged/text") == "logged"
    eventually(
        lambda: any(line.startswith("<-- GET /logged/text") for line in hono.server.said()), what="the logger's line"
    )


def test_hono_renders_jsx(hono):
    row = '<tr><td title="&quot;{0}&quot;">{0}</td><td>{1}</td></tr>'
    rows = row.format("&lt;Ada&gt;", "<b>1815</b>") + row.format("Grace", "")
    page = hono.get("/page")
    assert page.text == f'<html lang="en"><body><table>{rows}</table></body></html>'
    assert page.header("content-type") == "text/html; charset=UTF-8"


# ---- Others


def test_itty_router(itty):
    assert itty.json("/hello/Ada%20L?a=1&a=2&b=") == {"hello": "Ada%20L", "query": {"a": ["1", "2"], "b": ""}}
    page = itty.get("/page", {"Origin": "https://a.example"})
    assert (page.text, page.header("content-type")) == ("<h1>Hi</h1>", "text/html")
    assert page.header("access-control-allow-origin") == "https://a.example"
    assert itty.json("/env") == "Ada"
    assert itty.json("/files/a/b/c.txt") == "a/b/c.txt"
    assert [itty.json("/optional"), itty.json("/optional/x")] == ["none", "x"]
    assert itty.json("/sum", {"numbers": [1, 2, 3.5]}) == {"sum": 6.5}
    assert [itty.get(path).status for path in ("/gone", "/teapot", "/throws", "/created", "/none")] == [
        410,
        418,
        500,
        201,
        404,
    ]
    preflight = itty("OPTIONS", "/sum", None, {"Origin": "https://a.example"})
    assert (preflight.status, preflight.header("access-control-allow-methods")) == (204, "GET,POST")


def test_zod(zod):
    ada = {
        "name": "  Ada ",
        "email": "ada@example.com",
        "born": "1815-12-10",
        "address": {"kind": "net", "url": "https://a.example/"},
        "extra": {"n": 1},
    }
    assert zod.json("/", ada) == ada | {"name": "Ada", "born": "1815-12-10T00:00:00.000Z", "tags": []}
    wrong = {
        "name": "",
        "email": "ada",
        "tags": ["music"],
        "address": {"kind": "net", "url": "no"},
        "extra": {"n": -1},
        "more": 1,
    }
    answer = zod.post("/", wrong)
    assert answer.status == 422
    report = json.loads(answer.body)
    assert {".".join(map(str, issue["path"])): issue["code"] for issue in report["issues"]} == {
        "name": "too_small",
        "email": "invalid_format",
        "tags.0": "invalid_value",
        "address.url": "invalid_format",
        "extra.n": "too_small",
        "": "unrecognized_keys",
    }
    assert "→ at address.url" in report["pretty"]
    nobody = json.loads(zod.post("/", ada | {"name": "nobody"}).body)
    assert nobody["issues"] == [{"code": "custom", "path": ["name"], "message": "nobody is no name"}]
    assert zod.json("/query?page=3&upper=yes") == {"page": 3, "upper": True}
    assert zod.json("/query?page=x") == {"page": 1}
    schema = zod.json("/schema")
    assert schema["additionalProperties"] is False and schema["properties"]["email"]["format"] == "email"


@pytest.mark.parametrize(
    "alg", ["HS256", "HS384", "HS512", "ES256", "ES384", "ES512", "RS256", "PS256", "EdDSA", "Ed25519"]
)
def test_jose_signs(jose, alg):
    assert jose.json(f"/sign?alg={alg}") == {
        "alg": alg,
        "role": "tester",
        "sub": "ada",
        "refusal": "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
    }


@pytest.mark.parametrize(
    "alg, enc",
    [
        ("dir", "A256GCM"),
        ("dir", "A128CBC-HS256"),
        ("A128KW", "A128GCM"),
        ("A256GCMKW", "A256GCM"),
        ("RSA-OAEP-256", "A256GCM"),
        ("ECDH-ES", "A256GCM"),
        ("ECDH-ES+A256KW", "A256CBC-HS512"),
        ("PBES2-HS256+A128KW", "A128GCM"),
    ],
)
def test_jose_encrypts(jose, alg, enc):
    assert jose.text(f"/encrypt?alg={alg.replace('+', '%2B')}&enc={enc}") == "héllo"


@pytest.mark.parametrize("alg, kty", [("ES256", "EC"), ("RS256", "RSA"), ("Ed25519", "OKP")])
def test_jose_exports_keys(jose, alg, kty):
    pem = ["-----BEGIN PRIVATE KEY-----", "-----BEGIN PUBLIC KEY-----"]
    assert jose.json(f"/export?alg={alg}") == {"pem": pem, "kty": kty, "thumbprint": 43}


def test_jose_knows_the_example_of_the_rfc(jose):
    payload = '{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'
    assert jose.json("/known") == {"payload": payload, "late": "ERR_JWT_EXPIRED"}


def test_jose_fetches_keys(jose, origin):
    issued = jose.json("/issue")
    origin.keys = json.dumps(issued["keys"]).encode()
    remote = f"/remote?url={origin.url('/jwks')}&token="
    assert jose.json(remote + issued["token"]) == {"sub": "ada"}
    head, body, signature = issued["token"].split(".")
    assert jose.get(f"{remote}{head}.{body}.AAAA{signature[4:]}").status == 500
    assert ("GET", "/jwks") in [(method, target) for method, target, _ in origin.requests]


def test_nanoid(nanoid):
    one, two = nanoid.json("/"), nanoid.json("/")
    assert re.fullmatch(r"[\w-]{21}", one["first"]) and one["first"] != two["first"]
    assert one["different"] == 1000 and len(one["short"]) == 5 and re.fullmatch(r"\d{12}", one["digits"])
    assert one["digits"] != two["digits"]
    assert (one["insecure"], one["alphabet"], len(one["counting"])) == (21, 64, 5)


def test_marked(marked):
    text = "# Über *all*\n\n| a | b |\n|---|:-:|\n| 1 | `x<y` |\n\n- [x] done\n  1. deep\n\n```js\nlet a = '&';\n```\n[l](/p \"t\") ~~no~~ https://a.example"
    page = marked.text("/", text)
    assert "<h1>Über <em>all</em></h1>" in page
    assert '<td align="center"><code>x&lt;y</code></td>' in page
    assert '<input checked="" disabled="" type="checkbox"> done' in page
    assert '<pre><code class="language-js">let a = &#39;&amp;&#39;;\n</code></pre>' in page
    assert '<a href="/p" title="t">l</a> <del>no</del> <a href="https://a.example">https://a.example</a>' in page
    assert marked.text("/own", "## Own\n[l](/p)") == '<h2 class="own">Own</h2><p><a href="/P">l</a></p>\n'


def rows_of(page):
    return re.findall(r"<tr.*?</tr>", page)


def test_preact(preact):
    page = preact.text("/sync?rows=200")
    rows = rows_of(page)
    assert len(rows) == 200
    assert rows[3] == '<tr style="color:red;padding-top:3px;" class="dark"><td>&lt;row 3></td><td>6</td></tr>'
    waited = preact.text("/async")
    assert "<p>late</p>" in waited and "wait" not in waited
    streamed = preact.text("/stream")
    assert "<i>wait</i>" in streamed and streamed.index("<p>late</p>") > streamed.index("<i>wait</i>")


def test_react(react):
    page = react.text("/string?rows=200")
    rows = rows_of(page)
    assert len(rows) == 200
    assert rows[3] == '<tr class="dark" style="color:red;padding-top:3px"><td>&lt;row 3&gt;</td><td>6</td></tr>'
    whole = react.text("/all")
    assert whole.startswith("<!DOCTYPE html><html") and "<p>late</p>" in whole and "<i>wait</i>" not in whole
    assert react.get("/throws").status == 500


def test_react_streams_what_is_there_first(react):
    with react.server.connect() as connection:
        connection.send_head("GET", "/stream?rows=3")
        assert connection.head().status == 200
        pieces = []
        while piece := connection.chunk():
            pieces.append(piece.decode())
    page = "".join(pieces)
    assert "<i>wait</i>" in pieces[0] and "<p>late" not in pieces[0]
    assert "<p>late</p>" in page and "start()" in page and page.endswith("</html>")


def test_date_fns(date_fns):
    got = date_fns.json("/?date=2024-02-28T22:30:15.250Z")
    assert got["format"] == "Wednesday, 28th February 2024, 22:30:15.250 +00:00"
    assert got["german"] == "Mittwoch, 28. Februar 2024"
    assert got["japanese"] == "2024年2月28日水曜日"
    assert got["iso"] == "2024-02-28T22:30:15Z"
    assert got["parsed"] == 1709251140000 and got["invalid"] is False
    assert got["later"] == "2024-03-30T23:30:15.250Z"
    assert got["earlier"] == "2023-02-28T22:30:15.250Z"
    assert got["business"] == "2024-03-13T22:30:15.250Z"
    assert got["days"] == 19781
    assert (got["distance"], got["relative"]) == ("2 days ago", "last Monday at 10:30 PM")
    assert got["duration"] == {"years": 54, "months": 1, "days": 27, "hours": 22, "minutes": 30, "seconds": 15}
    assert got["week"] == [9, False, "2024-02-26T00:00:00.000Z", "2024-02-29T23:59:59.999Z"]
    assert got["each"] == 4


def test_lodash(lodash):
    assert lodash.json("/") == {
        "calls": 2,
        "chunk": [[0, 1, 2], [3, 4, 5], [6]],
        "grouped": {"3": ["one", "two"], "5": ["three"]},
        "equal": [True, True, False],
        "merged": {"a": {"b": 1, "c": 2, "list": [3, 2]}},
        "path": 5,
        "names": ["fooBarBaz", "foo-bar", "deja vu", "a long..."],
        "sorted": [{"a": 2, "b": 1}, {"a": 1, "b": 1}, {"a": 1, "b": 2}],
        "more": [["a", "b"], [1.2, 2.1], [1, 3], ["fred", "barney", "pebbles"]],
        "objects": [{"a": 1}, {"x": 1, "y": 2}, True],
        "memoized": 1,
        "chained": [2, 4],
        "template": "hello &lt;Ada&gt;!",
    }


def test_graphql(graphql):
    query = 'query($id: ID!) { hello(name: "Ada") dice(sides: 6) person(id: $id) { ...P friends(first: 1) { name } } } fragment P on Person { id name }'
    assert graphql.json("/", {"query": query, "variables": {"id": "1"}}) == {
        "data": {"hello": "Hello Ada", "dice": 6, "person": {"id": "1", "name": "Ada", "friends": [{"name": "Grace"}]}}
    }
    renamed = graphql.json("/", {"query": 'mutation { rename(id: 2, name: "G") { name } }'})
    assert renamed == {"data": {"rename": {"name": "G"}}}
    failed = graphql.json("/", {"query": "{ hello fails }"})
    assert failed["data"] == {"hello": "Hello world", "fails": None}
    assert failed["errors"] == [{"message": "on purpose", "locations": [{"line": 1, "column": 9}], "path": ["fails"]}]
    unknown = graphql.json("/", {"query": "{ helo }"})
    assert unknown["errors"][0]["message"] == 'Cannot query field "helo" on type "Query". Did you mean "hello"?'
    assert "Syntax Error" in graphql.json("/", {"query": "{"})["errors"][0]["message"]
    assert graphql.json("/made", {"query": "{ sum(numbers: [1, 2, 3]) later }"}) == {
        "data": {"sum": 6, "later": "late"}
    }
    assert "type Person {\n  id: ID!\n" in graphql.text("/schema")
    assert {"Query", "Person", "__Schema", "ID"} <= set(graphql.json("/introspection"))


def test_a_client_of_a_language_model(openai, origin):
    base = f"base={origin.url('/v1')}"
    assert openai.json(f"/m?{base}") == {"text": "Hello", "tokens": 3}
    path, authorization, question = origin.asked
    assert (path, authorization) == (("chat", "completions"), "Bearer sk-test")
    assert question == {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    missing = openai.get(f"/missing?{base}")
    assert (missing.status, json.loads(missing.body)["status"]) == (502, 404)
    assert openai.json(f"/busy?{base}")["text"] == "Hello"


def test_a_client_of_a_language_model_reads_a_stream(openai, origin):
    with openai.server.connect() as connection:
        connection.send_head("GET", f"/stream?base={origin.url('/v1')}")
        assert connection.head().status == 200
        pieces = []
        while piece := connection.chunk():
            pieces.append(piece)
    assert b"".join(pieces).decode() == "Hello wörld"
    # Each word left when it came, not all at the end.
    assert len(pieces) >= 3
    lines = openai.text(f"/passed-on?base={origin.url('/v1')}").splitlines()
    assert [json.loads(line)["choices"][0]["delta"]["content"] for line in lines] == ["Hel", "lo ", "wörld"]


@pytest.mark.parametrize("name", ["json", "text", "base64", "parameters", "url", "clone", "sort", "bigint"])
def test_fast_check(fast_check, name):
    assert fast_check.json(f"/{name}") == {"failed": False, "numRuns": 100, "counterexample": None}


def test_fast_check_finds_what_is_wrong(fast_check):
    report = fast_check.json("/wrong")
    assert report["failed"] and report["counterexample"] == [1000]
