"""What an export loses: parity with torch, with the recorded run, and of smaller weights.

    python -m dog_breeds export

Everything is measured on val; calib gives the limits that the export itself needs.
"""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from proofolio import decisions, evidence, splits, table
from proofolio.contract import Layout, Result, Run
from proofolio.decisions import conformal

from dog_breeds import pictures, predict

LEVEL = 0.90  # of the set of breeds
KEEP = 0.95  # of calib, above the cut below which a picture may show no dog of these
CONFIDENCE = "max_softmax"  # what the note rests on: the score that leads in the result `ood`
PARITY_N = 100
Scores = tuple[np.ndarray, np.ndarray]  # probabilities (n, classes) and energies (n,)


class Photographs:
    """Some parts of a run's split as `predict` would read them, sorted by id; never test."""

    def __init__(self, layout: Layout, run: Run, part: str, raw: Path) -> None:
        if part not in ("val", "calib"):
            raise ValueError(f"expected val or calib, received {part}")
        known = table.read(layout).set_index("id")
        parts = splits.read(layout, run.split)
        self.part = part
        self.ids = np.sort(parts.loc[parts["part"] == part, "id"].to_numpy())
        labels = known.loc[self.ids, "label"]
        self.codes = labels.map({name: k for k, name in enumerate(run.classes)}).to_numpy(int)
        size = run.config["size"]
        self.images = np.stack([pictures.read(raw / p, size) for p in known.loc[self.ids, "path"]])


def by_onnx(model: Path, images: np.ndarray) -> Scores:
    """Return what the ONNX file says of pictures (n, size, size, 3)."""
    opened = predict.session(model)
    return _stacked([predict.scores(opened, image) for image in images])


def by_torch(answer: Any, images: np.ndarray) -> Scores:
    """Return what the torch network says of the same pictures."""
    import torch

    with torch.no_grad():
        told = [answer(torch.from_numpy(image)) for image in images]
    return _stacked([(p.numpy(), energy.item()) for p, energy in told])


def recorded(layout: Layout, run: Run, seen: Photographs) -> Scores:
    """Return what the run recorded of the same photographs, calibrated."""
    stored = evidence.predictions(layout, run).set_index("id").loc[seen.ids]
    p = stored[[f"p_{name}" for name in run.classes]].to_numpy(np.float64)
    return decisions.calibrate(p, run.calibration), stored["energy"].to_numpy(np.float64)


def row(name: str, other: Scores, reference: Scores, codes: np.ndarray) -> dict[str, Any]:
    """Return how far one kind of scores is from the float32 file's, and its top-1."""
    decided = other[0].argmax(1)
    return {
        "compared": name,
        "n": len(codes),
        "max_difference": float(np.abs(other[0] - reference[0]).max()),
        "mean_difference": float(np.abs(other[0] - reference[0]).mean()),
        "max_energy_difference": float(np.abs(other[1] - reference[1]).max()),
        "agreement": float(np.mean(decided == reference[0].argmax(1))),
        "top1": float(np.mean(decided == codes)),
    }


def limits(calib: Scores, codes: np.ndarray) -> dict[str, Any]:
    """Return the quantile of the set and both cuts, fitted on calib's scores."""
    quantiles, _ = conformal.prediction_sets(codes, calib[0], calib[0][:1], [LEVEL])
    confidence = {"max_softmax": calib[0].max(1), "energy": -calib[1]}
    cuts = {name: float(np.quantile(v, 1 - KEEP)) for name, v in confidence.items()}
    return {"quantile": quantiles[0], "cuts": cuts}


def told(fitted: dict[str, Any]) -> dict[str, Any]:
    """Return `limits` as models/champion.json holds them, with what they promise."""
    own = {"score": CONFIDENCE, "cut": fitted["cuts"][CONFIDENCE]}
    within = {"level": LEVEL, "quantile": fitted["quantile"], "score": "1 - p"}
    return {
        "set": within | {"fitted_on": "calib"},
        "not_a_dog": own | {"keep": KEEP, "fitted_on": "calib"},
        "cuts": fitted["cuts"],
    }


def median_ms(model: Path, images: np.ndarray) -> float:
    """Return the median time of one picture on one thread, the first call aside, in ms."""
    opened, took = predict.session(model, threads=1), []
    for image in [images[0], *images]:
        started = time.perf_counter()
        predict.scores(opened, image)
        took.append(1000 * (time.perf_counter() - started))
    return float(np.median(took[1:]))


def result(root: Path, kind: str, value: float, how: str, run: Run, **told: Any) -> Result:
    """Return a measured result about an export of `run`; `told` are its other fields."""
    inputs = {"runs": [run.id], "part": "val"} | told.pop("inputs", {})
    hardware = evidence.environment(root)["cpu"]
    return Result(kind=kind, value=value, how=how, hardware=hardware, inputs=inputs, **told)


def as_table(rows: list[dict[str, Any]]) -> str:
    """Return rows as text for the terminal."""
    return pd.DataFrame(rows).to_string(index=False)


def _stacked(told: list[tuple[np.ndarray, float]]) -> Scores:
    return np.stack([p for p, _ in told]).astype(np.float64), np.array([e for _, e in told])
