"""The exported model is the recorded one; served, it scores live as in batch, and says when not."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from proofolio import decisions, evidence, files, project, table, verify
from proofolio.contract import Layout, RunError, SealError
from proofolio_torch import service
from proofolio_torch.events import windows
from test_contract import ROOT

from fraud_sequences import again, classical, export, serve

KEY = "a-key-for-the-tests-only-0001"
HEADERS = {"X-API-Key": KEY}


@pytest.fixture(scope="module")
def last(root):
    """The table, and the day to be served: the first that the exported model scores."""
    events = table.read(Layout(root))
    day = events["time"].max().normalize() - pd.Timedelta(days=6)
    return events, str(day.date())


def body(events: pd.DataFrame) -> list[dict]:
    rows = events[["id", "unit", "unit2", "amount"]].to_dict("records")
    return [r | {"time": t.isoformat()} for r, t in zip(rows, events["time"], strict=True)]


@contextmanager
def client(scorer, log=None, **limits):
    settings = service.Settings(keys=service.Keys([f"team:{KEY}"]), **limits)
    with TestClient(service.create(scorer, settings=settings, log=log), headers=HEADERS) as http:
        yield http


def large(**changes) -> dict:
    event = {"id": "z1", "unit": "c1", "unit2": "m1", "time": "2018-07-01T10:00:00", "amount": 900}
    return {"items": [event | changes]}


def test_before_a_selection_nothing_is_exported_or_served(plain):
    with pytest.raises(SealError, match="nothing is selected"):
        export.champion(plain)
    with pytest.raises(RunError, match="no exported model"):
        serve.scorer(plain)


def test_a_configuration_is_tried_without_being_registered(own):
    before = files.read_json(Layout(own).registry)
    path = export.champion(own, 1, config="boosting")
    assert path == own / "work/export/boosting.ubj"
    assert files.read_json(Layout(own).registry) == before
    assert serve.scorer(own, path).versions()["fold"] == "1"


def test_a_rung_without_trees_is_refused_with_the_remedy(root):
    with pytest.raises(RunError, match="no export") as error:
        export.champion(root, config="rules")
    assert "export --config NAME" in error.value.remedy


def test_the_export_is_registered_and_verify_is_content(root):
    entry = files.read_json(Layout(root).registry)["models"]["champion"]
    parity = evidence.results.read(Layout(root), "export_parity")
    assert entry["weights"] == export.FILE and entry["remade_by"] == parity.how
    assert parity.value == 0 and all(row["equal"] == row["n"] > 1000 for row in parity.table)
    assert not verify.run(root).problems


def test_verify_misses_a_parity_that_is_gone(own):
    Layout(own).result("export_parity").unlink()
    assert any("no parity result" in str(problem) for problem in verify.run(own).problems)


def test_the_same_bytes_every_time_and_one_file_per_fold(own):
    first = (own / export.FILE).read_bytes()
    assert export.champion(own).read_bytes() == first
    other = export.champion(own, 1, into="models/fold_1.ubj")
    assert other.read_bytes() != first and serve.registered(own) == other
    assert not verify.run(own).problems


def test_trees_of_other_settings_are_not_taken_for_the_runs(own, monkeypatch):
    right = classical.trees
    monkeypatch.setattr(classical, "trees", lambda study: right(study).set_params(max_depth=2))
    with pytest.raises(RunError, match="not the model of run"):
        export.champion(own)


@pytest.mark.parametrize("size", [1, 37])
def test_live_scores_are_the_recorded_ones(root, last, size):
    events, day = last
    run = again.selected(Layout(root))
    live = serve.scorer(root)
    serve.warm(live, root, day)
    before = events[events["time"] < day]
    today = events[(events["time"] >= day)].head(370)
    batch = pd.Series(live.batch(events), events["id"])[today["id"]].to_numpy()
    known = before["time"] + pd.Timedelta(days=7) <= before["time"].max()
    late = before[~known.to_numpy()]
    told = [{"id": e.id, "label": e.label} for e in late.itertuples()]
    found = []
    with client(live) as http:
        for start in range(0, len(told), 500):
            answer = http.post("/labels", json={"items": told[start : start + 500]}).json()
            assert all(row["taken"] for row in answer["results"])
        items = body(today)
        for start in range(0, len(items), size):
            answer = http.post("/score", json={"items": items[start : start + size]}).json()
            assert not answer["degraded"] and answer["versions"]["run"] == run.id
            found += [row["score"] for row in answer["results"]]
    assert found == batch.tolist()  # to the last bit
    stored = evidence.predictions(Layout(root), run)
    stored = stored[stored["fold"] == 2].set_index("id")["p_fraud"]
    whole = stored[stored >= stored.quantile(0.95)]  # stored as they were
    mine = pd.Series(found, today["id"]).reindex(whole.index).dropna()
    assert len(mine) >= 5
    assert (mine == decisions.calibrate(whole[mine.index].to_numpy(), run.calibration)).all()


def test_a_label_that_comes_back_changes_what_is_seen_of_a_terminal(root, last):
    live = serve.scorer(root)
    risk = live.names.index("unit2_risk_7d")
    with client(live) as http:
        http.post("/score", json=large(unit2="m9"))
        taken = http.post("/labels", json={"items": [{"id": "z1", "label": "fraud"}]}).json()
        assert taken["results"][0]["taken"]
        wrong = http.post("/labels", json={"items": [{"id": "z1", "label": "theft"}]})
        assert wrong.status_code == 422
    later = live.item(**large(id="z2", unit2="m9", time="2018-07-09T10:00:00")["items"][0])
    assert live.prepare([later]).x[0, risk] == 1.0


def test_an_alert_says_why_in_log_odds(root, last):
    events, day = last
    live = serve.scorer(root)
    serve.warm(live, root, day)
    with client(live) as http:
        items = body(events[events["time"] >= day].head(400))
        found = http.post("/score", json={"items": items}).json()["results"]
    alerts = [row for row in found if row["decision"] == "alert"]
    assert alerts and all(1 <= len(row["reasons"]) <= 3 for row in alerts)
    assert {r["unit"] for row in alerts for r in row["reasons"]} == {"log-odds"}
    sure = max(alerts, key=lambda row: row["score"])["reasons"]
    assert sure[0]["what"] == "unit2_risk" and sure[0]["change"] >= sure[-1]["change"] > 0
    assert not any(row["reasons"] for row in found if row["decision"] == "pass")


def test_who_may_not_ask_and_what_does_not_fit(root):
    with client(serve.scorer(root), items=2) as http:
        assert http.post("/score", json=large(), headers={"X-API-Key": "x"}).status_code == 401
        for wrong in ({"amount": -1}, {"unit2": None}, {"label": "fraud"}, {"time": "soon"}):
            assert http.post("/score", json=large(**wrong)).status_code == 422
        assert http.post("/score", json={"items": large()["items"] * 3}).status_code == 422
        assert http.post("/score", json=large(time="2999-01-01T00:00:00")).status_code == 422


def test_beyond_capacity_the_caller_is_told_to_come_back(root):
    live, release = serve.scorer(root), threading.Event()
    live._load = lambda: lambda x: (release.wait(10), np.zeros(len(x)))[1]
    with (
        client(live, running=1, waiting=0, model_s=9.0) as http,
        ThreadPoolExecutor(1) as pool,
    ):
        first = pool.submit(http.post, "/score", json=large())
        end = time.monotonic() + 5
        while not live.stream.held and time.monotonic() < end:
            time.sleep(0.01)
        second = http.post("/score", json=large(id="z2"))
        assert second.status_code == 503 and second.headers["Retry-After"] == "1"
        release.set()
        assert first.result().status_code == 200 and live.stream.held == 1


@pytest.mark.parametrize("broken", ["cut", "other", "gone"])
def test_the_rules_answer_for_a_broken_model_and_say_so(own, broken):
    path = own / export.FILE
    if broken == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-9] + (b"" if broken == "cut" else b"123456789"))
    live = serve.scorer(own)
    with client(live) as http:
        assert http.get("/health").json()["reason"] == "the model did not load: RunError"
        answer = http.post("/score", json=large()).json()
        low = http.post("/score", json=large(id="z2", amount=1)).json()
    assert answer["degraded"] and answer["scored_by"] == "rules"
    assert (answer["results"][0]["decision"], low["results"][0]["decision"]) == ("alert", "pass")
    assert answer["results"][0]["reasons"][0] | {"change": 0} == {
        "what": "amount", "change": 0, "unit": "score",
    }  # fmt: skip


def test_rules_score_as_their_run_recorded(root, last):
    run = again.named(Layout(root), project.load(root), "rules")
    live, events = serve.scorer(root), last[0]
    stored = evidence.predictions(Layout(root), run)
    stored = stored[stored["fold"] == 2].set_index("id")["p_fraud"]
    x = np.column_stack([events["amount"], windows.features(events, live.windows)[1]])
    scores = pd.Series(live._rules(x), events["id"])[stored.index]
    expected = decisions.calibrate(stored.to_numpy(), run.calibration)
    assert np.abs(scores.to_numpy() - expected).max() < 0.01  # stored to 4 bits below the top


def ask(address: str, items: dict | None = None, key: str = KEY) -> tuple[int, str]:
    """Return status and text of a request to a real service."""
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    sent = None if items is None else json.dumps(items).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(address, sent, headers)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@contextmanager
def served(root: Path, *given: str):
    """Run the real command on a free port, and stop it as an operator would."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, paths = f"http://127.0.0.1:{port}", os.pathsep.join([str(ROOT / "src"), *sys.path])
    command = [sys.executable, "-m", "fraud_sequences", "serve", "--port", str(port), *given]
    environment = os.environ | {"PYTHONPATH": paths, "PROOFOLIO_KEYS": f"team:{KEY}"}
    process = subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 60
        while True:
            try:
                ask(f"{address}/health")
                break
            except urllib.error.URLError:
                assert process.poll() is None and time.monotonic() < end, "it did not start"
                time.sleep(0.1)
        yield address
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, -signal.SIGTERM)  # which uvicorn raises again at the end
    finally:
        process.kill()
        process.wait()


def test_a_process_of_its_own_serves_logs_and_stops(own, last):
    events, day = last
    today = events[events["time"] >= day].head(60)
    with served(own, "--warm-until", day) as address:
        status, text = ask(f"{address}/score", {"items": body(today)})
        assert status == 200, text
        head, names = (json.loads(text)[name] for name in ("logged", "versions"))
        assert names["weights_sha256"] == files.sha256_file(own / export.FILE)
        assert names["settings_sha256"] == files.sha256_file(own / "models/champion.json")
        assert "proofolio_" in ask(f"{address}/metrics")[1]
        assert ask(f"{address}/score", large(), key="x")[0] == 401
    log = own / "work/serving/decisions.jsonl"
    assert service.verify(log, head=head).problems == []
    assert (own / "work/serving/state.npz").is_file()
    lines = log.read_text().splitlines(keepends=True)
    assert len(lines) == 60 and KEY not in log.read_text() and today["unit"].iloc[0] not in lines[0]
    edited = json.dumps(json.loads(lines[20]) | {"decision": "alert", "score": 0.99}) + "\n"
    edit, removal = [*lines[:20], edited, *lines[21:]], [*lines[:20], *lines[21:]]
    for broken in (edit, removal, lines[:40], []):
        log.write_text("".join(broken))
        assert service.verify(log).problems, "it was not noticed"
