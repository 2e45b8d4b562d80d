"""Planted drift fires the sign it should, and an unchanged stream none."""

import json

import numpy as np
import pytest

from proofolio.contract import TableError
from proofolio_torch.pictures import monitor
from proofolio_torch.pictures.opened import STATISTICS
from proofolio_torch.stability import Reference


def stream(n, seed, shift=0.0, risk=0.0):
    """Statistics and scores of n pictures; `shift` moves brightness, `risk` the scores."""
    rng = np.random.default_rng(seed)
    inputs = {name: rng.normal(100, 10, n) for name in STATISTICS}
    inputs["brightness"] += shift
    scores = np.clip(rng.beta(2, 5, n) + risk, 0, 1)
    return monitor.Records([f"p{k}" for k in range(n)], scores, inputs, 0)


@pytest.fixture
def about():
    """What an export would have written about a stream like it."""
    seen = stream(2000, 0)
    told = {"run": "r", "positive_class": "yes", "threshold": 0.4}
    told["costs"] = {"miss": 5.0, "false_alarm": 1.0}
    columns = {**seen.inputs, "score": seen.scores}
    told["reference"] = {
        "of": {k: Reference.of(v).as_json() for k, v in columns.items()},
        "cost": monitor.expected_cost(told, seen.scores),
        "positive": float((seen.scores >= 0.4).mean()),
    }
    return json.loads(json.dumps(told))


def fired(signs):
    return {sign.what: sign.asks for sign in signs if sign.fired}


def test_an_unchanged_stream_fires_nothing(about):
    for seed in range(1, 6):
        assert fired(monitor.compare(about, stream(400, seed))) == {}


def test_darker_pictures_ask_for_a_look(about):
    found = fired(monitor.compare(about, stream(400, 1, shift=-15)))
    assert found == {"stability of brightness": monitor.LOOK}


def test_higher_scores_are_seen_in_scores_shares_and_cost(about):
    found = fired(monitor.compare(about, stream(400, 1, risk=0.35)))
    assert {"stability of score", "share of positive decisions"} <= set(found)


def test_paid_cost_asks_for_training_where_the_reference_is_passed(about):
    seen = stream(400, 1)
    honest = np.random.default_rng(3).random(400) < seen.scores
    names = {True: "yes", False: "no"}
    known = {id: names[bool(y)] for id, y in zip(seen.ids, honest, strict=True)}
    assert fired(monitor.compare(about, seen, known)) == {}
    turned = {id: "yes" if v == "no" else "no" for id, v in known.items()}
    assert list(fired(monitor.compare(about, seen, turned)).values()) == [monitor.RETRAIN]


def test_few_decisions_say_nothing(about):
    with pytest.raises(TableError, match="100 or more"):
        list(monitor.compare(about, stream(99, 1)))


def test_the_log_is_read_and_another_refused(tmp_path):
    log = tmp_path / "decisions.jsonl"
    line = {"kind": "decision", "time": "2026-01-02T00:00:00Z", "id": "a", "score": 0.2}
    line |= {"reason": None, "inputs": dict.fromkeys(STATISTICS, 1.0)}
    referred = {**line, "reason": "the model raised ValueError"}
    other = {"kind": "torn"}
    log.write_text("".join(json.dumps(x) + "\n" for x in (line, referred, other)))
    found = monitor.records(log)
    assert (found.ids, found.referred) == (["a"], 1)
    assert monitor.records(log, since="2026-02-01").ids == []
    log.write_text(json.dumps({**line, "inputs": {}}) + "\n")
    with pytest.raises(TableError, match="line 1"):
        monitor.records(log)
    with pytest.raises(TableError, match="serve first"):
        monitor.records(tmp_path / "none")


def test_labels_need_their_columns_and_age_has_a_limit(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("id,label\na,yes\n")
    assert monitor.labels(path) == {"a": "yes"}
    path.write_text("name\na\n")
    with pytest.raises(TableError, match="id and label"):
        monitor.labels(path)
    sign = monitor.age({"run": "r"}, "2026-01-01T00:00:00Z", 30)
    assert sign.fired and sign.asks == monitor.RETRAIN
    assert "-> retrain" in monitor.as_text([sign])
