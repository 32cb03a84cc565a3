# SPDX-License-Identifier: AGPL-3.0-only
"""Instances kept from call to call: when they are, when not, and that nobody meets what is not theirs."""

import json
import threading
import time

import pytest
from host import SANITIZED, Host, eventually, guest


def count(host, **options):
    return json.loads(host.get("/count", **options).body)["count"]


def test_an_instance_is_kept(start_host):
    host = start_host(guest("probe"))
    assert [count(host) for _ in range(5)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("way", ["flag", "file"])
def test_without_reuse_every_call_has_a_fresh_one(start_host, way):
    if way == "flag":
        host = start_host(guest("probe"), "--instance-reuse", "false")
    else:
        host = start_host(guest("probe"), config="[instance]\nreuse = false\n")
    assert [count(host) for _ in range(5)] == [1, 1, 1, 1, 1]


def test_uses_are_bounded(start_host):
    host = start_host(guest("probe"), config="[instance]\nuses_max = 3\n")
    assert [count(host) for _ in range(7)] == [1, 2, 3, 1, 2, 3, 1]


def test_idle_time_is_bounded(start_host):
    host = start_host(guest("probe"), config='[instance]\nidle_time = "200ms"\n')
    assert count(host) == 1
    assert count(host) == 2
    time.sleep(1)
    assert count(host) == 1


def test_memory_is_bounded(start_host):
    """An instance that has grown past the mark is not kept."""
    config = '[limits]\ncpu = "1s"\n[limits.max]\ncpu = "1s"\n[instance]\nmemory_mark = "4MB"\n'
    host = start_host(guest("probe"), config=config)
    host.get("/memory?mb=1")
    assert count(host) == 2
    host.get("/memory?mb=8")
    assert count(host) == 1


def sleepers(host, number):
    """So many calls at a time, whose ends nobody has waited for yet."""
    connections = [host.connect() for _ in range(number)]
    for connection in connections:
        connection.send_head("GET", "/sleep?ms=300")
    eventually(lambda: len(running(host)) == number, what="the calls")
    return connections


def running(host):
    return {line["request_id"] for line in host.lines(message="call", to="running")} - {
        line["request_id"] for line in host.lines(message="call", to="ended")
    }


def wait_for(connections):
    for connection in connections:
        assert connection.response().status == 200
        connection.close()


@pytest.mark.parametrize(("taken", "next_count"), [(1, 2), (2, 1)])
def test_their_number_is_bounded(start_host, taken, next_count):
    """Two of five are kept: while one of them works the other is met, and while both do a fresh one."""
    host = start_host(guest("probe"), config="[instance]\nwarm_max = 2\n")
    wait_for(sleepers(host, 5))
    eventually(lambda: not running(host), what="the ends of the calls")
    busy = sleepers(host, taken)
    assert count(host) == next_count
    wait_for(busy)


def test_the_last_used_is_taken_first(start_host):
    """So that the others can grow cold."""
    host = start_host(guest("probe"))
    connections = [host.connect() for _ in range(3)]
    for connection in connections:
        connection.send_head("GET", "/sleep?ms=100")
    for connection in connections:
        connection.response()
    counts = [count(host) for _ in range(6)]
    assert counts == [2, 3, 4, 5, 6, 7]
    for connection in connections:
        connection.close()


def test_calls_at_a_time_have_instances_of_their_own(start_host):
    host = start_host(guest("probe"), workers=2)
    answers = []

    def one():
        answers.append(host.get("/sleep?ms=300").status)

    threads = [threading.Thread(target=one) for _ in range(20)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 20
    assert time.monotonic() - started < 3


def test_functions_never_share_instances(start_host, tmp_path):
    functions = tmp_path / "functions"
    functions.mkdir()
    for name in ("one", "two"):
        (functions / f"{name}.wasm").write_bytes(guest("probe").read_bytes())
    host = start_host(functions=functions)

    def ask(name):
        return json.loads(host.get("/count", [("Host", f"{name}.localhost")]).body)["count"]

    assert [ask("one"), ask("one"), ask("two"), ask("one"), ask("two")] == [1, 2, 1, 3, 2]


def test_an_instance_is_fresh_memory(start_host):
    """What an instance wrote is not found by the next one in its slot of the pool."""
    host = start_host(guest("probe"), "--limits", "none", config="[instance]\nuses_max = 1\n")
    for _ in range(5):
        report = json.loads(host.get("/memory?mb=64").body)
        assert report["grown"] is True
    assert count(host) == 1
    if not SANITIZED:
        eventually(lambda: host.resident_bytes() < 128 * 1024 * 1024, what="memory given back")


# ---- Guests that answer once per instance (StarlingMonkey's `fetch` event)


@pytest.fixture(scope="module")
def once():
    with Host(guest("javascript-fetch-event"), "--limits", "none") as host:
        yield host


def test_a_guest_that_answers_once_is_found_out(once):
    """The second call meets a kept instance that cannot answer: it runs again on a fresh one, and nobody notices."""
    for _ in range(6):
        response = once.get("/count")
        assert response.status == 200 and json.loads(response.body) == {"count": 1}
    message = "an instance of this version answers only once: each call gets a fresh one from now on"
    assert len(once.lines(message=message)) == 1


def test_and_bodies_reach_it(once):
    for _ in range(3):
        assert once.request("POST", "/echo", body=b"a body").body == b"a body"


def test_a_guest_that_answers_once_need_not_be_found_out(start_host):
    host = start_host(guest("javascript-fetch-event"), "--limits", "none", "--instance-reuse", "false")
    assert [host.get("/count").status for _ in range(3)] == [200] * 3
    assert not [line for line in host.log if "answers only once" in str(line)]


def test_a_body_sent_to_a_used_up_instance(start_host):
    """Found out by a request with a body: that is not read before the guest asks for it, so it can run again."""
    host = start_host(guest("javascript-fetch-event"), "--limits", "none")
    answers = [host.request("POST", "/echo", body=b"x" * 1000) for _ in range(3)]
    assert [answer.status for answer in answers] == [200] * 3
    assert all(answer.body == b"x" * 1000 for answer in answers)
