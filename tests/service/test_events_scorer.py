"""Live scores equal batch scores; what cannot be counted is refused; the state survives."""

import json
from datetime import datetime
from functools import partial

import numpy as np
import pandas as pd
import pytest
from service_support import client
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from proofolio_torch import service
from proofolio_torch.events import cards
from proofolio_torch.events.reasons import groups, reasons
from proofolio_torch.events.scorer import EventScorer
from proofolio_torch.events.windows import DAY, Windows, features

WINDOWS = Windows((DAY, 7 * DAY), (DAY, 7 * DAY), delay=2 * DAY)


@pytest.fixture(scope="module")
def world():
    """A small simulated world and a logistic regression fitted on all but its last day."""
    events = cards.simulate(cards=120, terminals=60, days=20, seed=3)
    x = features(events, WINDOWS)[1]
    x = np.column_stack([events["amount"], x])
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, C=10))
    day = (events["time"] >= events["time"].max().normalize()).to_numpy()
    model.fit(x[~day], (events["label"] == "fraud")[~day])
    return events, day, lambda rows: model.predict_proba(rows)[:, 1]


def scorer(world, **changes) -> EventScorer:
    model = world[2]
    given = {
        "windows": WINDOWS,
        "load": lambda: model,
        "threshold": 0.1,
        "rules": lambda x: (x[:, 0] > 220).astype(float),
        "versions": {"run": "lr", "weights_sha256": "1" * 64, "rules": "amount-220"},
    }
    return EventScorer(**{**given, **changes})


def body(events: pd.DataFrame) -> dict:
    """Return events as a client sends them."""
    rows = events[["id", "unit", "unit2", "amount"]].to_dict("records")
    return {
        "items": [
            {**row, "time": time.isoformat()}
            for row, time in zip(rows, events["time"], strict=True)
        ]
    }


def event(**changes) -> dict:
    plain = {"id": "t1", "unit": "c1", "unit2": "m1", "time": "2018-05-01T00:00:10", "amount": 5}
    return {"items": [{**plain, **changes}]}


@pytest.mark.parametrize("size", [1, 17])
def test_a_day_live_is_the_day_in_batch(world, size):
    events, day, _ = world
    live = scorer(world)
    expected = live.batch(events)[day]
    live.stream.warm(events[~day])
    today, found = events[day], []
    with client(live) as http:
        told = list(events[~day].itertuples())
        known = {e.id for e in told if e.time + pd.Timedelta(days=2) <= told[-1].time}
        labels = [{"id": e.id, "label": e.label} for e in told if e.id not in known]
        for start in range(0, len(labels), 500):
            answer = http.post("/labels", json={"items": labels[start : start + 500]})
            assert all(r["taken"] for r in answer.json()["results"]), answer.text
        for start in range(0, len(today), size):
            answer = http.post("/score", json=body(today.iloc[start : start + size])).json()
            assert not answer["degraded"] and answer["versions"]["run"] == "lr"
            found += [r["score"] for r in answer["results"]]
    assert len(found) == len(today) > 100
    assert np.abs(np.array(found) - expected).max() <= 1e-9
    assert expected.max() > 0.1 > expected.min()


def test_warming_up_takes_what_a_window_can_reach_and_the_labels_known_by_then(world):
    events = world[0]
    live, last = scorer(world), events["time"].max()
    assert live.stream.warm(events) == live.stream.held
    reached = events[events["time"] > last - pd.Timedelta(seconds=WINDOWS.reach)]
    assert live.stream.held == len(reached) < len(events)
    label = live.endpoints[0].item
    told = [live.stream.learn([label(id=e.id, label=e.label)])[0] for e in reached.itertuples()]
    known = (reached["time"] + pd.Timedelta(days=2) <= last).to_numpy()
    assert [not t.taken for t in told] == known.tolist() and 0 < known.sum() < len(known)
    assert all("once" in t.why for t in told if not t.taken)


@pytest.mark.parametrize(
    ("changes", "status", "what"),
    [
        ({"time": "2018-05-01T00:00:09"}, 409, "out of order"),
        ({"id": "t0", "time": "2018-05-01T00:00:11"}, 409, "added before"),
        ({"id": "s", "unit": "c2"}, 409, "out of order"),
        ({"id": "t2", "time": "2999-01-01T00:00:00"}, 422, "does not fit"),
        ({"id": "t2", "time": "2099-01-01T00:00:00"}, 422, "in the future"),
        ({"id": "t2", "time": "2018-05-01T00:00:11.5"}, 422, "time"),
        ({"id": "t2", "time": "soon"}, 422, "time"),
        ({"id": "t2", "amount": -1}, 422, "amount"),
        ({"id": "t2", "amount": "NaN"}, 422, "amount"),
        ({"id": "t2", "amount": None}, 422, "amount"),
        ({"id": "t2", "unit2": None}, 422, "unit2"),
        ({"id": "t2", "unit": ""}, 422, "unit"),
        ({"id": "t 2"}, 422, "id"),
        ({"id": "t2", "label": "fraud"}, 422, "label"),
    ],
)
def test_what_cannot_be_counted_is_refused_and_changes_nothing(world, changes, status, what):
    live = scorer(world)
    with client(live) as http:
        assert http.post("/score", json=event(id="t0")).status_code == 200
        answer = http.post("/score", json=event(**changes))
        assert answer.status_code == status, answer.text
        error = answer.json()["error"]
        assert what in error["what"] and error["expected"] and error["remedy"]
        assert live.stream.held == 1
        assert http.post("/score", json=event(id="t1")).status_code == 200


def test_a_request_is_taken_whole_or_not_at_all(world):
    live = scorer(world)
    wrong = {"items": [event(id=i)["items"][0] for i in ("a", "c", "b")]}
    with client(live) as http:
        assert http.post("/score", json=wrong).status_code == 409
        assert live.stream.held == 0
        wrong["items"][2]["id"] = "c"
        assert http.post("/score", json=wrong).status_code == 409
        assert http.post("/score", json=event(id="a")).status_code == 200


def test_times_with_a_zone_are_converted(world):
    with client(scorer(world)) as http:
        answer = http.post("/score", json=event(time="2018-05-01T02:00:10+02:00")).json()
    assert answer["results"][0]["time"] == "2018-05-01T00:00:10"


def test_late_events_count_as_of_the_last_second_and_batch_agrees(world):
    events, day, _ = world
    live, rng = scorer(world, lateness=600), np.random.default_rng(0)
    live.stream.warm(events[~day])
    today = events[day].copy()
    seen = today["time"] + pd.to_timedelta(rng.integers(0, 300, len(today)), unit="s")
    today = today.loc[seen.sort_values(kind="stable").index]
    with client(live) as http:
        got = http.post("/score", json=body(today.iloc[:400])).json()["results"]
        late = event(id="late", time=(today["time"].max() - pd.Timedelta(days=1)).isoformat())
        assert http.post("/score", json=late).status_code == 409
    counted = today.iloc[:400].assign(
        time=[datetime.fromisoformat(r["time"]) for r in got],
        id=[f"z{i:06d}" for i in range(len(got))],
    )
    assert (counted["time"].to_numpy() > today["time"].to_numpy()[:400]).any()
    told = events["time"] + pd.Timedelta(days=2) <= events[~day]["time"].max()
    known = pd.concat([events[~day].assign(label=events["label"].where(told)), counted])
    known["time"] = known["time"].astype("datetime64[s]")
    known["known_at"] = (known["time"] + pd.Timedelta(days=2)).astype("datetime64[s]")
    expected = live.batch(known)[-len(got) :]
    assert np.abs(np.array([r["score"] for r in got]) - expected).max() <= 1e-9


def test_labels_are_taken_once_each_and_said(world):
    live = scorer(world)
    with client(live) as http:
        http.post("/score", json=event())
        ask = lambda **x: http.post("/labels", json={"items": [x]})  # noqa: E731
        assert ask(id="t1", label="fraud").json()["results"][0]["taken"] is True
        again = ask(id="t1", label="fraud").json()["results"][0]
        assert again["taken"] is False and "once" in again["why"]
        assert ask(id="nobody", label="fraud").json()["results"][0]["taken"] is False
        assert ask(id="t1", label="theft").status_code == 422
        late = event(id="t2", time="2018-05-03T00:00:11")
        risk = live.names.index("unit2_risk_1d")
        x = live.prepare([live.item(**late["items"][0])]).x
        assert x[0, risk] == 1.0


def test_a_label_that_comes_later_than_the_delay_counts_from_then(world):
    live = scorer(world)
    risk = live.names.index("unit2_risk_7d")
    with client(live) as http:
        http.post("/score", json=event())
        item = event(id="t2", time="2018-05-04T00:00:00")["items"][0]
        assert live.prepare([live.item(**item)]).x[0, risk] == 0.0
        taken = http.post("/labels", json={"items": [{"id": "t1", "label": "fraud"}]}).json()
        assert taken["results"][0]["taken"], taken
        item = event(id="t3", time="2018-05-04T00:00:01")["items"][0]
        assert live.prepare([live.item(**item)]).x[0, risk] == 1.0


def test_the_rules_answer_for_a_lost_model_and_the_state_goes_on(world):
    def lost():
        raise FileNotFoundError("weights")

    live = scorer(world, load=lost)
    with client(live) as http:
        answer = http.post("/score", json=event(amount=500)).json()
        assert answer["degraded"] and answer["results"][0]["decision"] == "alert"
        assert answer["results"][0]["threshold"] == 0.5
        assert live.stream.held == 1


def test_an_alert_has_reasons_and_a_line(world, tmp_path):
    events = world[0]
    names = scorer(world).names
    medians = np.median(np.column_stack([events["amount"], features(events, WINDOWS)[1]]), axis=0)
    explain = partial(reasons, reference=medians, groups=groups(names), k=2)
    simple = lambda x: 1 / (1 + np.exp(-(x[:, 0] - 220) / 100))  # noqa: E731
    live = scorer(world, load=lambda: simple, threshold=0.9, explain=explain)
    path = tmp_path / "decisions.jsonl"
    with client(live, log=service.DecisionLog(path)) as http:
        answer = http.post("/score", json=event(amount=800, unit="card-one")).json()
    found = answer["results"][0]
    assert found["decision"] == "alert" and found["reasons"][0]["what"] == "amount"
    assert found["reasons"][0]["change"] > 0 and len(found["reasons"]) <= 2
    line = json.loads(path.read_text().splitlines()[0])
    for name in ("id", "score", "threshold", "decision", "reasons", "time"):
        assert line[name] == found[name]
    assert line["versions"]["rules"] == "amount-220" and "card-one" not in path.read_text()
    assert service.verify(path, head=answer["logged"]).problems == []


def test_the_state_goes_on_after_a_restart(world, tmp_path):
    events, day, _ = world
    whole, part = scorer(world), scorer(world, state=tmp_path / "state.npz")
    today = body(events[day])["items"]
    found = []
    for live in (whole, part):
        assert not live.resumes
        live.stream.warm(events[~day])
        with client(live) as http:
            http.post("/score", json={"items": today[:50]})
            if live is whole:
                found.append(http.post("/score", json={"items": today[50:90]}).json())
    again = scorer(world, state=tmp_path / "state.npz")
    assert again.resumes
    with client(again) as http:
        found.append(http.post("/score", json={"items": today[50:90]}).json())
    assert found[0]["results"] == found[1]["results"]


@pytest.mark.parametrize("broken", ["bytes", "windows", "order"])
def test_a_state_that_does_not_fit_keeps_the_service_from_starting(world, tmp_path, broken):
    path = tmp_path / "state.npz"
    other = {"windows": Windows()} if broken == "windows" else {"lateness": 5}
    scorer(world, **(other if broken != "bytes" else {})).stream.save(path)
    if broken == "bytes":
        path.write_bytes(path.read_bytes()[:-20])
    refused = pytest.raises(service.ServiceError, match="cannot be taken up")
    with refused, client(scorer(world, state=path)):
        pass
