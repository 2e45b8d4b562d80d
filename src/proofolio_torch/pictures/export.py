"""A recorded run's network as ONNX for serving, and what that loses and costs.

Weights are kept in half precision, which is how a run's fitted weights are kept: nothing is lost.
Pictures of val are read from their files as the service reads them, so the check covers decoding,
the graph and the calibration at once. No label is looked at. Needs the extra `serve`.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from proofolio import decisions, evidence, files, splits, table
from proofolio.contract import Layout, Result, Run, RunError
from proofolio.project import Project
from proofolio_torch.pictures import onnx_file, opened
from proofolio_torch.pictures.exported import MODEL, Exported
from proofolio_torch.pictures.graph import Graph
from proofolio_torch.sheets import View
from proofolio_torch.stability import Reference

TOLERANCE = 0.02  # of a probability: the run may have been scored in bfloat16
MOST = 1000  # pictures of val that are read
TIMED = 64


def write(seen: View, author: Project, how: str, into: Path) -> Path:
    """Write champion.onnx and champion.json into `into`; record size, parity and latency.

    Args:
        seen: the network with its weights, of part val; `sheets.view` gives it.
        author: the project.
        how: the command, for the record.
        into: git-ignored folder of what is served.

    Raises:
        RunError: the ONNX file scores pictures otherwise than the run recorded.
    """
    layout, run, size = seen.layout, seen.run, seen.run.config["size"]
    channels, path = run.config["channels"], Path(into) / MODEL
    example = torch.zeros((2, size, size, channels), dtype=torch.uint8)
    full = path.with_name("float32.onnx")
    graph = Graph(seen.model.cpu().float(), seen.normalise).eval()
    onnx_file.write(graph, example, full, outputs=["probabilities"], batched=True)
    onnx_file.shrink(full, path, "float16")
    full.unlink()
    about = _about(layout, author, run) | {"onnx_sha256": files.sha256_file(path), "made_by": how}
    files.write_json(path.with_suffix(".json"), about)

    exported = Exported(into)
    ids, told = _pictures(layout, author, exported, seen)
    p = _batched(exported.probabilities, told)
    stored = _recorded(layout, run, ids)
    difference = float(np.abs(p - stored).max())
    same = float(np.mean([a == b for a, b in zip(*map(_decided(exported), (p, stored)), strict=True)]))
    if difference > TOLERANCE:
        raise RunError(
            "the exported network is not the one that was recorded",
            expected=f"probabilities within {TOLERANCE} of those of {run.id}",
            received=f"{difference:.3f} on {len(ids)} pictures of val",
            remedy="export where the run was trained, or train it again",
        )
    files.write_json(path.with_suffix(".json"), about | _reference(exported, told, p))
    put = _recorder(layout, run, how, about["onnx_sha256"])
    put("size", path.stat().st_size, "bytes of the ONNX file")
    put("parity", difference, "largest difference of a calibrated probability from the recorded "
        "one, pictures read from their files", n=len(ids), parameters={"same_decision": same})  # fmt: skip
    one = Exported(into, threads=1)
    put("latency", _median_ms(one, told), "median ms of one decoded picture, onnxruntime on one "
        "thread, first call aside", n=min(TIMED, len(told)), parameters={"threads": 1})  # fmt: skip
    print(f"export: {path.name}, {path.stat().st_size:,} bytes, of {run.id}", flush=True)
    return path


def _about(layout: Layout, author: Project, run: Run) -> dict[str, Any]:
    """Return what serving has to know of a run."""
    threshold = run.decision.threshold if run.decision else None
    positive = run.positive_class
    default = 0.5 if positive else 0.0  # of many classes the likeliest is taken, at any value
    parts = splits.read(layout, run.split)
    train = set(parts.loc[parts["part"] == "train", "id"])
    examples = table.read_examples(layout)
    shares = examples.loc[examples["id"].isin(train), "label"].value_counts(normalize=True)
    rule = author.decision
    return {
        "project": author.package,
        "run": run.id,
        "weights_sha256": run.model.weights_sha256 if run.model else None,
        "size": run.config["size"],
        "channels": run.config["channels"],
        "classes": run.classes,
        "positive_class": positive,
        "threshold": default if threshold is None else threshold,
        "calibration": run.calibration.model_dump() if run.calibration else None,
        "costs": {"miss": rule.cost_miss, "false_alarm": rule.cost_false_alarm},
        "prior": float(shares[positive] if positive else shares.max()),
    }


def _pictures(
    layout: Layout, author: Project, exported: Exported, seen: View
) -> tuple[list[str], list[opened.Opened]]:
    """Return ids and pictures of val, at most `MOST`, read as the service reads them."""
    raw, paths = layout.root / author.data.raw, table.read(layout).set_index("id")["path"]
    ids = seen.rows["id"].tolist()[:MOST]
    return ids, [exported.read((raw / paths[i]).read_bytes(), name=i) for i in ids]


def _recorded(layout: Layout, run: Run, ids: list[str]) -> np.ndarray:
    """Return the run's calibrated probabilities, float64 (n, classes)."""
    stored = evidence.predictions(layout, run).set_index("id").loc[ids]
    if run.positive_class is None:
        p = stored[[f"p_{name}" for name in run.classes]].to_numpy(np.float64)
        return decisions.calibrate(p, run.calibration)
    p = decisions.calibrate(stored[f"p_{run.positive_class}"].to_numpy(), run.calibration)
    place = run.classes.index(run.positive_class)
    return np.stack([p, 1 - p] if place == 0 else [1 - p, p], axis=1)


def _decided(exported: Exported) -> Callable[[np.ndarray], list[str]]:
    return lambda p: [decision for _, decision in exported.scored(p)]


def _reference(
    exported: Exported, told: list[opened.Opened], p: np.ndarray
) -> dict[str, dict[str, Any]]:
    """Return how inputs and scores of val are distributed, and the cost that is expected there."""
    from proofolio_torch.pictures import monitor

    scores = np.array([score for score, _ in exported.scored(p)])
    columns = {name: np.array([o.statistics[name] for o in told]) for name in opened.STATISTICS}
    references = {k: Reference.of(v).as_json() for k, v in {**columns, "score": scores}.items()}
    expected = monitor.expected_cost(exported.about, scores)
    high = float((scores >= exported.about["threshold"]).mean())
    return {"reference": {"part": "val", "of": references, "cost": expected, "positive": high}}


def _batched(call: Callable, told: list[opened.Opened], batch: int = 64) -> np.ndarray:
    starts = range(0, len(told), batch)
    return np.concatenate([call([o.pixels for o in told[i : i + batch]]) for i in starts])


def _median_ms(exported: Exported, told: list[opened.Opened]) -> float:
    took = []
    for o in [told[0], *told[:TIMED]]:
        started = time.perf_counter()
        exported.probabilities([o.pixels])
        took.append(1000 * (time.perf_counter() - started))
    return float(np.median(took[1:]))


def _recorder(layout: Layout, run: Run, how: str, sha256: str) -> Callable[..., None]:
    hardware = evidence.environment(layout.root)["cpu"]
    inputs = {"runs": [run.id], "part": "val", "weights_sha256": sha256}

    def put(kind: str, value: float, method: str, **told: Any) -> None:
        result = Result(kind=kind, value=value, method=method, inputs=inputs, how=how,
                        hardware=hardware, **told)  # fmt: skip
        evidence.results.write(layout, f"export_{kind}", result)

    return put
