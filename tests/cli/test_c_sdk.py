# SPDX-License-Identifier: AGPL-3.0-only
"""Functions in C: what sdk/c offers, and what a build says of sources that are wrong."""

import pytest
from host import ROOT, SHARED_CACHE, Host
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

void fn0_handle(struct fn0_request *request)
{
    const char *path = fn0_path(request);
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
    with Host(project.path / ".fn0/c.wasm", "--env", "GREETING=hi") as running:
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


def test_what_is_missing(project, tmp_path):
    result = project.build(FN0_SDK_C=str(tmp_path))
    assert result.returncode == 1 and "include/fn0.h is missing" in result.stderr
    project.write("src/new.h", "")
    result = project.build(PATH=str(tmp_path))
    assert result.returncode == 1 and "clang is not on PATH" in result.stderr
