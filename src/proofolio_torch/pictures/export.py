"""A recorded run's network as ONNX for serving, and what that loses and costs.

Pictures of val are read from their files as the service reads them, so the check covers decoding,
the graph and the calibration at once. No label is looked at. Needs the extra `serve`.
"""

import tempfile
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

TOLERANCE = 1e-4  # of a probability, ONNX against torch on the same pixels
SAME = 0.97  # share of decisions as recorded: the run may have been scored in bfloat16
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
    with tempfile.TemporaryDirectory(prefix="export-") as name:
        made, ids, told, graph = _made(seen, author, how, Path(name))
        rows, p = _compared(seen, made, graph, ids, told)
        _demand(seen.run, rows)
        ms = _median_ms(Exported(made.path.parent, threads=1), told)
        path = Path(into) / MODEL
        files.write_bytes(path, made.path.read_bytes())  # whole, or the one before stays
        files.write_json(path.with_suffix(".json"), made.about | _reference(made, told, p))

    put = _recorder(seen.layout, seen.run, how, made.about["onnx_sha256"])
    put("size", path.stat().st_size, "bytes of the ONNX file")
    put("parity", rows[0]["max_difference"], "probabilities of the ONNX file, pictures read from "
        "their files, against torch and against the run; value: torch, largest difference",
        n=len(ids), table=rows, parameters={"tolerance": TOLERANCE})  # fmt: skip
    put("latency", ms, "median ms of one decoded picture, onnxruntime on one thread, first call "
        "aside", n=min(TIMED, len(told)), parameters={"threads": 1})  # fmt: skip
    print(f"export: {path.name}, {path.stat().st_size:,} bytes, of {seen.run.id}", flush=True)
    return path


def network(
    layout: Layout, author: Project, run: Run, graph: Graph, how: str, folder: Path
) -> Exported:
    """Write both files into `folder`, unchecked and without a reference: `write` adds those."""
    size, channels, path = run.config["size"], run.config["channels"], folder / MODEL
    example = torch.zeros((2, size, size, channels), dtype=torch.uint8)
    onnx_file.write(graph, example, path, outputs=["probabilities"], batched=True)
    about = _about(layout, author, run)
    about |= {"onnx_sha256": files.sha256_file(path), "made_by": how}
    files.write_json(path.with_suffix(".json"), about)
    return Exported(folder)


def _made(
    seen: View, author: Project, how: str, folder: Path
) -> tuple[Exported, list[str], list[opened.Opened], Graph]:
    """Write both files into `folder`, and return what was made with some pictures of val."""
    graph = Graph(seen.model.cpu().float(), seen.normalise).eval()
    made = network(seen.layout, author, seen.run, graph, how, folder)
    raw = seen.layout.root / author.data.raw
    paths = table.read(seen.layout).set_index("id")["path"]
    ids = seen.rows["id"].tolist()[:MOST]
    return made, ids, [made.read((raw / paths[i]).read_bytes(), name=i) for i in ids], graph


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


def _recorded(layout: Layout, run: Run, ids: list[str]) -> np.ndarray:
    """Return the run's calibrated probabilities, float64 (n, classes)."""
    stored = evidence.predictions(layout, run).set_index("id").loc[ids]
    if run.positive_class is None:
        p = stored[[f"p_{name}" for name in run.classes]].to_numpy(np.float64)
        return decisions.calibrate(p, run.calibration)
    p = decisions.calibrate(stored[f"p_{run.positive_class}"].to_numpy(), run.calibration)
    place = run.classes.index(run.positive_class)
    return np.stack([p, 1 - p] if place == 0 else [1 - p, p], axis=1)


def _compared(
    seen: View, exported: Exported, graph: Graph, ids: list[str], told: list[opened.Opened]
) -> tuple[list[dict[str, Any]], np.ndarray]:
    """Return a row against torch and one against the record, and the calibrated probabilities."""

    def by_torch(pixels: list[np.ndarray]) -> np.ndarray:
        with torch.no_grad():
            return graph(torch.from_numpy(np.stack(pixels))).numpy().astype(np.float64)

    p = _batched(exported.probabilities, told)
    pairs = {
        "torch": (_batched(exported.raw, told), _batched(by_torch, told)),
        "recorded": (p, _recorded(seen.layout, seen.run, ids)),
    }
    rows = []
    for name, (ours, other) in pairs.items():
        same = [a[1] == b[1] for a, b in zip(*map(exported.scored, (ours, other)), strict=True)]
        difference = np.abs(ours - other)
        rows.append(
            {
                "compared": name,
                "n": len(ids),
                "max_difference": float(difference.max()),
                "mean_difference": float(difference.mean()),
                "same_decision": float(np.mean(same)),
            }
        )
    return rows, p


def _demand(run: Run, rows: list[dict[str, Any]]) -> None:
    """Refuse a file that is not the recorded network."""
    torch_row, recorded = rows
    if torch_row["max_difference"] > TOLERANCE:
        received = f"{torch_row['max_difference']:.2e}"
        raise RunError("ONNX and torch differ", expected=f"<= {TOLERANCE}", received=received)
    if recorded["same_decision"] < SAME:
        raise RunError(
            f"the exported network is not the one of run {run.id}: it decides otherwise on val",
            expected=f"the recorded decision for a share of at least {SAME}",
            received=f"{recorded['same_decision']:.3f} of {recorded['n']}",
            remedy="export where the run was trained, or train it again",
        )


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
