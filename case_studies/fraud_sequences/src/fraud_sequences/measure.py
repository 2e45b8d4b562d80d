"""What an answer of the registered model costs: its file's size, and the time of one payment.

    python -m fraud_sequences measure

Time is that of the service's own scorer, features of the moment and trees, without HTTP, which
bench/serving.py of Proofolio loads. The payments are the first of the newest validation week.
"""

import time
from pathlib import Path
from typing import Any

import numpy as np
from proofolio import evidence, splits, table
from proofolio.contract import Layout, Result
from proofolio.evidence import results

from fraud_sequences import again, serve

N = 1000


def record(root: Path, how: str) -> list[Result]:
    """Store and return results/serving_size.json and results/serving_latency.json."""
    layout, path = Layout(root), serve.registered(root)
    run, made = again.selected(layout), serve.scorer(root, path)
    shape = splits.windows(layout, run.split)
    first = shape.loc[(shape["role"] == "validation") & (shape["part"] == "score"), "start"].max()
    events = table.read(layout).sort_values(["time", "id"])
    made.stream.warm(events[events["time"] < first])
    made.load()
    took = timed(made, events[events["time"] >= first].head(N))
    told: dict[str, Any] = {"how": how, "hardware": evidence.environment(root)["cpu"]}
    told["inputs"] = {"runs": [run.id], "part": "val"}
    found = {
        "size": Result(kind="size", value=path.stat().st_size, method="bytes of the trees", **told),
        "latency": Result(
            kind="latency",
            value=float(np.median(took)),
            method="median ms of one payment: state, features, trees; without HTTP or a log",
            n=len(took),
            parameters={"p99": float(np.quantile(took, 0.99))},
            **told,
        ),
    }
    for name, result in found.items():
        results.write(layout, f"serving_{name}", result)
    return list(found.values())


def timed(scorer: Any, events: Any) -> list[float]:
    """Return the milliseconds of each event's score, the first aside."""
    took = []
    for row in events[["id", "unit", "unit2", "amount", "time"]].to_dict("records"):
        item = scorer.item(**row | {"time": row["time"].isoformat()})
        started = time.perf_counter()
        scorer.model(scorer.prepare([item]))
        took.append(1000 * (time.perf_counter() - started))
    return took[1:]
