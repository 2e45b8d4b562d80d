"""Degraded mode, time-outs, capacity, the decision log behind the answers, and the end."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from service_support import KEY, Plain, ask, client, hang, settings, until

from proofolio_torch import service
from proofolio_torch.service.capacity import Full, Gate


def by_rules(answer, reason: str) -> None:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["degraded"], body["scored_by"]) == (True, "rules")
    assert reason in body["reason"] and body["results"][0]["score"] == 1.0
    assert body["versions"]["rules"] == "1"


def test_a_model_that_raises_falls_back_to_the_rules():
    scorer = Plain(fail=KeyError("secret"))
    with client(scorer) as found:
        by_rules(ask(found), "raised KeyError")
        scorer.fail = None
        assert ask(found).json()["degraded"] is False
        text = found.get("/metrics").text
    assert 'proofolio_degraded_total{reason="the model raised KeyError"} 1.0' in text


def test_a_model_that_does_not_load_falls_back_to_the_rules():
    with client(Plain(load_fails=FileNotFoundError("weights"))) as found:
        by_rules(ask(found), "did not load: FileNotFoundError")
        health = found.get("/health")
        assert health.status_code == 200 and health.json()["degraded"] is True
        assert "proofolio_model_ready 0.0" in found.get("/metrics").text


def test_a_model_that_loads_for_ever_falls_back_to_the_rules():
    scorer = Plain()
    scorer.load = lambda: scorer.release.wait(10)
    with client(scorer, load_s=0.05) as found:
        by_rules(ask(found), "did not load within 0.05 s")
        scorer.release.set()


def test_a_model_that_takes_too_long_falls_back_to_the_rules():
    scorer = hang(Plain())
    with client(scorer, model_s=0.1, running=2) as found:
        by_rules(ask(found), "longer than 0.1 s")
        by_rules(ask(found), "longer than 0.1 s")
        started = time.perf_counter()
        by_rules(ask(found), "every thread of the model hangs")
        assert time.perf_counter() - started < 0.09
        scorer.release.set()
        until(lambda: not found.app.state.service.runner.hanging)
        assert ask(found).json()["degraded"] is False


@pytest.mark.parametrize("wrong", [[], [None], "nan", TimeoutError()])
def test_a_model_whose_answer_is_no_answer_falls_back_to_the_rules(wrong):
    scorer = Plain(fail=wrong if isinstance(wrong, Exception) else None)
    if wrong == "nan":
        scorer.model = lambda items: [scorer.scored(item, float("nan")) for item in items]
    elif isinstance(wrong, list):
        scorer.model = lambda items: wrong
    with client(scorer) as found:
        by_rules(ask(found), "the model")


def test_rules_that_fail_are_an_error_that_tells_nothing(caplog):
    with client(Plain(fail=ValueError(), rules_fail=ValueError("secret"))) as found:
        answer = ask(found)
    assert answer.status_code == 500 and "secret" not in answer.text + caplog.text
    assert answer.json()["error"]["remedy"] and answer.json()["versions"]["rules"] == "1"


def test_what_cannot_be_done_without_keeps_the_service_from_starting():
    scorer = Plain()

    def start():
        raise service.ServiceError("the state is lost")

    scorer.start = start
    with pytest.raises(service.ServiceError, match="state is lost"), client(scorer):
        pass


def test_beyond_capacity_the_caller_is_told_to_come_back():
    scorer = hang(Plain())
    limits = {"running": 1, "waiting": 1, "model_s": 8.0, "waiting_s": 8.0, "retry_after_s": 3}
    with client(scorer, **limits) as found, ThreadPoolExecutor(2) as pool:
        gate = found.app.state.service.gate
        first = pool.submit(ask, found)
        until(lambda: scorer.seen)
        second = pool.submit(ask, found)
        until(lambda: gate.inside == 2)
        third = ask(found)
        assert (third.status_code, third.headers["retry-after"]) == (503, "3")
        assert "at its limit" in third.json()["error"]["what"] and len(scorer.seen) == 1
        assert found.get("/health").status_code == 200
        scorer.release.set()
        assert first.result().status_code == second.result().status_code == 200
        assert gate.inside == 0
        assert 'refused_total{reason="full"} 1.0' in found.get("/metrics").text


def test_who_waits_too_long_is_told_to_come_back():
    scorer = hang(Plain())
    limits = {"running": 1, "model_s": 8.0, "waiting_s": 0.05}
    with client(scorer, **limits) as found, ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, found)
        until(lambda: scorer.seen)
        answer = ask(found)
        assert answer.status_code == 503 and "no turn" in answer.json()["error"]["what"]
        scorer.release.set()
        assert first.result().status_code == 200


def test_a_request_has_a_time_limit_as_a_whole():
    scorer = Plain()
    scorer.prepare = lambda items: scorer.release.wait(10)
    with client(scorer, request_s=0.1) as found:
        answer = ask(found)
        assert answer.status_code == 504 and "too long" in answer.json()["error"]["what"]
        scorer.release.set()


def test_a_body_has_a_time_limit():
    app = service.create(Plain(), settings=settings(body_s=0.05))
    sent = []

    async def never():
        await asyncio.sleep(10)

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/score",
        "headers": [(b"x-api-key", KEY.encode())],
    }
    asyncio.run(app({**scope, "query_string": b""}, never, send))
    assert sent[0]["status"] == 408


def test_a_closed_gate_lets_nobody_in():
    async def closed():
        gate = Gate(1, 1, 1.0)
        gate.closed = True
        async with gate.enter():
            pass

    with pytest.raises(Full, match="closing"):
        asyncio.run(closed())


def test_every_decision_is_a_line(tmp_path):
    path = tmp_path / "decisions.jsonl"
    scorer = Plain()
    with client(scorer, log=service.DecisionLog(path)) as found:
        head = ask(found, 0.7, 0.2).json()["logged"]
        assert service.verify(path, head=head).problems == []
        scorer.fail = ValueError()
        ask(found, 0.1)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(x["id"], x["score"], x["decision"], x["scored_by"]) for x in lines] == [
        ("i0", 0.7, "alert", "model"),
        ("i1", 0.2, "pass", "model"),
        ("i0", 1.0, "alert", "rules"),
    ]
    assert {x["caller"] for x in lines} == {"shop"} and KEY not in path.read_text()
    assert lines[0]["versions"]["run"] == "a-run" and lines[2]["reason"]
    verdict = service.verify(path)
    assert (verdict.problems, verdict.anchored) == ([], 3)


def test_no_answer_is_given_that_is_not_logged(tmp_path):
    log = service.DecisionLog(tmp_path / "decisions.jsonl")
    with client(log=log) as found:
        log.close()
        answer = ask(found)
    assert answer.status_code == 503 and "closed" in answer.json()["error"]["what"]


SERVED = """
import sys
from service_support import Plain, hang, settings
from proofolio_torch import service
scorer = Plain()
if sys.argv[3] == "hangs":
    scorer.fail = lambda: scorer.release.wait(60)
else:
    scorer.fail = lambda: __import__("time").sleep(0.5)
log = service.DecisionLog(sys.argv[1])
service.serve(scorer, settings=settings(model_s=0.8), log=log, port=int(sys.argv[2]))
"""


@pytest.mark.parametrize("model", ["slow", "hangs"])
def test_told_to_stop_it_answers_what_is_open_and_anchors_the_log(tmp_path, model):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = tmp_path / "decisions.jsonl"
    paths = [str(Path(__file__).parent), *sys.path]
    served = subprocess.Popen(
        [sys.executable, "-c", SERVED, path, str(port), model],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stderr=subprocess.PIPE,
    )
    address = f"http://127.0.0.1:{port}"

    def ready() -> bool:
        try:
            return urllib.request.urlopen(f"{address}/health").status == 200
        except urllib.error.URLError:
            return False

    def post() -> dict:
        body = json.dumps({"items": [{"id": "a", "value": 0.7}]}).encode()
        headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
        asked = urllib.request.Request(f"{address}/score", body, headers)
        with urllib.request.urlopen(asked) as answer:
            return json.load(answer)

    try:
        until(ready, 20)
        with ThreadPoolExecutor(1) as pool:
            open_request = pool.submit(post)
            time.sleep(0.2)
            served.send_signal(signal.SIGTERM)
            answer = open_request.result()
        assert answer["degraded"] is (model == "hangs")
        said = served.communicate(timeout=10)[1].decode()
    finally:
        served.kill()
        served.wait()
    assert "POST /score 200" in said and KEY not in said and "Traceback" not in said
    verdict = service.verify(path, head=answer["logged"])
    assert (verdict.problems, verdict.anchored, verdict.head.lines) == ([], 1, 1)
