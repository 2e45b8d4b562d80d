"""Keys, limits and errors of the service, and what it tells of itself."""

import json
import logging
import re

import pytest
from service_support import HEADERS, KEY, OTHER, PAYLOAD, Plain, ask, client, settings

import proofolio
from proofolio_torch import service


@pytest.fixture
def found():
    with client() as found:
        yield found


def refused(answer, status: int, what: str) -> dict:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert what in error["what"] and set(error) == {"what", "expected", "received", "remedy"}
    assert answer.json()["versions"]["run"] == "a-run"
    return error


def test_an_answer_says_score_decision_and_versions(found):
    answer = ask(found, 0.7, 0.2).json()
    assert [(r["id"], r["score"], r["decision"]) for r in answer["results"]] == [
        ("i0", 0.7, "alert"),
        ("i1", 0.2, "pass"),
    ]
    assert (answer["degraded"], answer["reason"], answer["scored_by"]) == (False, None, "model")
    assert answer["versions"] == {
        "proofolio": proofolio.__version__,
        "scorer": "plain",
        "run": "a-run",
        "weights_sha256": "0" * 64,
        "rules": "1",
    }
    assert found.get("/version").json()["versions"] == answer["versions"]


@pytest.mark.parametrize(
    "headers", [{}, {"X-API-Key": KEY[:-1]}, {"X-API-Key": ""}, {"Authorization": f"Basic {KEY}"}]
)
@pytest.mark.parametrize("path", ["/score", "/metrics", "/version", "/openapi.json", "/nowhere"])
def test_without_a_key_nothing_is_told(headers, path):
    scorer = Plain()
    with client(scorer, headers=headers) as found:
        answer = ask(found) if path == "/score" else found.get(path)
    refused(answer, 401, "no valid key")
    assert answer.headers["www-authenticate"] == "Bearer" and not scorer.seen


@pytest.mark.parametrize(
    "headers", [HEADERS, {"X-API-Key": OTHER}, {"Authorization": f"Bearer {OTHER}"}]
)
def test_each_of_several_keys_opens(headers):
    with client(headers=headers) as found:
        assert ask(found).status_code == 200


def test_no_key_at_all_refuses_to_start():
    with pytest.raises(service.ServiceError, match="would answer anybody"):
        service.Settings()
    with client(headers={}, keys=service.Keys(), open=True) as found:
        assert ask(found).status_code == 200


def test_keys_come_from_a_file_and_the_environment(tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"# keys\n\nbank:{KEY}\n")
    keys = service.Keys.read(environ={"PROOFOLIO_KEYS_FILE": str(file), "PROOFOLIO_KEYS": OTHER})
    assert (keys.name_of(KEY.encode()), keys.name_of(OTHER.encode())) == ("bank", "key1")
    assert keys.name_of(b"\xff") is None and KEY not in repr(keys) and len(keys) == 2
    assert len(service.Keys.read(file, environ={})) == 1
    assert not service.Keys.read(environ={})
    with pytest.raises(service.ServiceError, match="cannot be read"):
        service.Keys.read(tmp_path / "none", environ={})


@pytest.mark.parametrize("entries", [["short"], [KEY, f"b:{KEY}"], [f":{KEY}"]])
def test_a_bad_key_is_refused_and_not_shown(entries):
    with pytest.raises(service.ServiceError, match="cannot be used") as error:
        service.Keys(entries)
    assert KEY not in str(error.value)


def test_every_key_is_compared(monkeypatch):
    from proofolio_torch.service import keys as room

    compared, real = [], room.hmac.compare_digest
    monkeypatch.setattr(room.hmac, "compare_digest", lambda a, b: compared.append(0) or real(a, b))
    service.Keys([KEY, OTHER]).name_of(KEY.encode())
    assert len(compared) == 2


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"items": []}, "items"),
        ({"items": [{"id": "a", "value": 0.1}] * 6}, "items"),
        ({"items": [{"id": "a", "value": 1.1}]}, "items.0.value"),
        ({"items": [{"id": "a", "value": "NaN"}]}, "items.0.value"),
        ({"items": [{"id": "", "value": 0.1}]}, "items.0.id"),
        ({"items": [{"id": "a"}]}, "items.0.value"),
        ({"items": [{"id": "a", "value": 0.1, "more": 1}]}, "items.0.more"),
        ({"items": [{"id": "a", "value": 0.1}], "more": 1}, "more"),
        ([], "the body"),
        ("{", "does not fit"),
    ],
)
def test_a_body_outside_the_schema_is_refused(body, what):
    scorer = Plain()
    text = body if isinstance(body, str) else json.dumps(body)
    with client(scorer, items=5) as found:
        answer = found.post("/score", content=text, headers={"Content-Type": "application/json"})
    error = refused(answer, 422, what)
    assert error["expected"] and not scorer.seen


def test_nested_json_is_refused():
    with client() as found:
        answer = found.post(
            "/score", content="[" * 200_000, headers={"Content-Type": "application/json"}
        )
    assert answer.status_code in (400, 422) and answer.json()["error"]["what"]


def test_a_large_body_is_refused_before_it_is_read():
    with client(body_bytes=200) as found:
        refused(found.post("/score", content=b"x" * 201), 413, "too large")
        pieces = (b"x" * 50 for _ in range(10))
        refused(found.post("/score", content=pieces), 413, "too large")
        assert ask(found).status_code == 200


def test_the_scorer_refuses_what_does_not_fit_its_state(found):
    answer = found.post("/score", json={"items": [{"id": "old", "value": 0.1}]})
    assert refused(answer, 409, "too late")["received"] == "old"


def test_unknown_paths_and_methods_are_json_errors(found):
    refused(found.get("/nowhere"), 404, "Not Found")
    refused(found.get("/score"), 405, "Method Not Allowed")


def test_a_scorer_adds_endpoints(found):
    answer = found.post("/keep", json={"items": [{"id": "a", "value": 0.1}]}).json()
    assert answer["results"] == [{"id": "a"}] and answer["versions"]["run"] == "a-run"


def test_the_state_has_one_thread():
    scorer = Plain()
    with client(scorer) as found:
        for _ in range(5):
            ask(found)
    assert len(scorer.threads) == 1 and scorer.closed


def test_health_needs_no_key():
    with client(headers={}) as found:
        for path in ("/health", "/health/ready", "/health/live"):
            assert found.get(path).status_code == 200
        assert found.get("/health").json()["ready"] is True
    app = service.create(Plain(), settings=settings())
    assert app.state.service.health()["ready"] is False


def test_metrics_count_what_happened(found):
    ask(found, 0.7, 0.2)
    ask(found, 2)
    found.get(f"/{PAYLOAD}")
    found.get("/version", headers={"X-API-Key": "wrong"})
    text = found.get("/metrics").text
    for line in (
        'proofolio_requests_total{path="/score",status="200"} 1.0',
        'proofolio_requests_total{path="/score",status="422"} 1.0',
        'proofolio_requests_total{path="other",status="404"} 1.0',
        'proofolio_items_total{by="model",decision="alert"} 1.0',
        'proofolio_refused_total{reason="key"} 1.0',
        "proofolio_model_ready 1.0",
        "proofolio_requests_inside 0.0",
    ):
        assert line in text, line
    assert re.search(r'request_seconds_bucket\{le="0.005",path="/score"\}', text)
    assert PAYLOAD not in text


def test_neither_keys_nor_payloads_are_logged(caplog):
    caplog.set_level(logging.DEBUG)
    with client(Plain(fail=ValueError(f"{PAYLOAD} is odd"))) as found:
        ask(found)
        found.post("/score", json={"items": [{"id": PAYLOAD, "value": 0.3}]})
        found.post("/score", json={"items": [{"id": PAYLOAD, "value": 3}]})
        found.get(f"/{PAYLOAD}?key={KEY}")
        found.get("/version", headers={"X-API-Key": PAYLOAD})
    ours = [r for r in caplog.records if r.name.startswith("proofolio")]
    assert any("ValueError at service_support.py" in r.getMessage() for r in ours)
    assert any(" shop" in r.getMessage() for r in ours)
    for record in ours:
        assert PAYLOAD not in record.getMessage() and KEY not in record.getMessage()


@pytest.mark.parametrize("change", [{"items": 0}, {"model_s": 0.0}, {"waiting": -1}])
def test_a_limit_that_lets_nothing_through_is_refused(change):
    with pytest.raises(service.ServiceError, match="lets nothing through"):
        settings(**change)
    settings(waiting=0)


def test_the_schema_is_told(found):
    schema = found.get("/openapi.json").json()
    assert {"/score", "/keep", "/health", "/metrics", "/version"} <= set(schema["paths"])
    assert schema["components"]["schemas"]["ScoreRequest"]["properties"]["items"]["maxItems"] == 500
    assert found.get("/docs").status_code == 404
