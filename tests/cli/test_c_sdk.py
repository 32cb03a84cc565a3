# SPDX-License-Identifier: AGPL-3.0-only
"""Functions in C: what sdk/c offers, and what a build says of sources that are wrong."""

import json
import re
from urllib.parse import quote

import pytest
from host import ROOT, SHARED_CACHE, Host
from origin import Origin
from projects import Folder

SOURCE = """\
#include <fn0.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "other.h"

static void report(struct fn0_request *request)
{
    size_t bytes;
    const char *body = fn0_body(request, &bytes);
    const char *again = fn0_body(request, NULL);
    const char *query = fn0_query(request, "a b");
    const char *field = fn0_field(request, "X-Some");
    fn0_set_status(request, 201);
    fn0_add_field(request, "x-made", "yes");
    fn0_add_field(request, "x-made", "twice");
    fn0_print(request, "%s|%s|%s|%s|%s|%zu|%s|%s", fn0_method(request), fn0_path(request), query ? query : "none",
              field ? field : "none", body ? body : "cut", bytes, body == again ? "same" : "other", other());
}

static void send(struct fn0_request *request, const char *url)
{
    const char *fields[] = {"x-some", "value", "x-other", "1", NULL};
    const char *method = fn0_query(request, "method");
    const struct fn0_fetch_options options = {.method = method,
                                              .fields = fields,
                                              .body = fn0_query(request, "body"),
                                              .body_bytes = strlen(fn0_query(request, "body")),
                                              .timeout_ms = 500};
    struct fn0_fetch *fetch = fn0_fetch(request, url, &options);
    const char *body = fn0_fetch_body(fetch, NULL);
    fn0_print(request, "%d|%s|%s|%s", fn0_fetch_status(fetch), fn0_fetch_error(fetch) ? fn0_fetch_error(fetch) : "well",
              fn0_fetch_field(fetch, "Content-Type") ? fn0_fetch_field(fetch, "Content-Type") : "none",
              body ? body : "cut");
}

/* The answer's body goes on as it comes. */
static void pass_on(struct fn0_request *request, const char *url)
{
    char piece[1000];
    struct fn0_fetch *fetch = fn0_fetch(request, url, NULL);
    long bytes;
    fn0_set_status(request, fn0_fetch_status(fetch));
    while ((bytes = fn0_fetch_read(fetch, piece, sizeof(piece))) > 0)
        fn0_write(request, piece, (size_t)bytes);
    if (bytes < 0)
        fn0_print(request, "|cut");
    fn0_print(request, "|%ld", fn0_fetch_read(fetch, piece, sizeof(piece)));
}

/* Two at a time, and one that nobody reads. */
static void ask_twice(struct fn0_request *request, const char *url)
{
    struct fn0_fetch *first = fn0_fetch(request, url, NULL);
    struct fn0_fetch *second = fn0_fetch(request, url, NULL);
    (void)fn0_fetch(request, url, NULL);
    const char *one = fn0_fetch_body(first, NULL);
    fn0_print(request, "%s%s", fn0_fetch_body(second, NULL), one);
}

void fn0_handle(struct fn0_request *request)
{
    const char *path = fn0_path(request);
    const char *url = fn0_query(request, "url");
    if (strcmp(path, "/send") == 0) {
        send(request, url);
        return;
    }
    if (strcmp(path, "/pass-on") == 0) {
        pass_on(request, url);
        return;
    }
    if (strcmp(path, "/twice") == 0) {
        ask_twice(request, url);
        return;
    }
    if (strcmp(path, "/nothing") == 0)
        return;
    if (strcmp(path, "/large") == 0) {
        char text[10001];
        memset(text, 'x', sizeof(text));
        for (int i = 0; i < 100; i++)
            fn0_write(request, text, sizeof(text));
    } else if (strcmp(path, "/late") == 0) {
        fn0_write(request, "a", 1);
        fn0_print(request, "%d%d", fn0_set_status(request, 500), fn0_add_field(request, "a", "b"));
    } else if (strcmp(path, "/wrong") == 0) {
        fn0_print(request, "%d%d%d", fn0_set_status(request, 99), fn0_add_field(request, "a b", "c"),
                  fn0_add_field(request, "a", "b\\nc"));
    } else if (strcmp(path, "/log") == 0) {
        printf("seen\\n");
        fprintf(stderr, "odd\\n");
        fn0_answer(request, 202, "text/html", getenv("GREETING"));
    } else if (strcmp(path, "/trap") == 0) {
        abort();
    } else {
        report(request);
    }
}
"""


class Project(Folder):
    def environment(self, **variables):
        return super().environment(**{"FN0_SDK_C": str(ROOT / "build/sdk/c"), **variables})

    def build(self, **variables):
        SHARED_CACHE.mkdir(parents=True, exist_ok=True)
        return self.fn0("build", f"--cache-dir={SHARED_CACHE}", **variables)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    made = Project(tmp_path_factory.mktemp("c"))
    made.write("fn0.toml", 'name = "c"\nmain = "src/main.c"\n')
    made.write("src/main.c", SOURCE)
    made.write("src/other.c", '#include "other.h"\n\nconst char *other(void)\n{\n    return "beside";\n}\n')
    made.write("src/other.h", "const char *other(void);\n")
    result = made.build()
    assert result.returncode == 0, result.stderr
    return made


@pytest.fixture(scope="module")
def host(project):
    with Host(project.path / ".fn0/c.wasm", "--env", "GREETING=hi", "--outbound-allow", "127.0.0.1") as running:
        yield running


@pytest.fixture(scope="module")
def origin():
    with Origin() as running:
        yield running


def test_a_request_is_told_whole(host):
    answer = host.request("POST", "/some/path?x=1&a+b=c%20d%2&a+b=2", headers=[("x-some", "value")], body=b"the body")
    assert answer.status == 201
    assert answer.text == "POST|/some/path|c d%2|value|the body|8|same|beside"
    assert [value for name, value in answer.headers if name == "x-made"] == ["yes", "twice"]
    assert host.request("BREW", "/?a+b").text == "BREW|/||none||0|same|beside"
    assert host.get("/").text == "GET|/|none|none||0|same|beside"


def test_answers(host):
    answer = host.get("/nothing")
    assert answer.status == 200 and answer.body == b""
    assert host.get("/large").body.count(b"x") == 1000100
    assert host.get("/late").text == "a00"
    assert host.get("/wrong").text == "000"


def test_requests_to_others(host, origin):
    def send(url, body="", method="POST"):
        return host.get(f"/send?url={quote(url, safe='')}&body={quote(body)}&method={method}").text

    assert send(origin.url("/echo"), "the body") == "200|well|none|the body"
    status, error, kind, seen = send(origin.url("/headers?a=b#c"), "", "PATCH").split("|", 3)
    assert (status, error, kind) == ("200", "well", "application/json")
    report = json.loads(seen)
    assert (report["method"], report["target"]) == ("PATCH", "/headers?a=b")
    assert ["x-some", "value"] in report["headers"] and ["x-other", "1"] in report["headers"]
    # Methods that have no number of their own, and an URL without a path.
    assert json.loads(send(origin.url("/headers"), "", "BREW").split("|", 3)[3])["method"] == "BREW"
    assert send(origin.url("")) == "200|well|none|origin\n" == send(origin.url("?x"))
    assert send(origin.url("/status/404")).startswith("404|well|")


@pytest.mark.parametrize(
    "url, error",
    [
        ("ftp://a/", "HTTP-request-URI-invalid"),
        ("http:///", "HTTP-request-URI-invalid"),
        ("http://a b/", "HTTP-request-URI-invalid"),
        ("http://127.0.0.1:1/", "connection-refused"),
        ("http://10.0.0.1/", "destination-IP-prohibited"),
    ],
)
def test_requests_that_fail(host, url, error):
    answer = host.get(f"/send?url={quote(url, safe='')}&body=&method=GET")
    assert answer.text == f"0|{error}|none|cut"


def test_answers_that_fail(host, origin):
    def send(target):
        return host.get(f"/send?url={quote(origin.url(target), safe='')}&body=&method=GET").text

    assert send("/nothing") == "0|connection-terminated|none|cut"
    assert send("/cut").startswith("200|well|") and send("/cut").endswith("|cut")
    # Its time is over.
    assert send("/slow/5000").startswith("0|") and "timeout" in send("/slow/5000")


def test_bodies_that_are_streamed(host, origin):
    url = quote(origin.url("/bytes/1000100"), safe="")
    answer = host.get(f"/pass-on?url={url}")
    assert answer.status == 200 and answer.text == "o" * 1000100 + "|0"
    url = quote(origin.url("/cut"), safe="")
    assert host.get(f"/pass-on?url={url}").text.endswith("|cut|-1")
    # What it holds ends with each call.
    url = quote(origin.url("/"), safe="")
    for _ in range(100):
        assert host.get(f"/twice?url={url}").text == "origin\norigin\n"


def test_the_example_in_the_documentation(tmp_path, origin):
    text = (ROOT / "docs/c.md").read_text()
    example = re.search(r"((?:    .*\n|\n)*    .*fn0_fetch\((?:.*\n)(?:    .*\n|\n)*)", text)[1]
    project = Project(tmp_path)
    project.write("fn0.toml", 'name = "example"\nmain = "main.c"\n')
    project.write("main.c", re.sub(r"^    ", "", example, flags=re.M).replace("https://api.example.com/", origin.url()))
    result = project.build()
    assert result.returncode == 0 and "warning" not in result.stderr, result.stderr
    with Host(tmp_path / ".fn0/example.wasm", "--outbound-allow", "127.0.0.1") as host:
        answer = host.get("/bytes/5000")
        assert answer.status == 200 and answer.body == b"o" * 5000
        assert host.get("/nothing").status == 502
    # Nothing more than what is used is asked of a host.
    assert b"outgoing-handler" in (tmp_path / ".fn0/example.wasm").read_bytes()
    project.write(
        "main.c", '#include <fn0.h>\nvoid fn0_handle(struct fn0_request *r) { fn0_answer(r, 200, "a/b", ""); }\n'
    )
    assert project.build().returncode == 0
    assert b"outgoing-handler" not in (tmp_path / ".fn0/example.wasm").read_bytes()


def test_logs_and_variables(host):
    answer = host.get("/log")
    assert answer.status == 202 and answer.text == "hi"
    assert answer.header("content-type") == "text/html"
    assert host.wait_for_line(message="output", line="seen") and host.wait_for_line(message="output", line="odd")


def test_a_trap_names_functions(host):
    assert host.get("/trap").status == 502
    assert "fn0_handle" in host.wait_for_line(message="call failed")["detail"]


def test_what_is_wrong_with_the_source_is_said(project):
    main = project.path / "src/main.c"
    try:
        main.write_text("this is no C\n")
        result = project.build()
        assert result.returncode == 1 and "src/main.c:1:1: error: " in result.stderr
        assert result.stderr.endswith("fn0: clang could not build src/main.c: the reason is above\n")
    finally:
        main.write_text(SOURCE)


def test_what_was_not_read_builds_nothing(project):
    def build():
        result = project.build()
        assert result.returncode == 0, result.stderr
        return "up to date" not in result.stdout

    build()
    assert not build()
    project.write("app.log", "1")
    # It is new: it might have been included.
    assert build()
    project.write("app.log", "12")
    assert not build()
    project.write("src/other.h", "const char *other(void);\n\n")
    assert build() and not build()
    project.write("src/other.c", '#include "other.h"\n\nconst char *other(void)\n{\n    return "beside";\n}\n\n')
    assert build() and not build()


def test_what_is_missing(project, tmp_path):
    result = project.build(FN0_SDK_C=str(tmp_path))
    assert result.returncode == 1 and "include/fn0.h is missing" in result.stderr
    project.write("src/new.h", "")
    result = project.build(PATH=str(tmp_path))
    assert result.returncode == 1 and "clang is not on PATH" in result.stderr
