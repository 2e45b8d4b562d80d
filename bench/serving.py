"""Load the scoring service of events: `python bench/serving.py` (or `make bench`).

Each line starts the service in a process of its own, warm with 60 days of simulated cards, lets N
clients (threads of this process, one connection each, the next request as soon as the last is
answered) send the events of the days after in order, and reports the time to an answer and the
answers per second. Every answer has its line in the decision log, flushed to the disk, unless the
line says otherwise. Beside it: the same events by the same scorer without HTTP, one after the
other, whose scores must be those of the whole table at once. Clients and service share the cores.
Results go to bench/results/serving.json and serving.csv with hardware and versions.

    python bench/serving.py --case case_studies/fraud_sequences

loads the case's registered model (or, before there is one, what `export --config` made) with the
payments of its newest validation week instead, and writes bench/results/serving_fraud.*. A case of
pictures is loaded by bench/serving_images.py.
"""

import http.client
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from run import seconds, write
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from proofolio import evidence, splits, table
from proofolio.contract import Layout
from proofolio_torch import service
from proofolio_torch.events import cards
from proofolio_torch.events.scorer import EventScorer
from proofolio_torch.events.windows import Windows, features

KEY = "a-key-that-opens-nothing-else"
WARM_DAYS, DAYS, REQUESTS = 60, 75, 3000
CASES = (  # model, clients, events per request, log
    ("logistic", 1, 1, "flushed"),
    ("logistic", 8, 1, "flushed"),
    ("logistic", 8, 1, "not flushed"),
    ("logistic", 8, 1, "none"),
    ("boosting", 1, 1, "flushed"),
    ("boosting", 8, 1, "flushed"),
    ("boosting", 32, 1, "flushed"),
    ("boosting", 4, 50, "flushed"),
)
OF_CASE = ((1, 1), (8, 1), (32, 1), (1, 50), (4, 50), (2, 500))  # clients, events per request
LATENESS = 86_400  # clients overtake each other; the simulated time between events is long
CHECKED = 1000  # events whose live score is held against the table's


def scorer(model: str) -> tuple[EventScorer, list[dict], pd.DataFrame]:
    """Return a warm scorer, the events to send as items of requests, and the whole table."""
    made, events, warm = of_case(Path(model)) if Path(model).is_dir() else of_world(model)
    made.stream.warm(events[warm])
    last = events.loc[warm, "time"].max()
    known = events["time"] + np.timedelta64(made.windows.delay, "s") <= last
    label = made.endpoints[0].item  # of the days whose labels come while the service runs
    told = events.loc[warm & ~known, ["id", "label"]].itertuples(index=False)
    assert all(a.taken for a in made.stream.learn([label(id=i, label=y) for i, y in told]))
    sent = events[~warm]
    rows = sent[["id", "unit", "unit2", "amount"]].to_dict("records")
    items = [row | {"time": t.isoformat()} for row, t in zip(rows, sent["time"], strict=True)]
    return made, items, events


def of_case(case: Path) -> tuple[EventScorer, pd.DataFrame, pd.Series]:
    """Return a case's scorer, its events up to the newest validation week, and which are before."""
    sys.path.insert(0, str(case / "src"))
    from fraud_sequences import serve as room

    layout = Layout(case)
    tried = sorted((layout.work / "export").glob("*.ubj"))
    entry = evidence.registry.read(layout)["models"].get("champion", {})
    path = room.registered(case) if entry.get("weights") or not tried else tried[0]
    shape = splits.windows(layout, "primary")
    scored = shape[(shape["role"] == "validation") & (shape["part"] == "score")]
    begins, ends = (np.datetime64(scored[name].max()) for name in ("start", "end"))
    events = table.read(layout)
    events = events[events["time"] < ends].reset_index(drop=True)
    return room.scorer(case, path, lateness=LATENESS), events, events["time"] < begins


def of_world(model: str) -> tuple[EventScorer, pd.DataFrame, pd.Series]:
    """Return a scorer fitted on simulated events, the events, and which it was fitted on."""
    events = cards.simulate(cards=900, terminals=1800, days=DAYS)
    warm = events["time"] < events["time"].min().normalize() + np.timedelta64(WARM_DAYS, "D")
    windows = Windows()
    x = np.column_stack([events["amount"], features(events, windows)[1]])[warm]
    y = (events.loc[warm, "label"] == "fraud").to_numpy()
    if model == "boosting":
        fitted = HistGradientBoostingClassifier(max_iter=100, max_leaf_nodes=15, random_state=0)
        fitted.fit(x, y)
        score = lambda rows: fitted.predict_proba(rows)[:, 1]  # noqa: E731
    else:
        mean, std = x.mean(axis=0), x.std(axis=0) + 1e-9
        found = LogisticRegression(max_iter=1000).fit((x - mean) / std, y)
        weight, bias = found.coef_[0] / std, found.intercept_[0]
        score = lambda rows: 1 / (1 + np.exp(-((rows - mean) @ weight + bias)))  # noqa: E731
    made = EventScorer(
        windows=windows,
        load=lambda: score,
        threshold=0.5,
        rules=lambda rows: (rows[:, 0] > 220).astype(float),
        lateness=LATENESS,
    )
    return made, events, warm


def serve(model: str, port: int, log: str) -> None:
    """Serve in this process until it is told to stop."""
    made = None
    if log != "none":
        path = Path(tempfile.mkdtemp()) / "decisions.jsonl"
        made = service.DecisionLog(path, sync=log == "flushed", every=1000)
    settings = service.Settings(keys=service.Keys([f"bench:{KEY}"]), model_s=5.0)
    service.serve(scorer(model)[0], settings=settings, log=made, port=port)


def direct(model: str) -> dict:
    """Return milliseconds per event of the scorer alone, one event after the other.

    Their scores are the same as those of the whole table, to the last bit for trees.
    """
    made, items, events = scorer(model)
    batch = made.batch(events)[-len(items) :]
    rows, took, live = [made.item(**item) for item in items[:CHECKED]], [], []
    for row in rows:
        start = time.perf_counter()
        (answer,) = made.model(made.prepare([row]))
        took.append(time.perf_counter() - start)
        live.append(answer.score)
    apart = float(np.abs(np.array(live) - batch[: len(live)]).max())
    assert apart <= 1e-12, f"live and batch differ by {apart}"
    return {"direct_median_ms": round(float(np.median(took)) * 1e3, 3), "live_less_batch": apart}


def client(port: int, bodies: "itertools.count", requests: list[bytes], found: list) -> None:
    """Send requests until none is left; note seconds, status and whether the rules answered."""
    line = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
    while (number := next(bodies)) < len(requests):
        start = time.perf_counter()
        line.request("POST", "/score", requests[number], headers)
        answer = line.getresponse()
        text = answer.read()
        took = time.perf_counter() - start
        found.append((took, answer.status, b'"degraded":true' in text))
    line.close()


def load(model: str, clients: int, size: int, log: str, items: list[dict], port: int) -> dict:
    """Return the figures of one case."""
    command = [sys.executable, __file__, "--serve", model, str(port), log]
    served = subprocess.Popen(
        command, env=os.environ | {"OMP_NUM_THREADS": "1"}, stderr=subprocess.DEVNULL
    )
    try:
        _ready(port, served)
        number = min(REQUESTS, len(items) // size)
        requests = [
            json.dumps({"items": items[i * size : (i + 1) * size]}).encode() for i in range(number)
        ]
        found: list = []
        _all(port, clients, requests[: number // 10], [])  # the first ones find everything cold
        took = seconds(lambda: _all(port, clients, requests[number // 10 :], found))
    finally:
        served.terminate()
        served.wait()
    ms = np.array([f[0] for f in found]) * 1e3
    quantiles = dict(zip(("median_ms", "p95_ms", "p99_ms"), np.percentile(ms, [50, 95, 99])))  # noqa: B905
    return {
        "name": f"{Path(model).name}, {clients} clients, {size} events a request, log {log}",
        "clients": clients,
        "requests": len(found),
        **{name: round(float(value), 2) for name, value in quantiles.items()},
        "requests_per_second": round(len(found) / took),
        "events_per_second": round(len(found) * size / took),
        "not_answered": sum(status != 200 for _, status, _ in found),
        "degraded": sum(rules for _, _, rules in found),
    }


def _all(port: int, clients: int, requests: list[bytes], found: list) -> None:
    bodies = itertools.count()
    threads = [
        threading.Thread(target=client, args=(port, bodies, requests, found))
        for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _ready(port: int, served: subprocess.Popen) -> None:
    """Wait until the service answers."""
    while served.poll() is None:
        try:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            line.request("GET", "/health")
            if line.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the service did not start")


def main() -> None:
    """Run every case and write the results."""
    if sys.argv[1:2] == ["--serve"]:
        model, port, log = sys.argv[2:]
        serve(model, int(port), log)
        return
    if sys.argv[1:2] == ["--case"]:
        case = str(Path(sys.argv[2]).resolve())
        if (Path(case) / "src" / Path(case).name / "dataset.py").is_file():
            import serving_images

            serving_images.main(Path(case))
            return
        cases = [(case, clients, size, "flushed") for clients, size in OF_CASE]
        command = f"python bench/serving.py --case {sys.argv[2]}"
        write("serving_fraud", measured(cases), command)
        return
    write("serving", measured(CASES), "python bench/serving.py")


def measured(cases: Sequence[tuple[str, int, int, str]]) -> Iterator[dict]:
    """Yield a line per case; the models alone are timed first."""
    models = list(dict.fromkeys(case[0] for case in cases))
    alone = {model: direct(model) for model in models}
    items = scorer(models[0])[1]
    for n, case in enumerate(cases):
        yield load(*case, items, 8700 + n) | alone[case[0]]


if __name__ == "__main__":
    main()
