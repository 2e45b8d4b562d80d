"""Load the scoring service of events: `python bench/serving.py` (or `make bench`).

Each line starts the service in a process of its own, warm with 60 days of simulated cards, lets N
clients (threads of this process, one connection each, the next request as soon as the last is
answered) send the events of the days after in order, and reports the time to an answer and the
answers per second. Every answer has its line in the decision log, flushed to the disk, unless the
line says otherwise. Beside it: the same events by the same scorer without HTTP, one after the
other. Clients and service share the cores. Results go to bench/results/serving.json and
serving.csv with hardware and versions.
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
from pathlib import Path

import numpy as np
from run import seconds, write
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

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


def scorer(model: str) -> tuple[EventScorer, list[dict]]:
    """Return a warm scorer and the events to send, as items of requests."""
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
        lateness=86_400,  # clients overtake each other; the simulated time between events is long
    )
    made.stream.warm(events[warm])
    sent = events[~warm]
    rows = sent[["id", "unit", "unit2", "amount"]].to_dict("records")
    return made, [row | {"time": t.isoformat()} for row, t in zip(rows, sent["time"], strict=True)]


def serve(model: str, port: int, log: str) -> None:
    """Serve in this process until it is told to stop."""
    made = None
    if log != "none":
        path = Path(tempfile.mkdtemp()) / "decisions.jsonl"
        made = service.DecisionLog(path, sync=log == "flushed", every=1000)
    settings = service.Settings(keys=service.Keys([f"bench:{KEY}"]), model_s=5.0)
    service.serve(scorer(model)[0], settings=settings, log=made, port=port)


def direct(model: str) -> dict:
    """Return milliseconds per event of the scorer alone, one event after the other."""
    made, items = scorer(model)
    made.load()
    rows, took = [made.item(**item) for item in items[:1000]], []
    for row in rows:
        took.append(seconds(lambda row=row: made.model(made.prepare([row]))))
    return {"direct_median_ms": round(float(np.median(took)) * 1e3, 3)}


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
        "name": f"{model}, {clients} clients, {size} events a request, log {log}",
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
    alone = {model: direct(model) for model in ("logistic", "boosting")}
    items = scorer("logistic")[1]
    rows = [load(*case, items, 8700 + number) | alone[case[0]] for number, case in enumerate(CASES)]
    write("serving", rows, "python bench/serving.py")


if __name__ == "__main__":
    main()
