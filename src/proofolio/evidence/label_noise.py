"""The result about doubted labels: candidates for a person to look at, found out of fold.

Confident learning (Northcutt, Jiang and Chuang, JAIR 2021), by cleanlab. A candidate is a label
that a model which did not see the row contradicts with confidence. None is known to be wrong: the
model errs too, and of two classes that are alike it doubts both.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from proofolio import scoring, splits
from proofolio.contract import Layout, Result, RunError
from proofolio.evidence import building
from proofolio.evidence.building import Inputs
from proofolio.project import Project

KIND = "label_noise"
ROWS = ("candidates", "classes")
METHOD = (
    "candidates by confident learning (off-diagonal of the confident joint, cleanlab) from "
    "out-of-fold probabilities; value: the share of wrong labels that its joint estimates"
)


class Doubts(NamedTuple):
    """What confident learning says of n labels of k classes.

    Attributes:
        rows: numbers of the candidates, least probable given label first.
        joint: (k, k) estimated shares of given label (down) and true label (across), sum 1.
    """

    rows: np.ndarray
    joint: np.ndarray


def label_noise(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return labels that the model contradicts out of fold, or how many there are by class.

    `inputs`: runs (one, of a cross_validation split), part (val: what is held out).
    `parameters`: rows. With `candidates` the table has a row for each: id, unit, label (given),
    decided (what the model says), p_label and p_decided (their probabilities), least probable
    label first, ties by id; `readings` {id: text} puts what a person saw in a picture beside it.
    With `classes` it has a row for all and for each given label: class, n, candidates, share (of
    n), estimated_share (of wrong labels, by the joint).

    Raises:
        RunError: The rows are not out of fold, a class has none, or there are no probabilities.
    """
    found, names = _out_of_fold(layout, inputs)
    p = found.calibrated
    p = np.stack([1 - p, p], axis=1) if p.ndim == 1 else p
    told = doubted(found.y, p, found.rows["id"].to_numpy(dtype=str))
    asked, readings = parameters["rows"], parameters.get("readings", {})
    if asked not in ROWS:
        expected = ", ".join(ROWS)
        raise RunError("label noise in which rows?", expected=expected, received=repr(asked))
    rows = _by_class(found.y, told, names)
    if asked == "candidates":
        rows = _candidates(found, p, told, names, readings)
        parameters = parameters | {
            "readings": {r["id"]: r["reading"] for r in rows if r["reading"]}
        }
    lead = building.counted(found.rows, METHOD) | {"value": float(1 - np.trace(told.joint))}
    return building.result(KIND, inputs, parameters, lead, rows)


def doubted(y: np.ndarray, p: np.ndarray, ids: Sequence[str]) -> Doubts:
    """Return what confident learning says of labels.

    Args:
        y: (n,) codes of the given labels; every class has a row.
        p: (n, k) probabilities from a model that did not see the row.
        ids: (n,) names that order candidates of equal probability.
    """
    from cleanlab import count, filter  # half a second: only where it is asked for

    mask = filter.find_label_issues(y, p, filter_by="confident_learning", n_jobs=1)
    rows = np.flatnonzero(mask)
    order = sorted(rows, key=lambda i: (p[i, y[i]], ids[i]))
    joint = count.estimate_joint(y, p)
    return Doubts(np.array(order, dtype=np.int64), joint / joint.sum())


def _out_of_fold(layout: Layout, inputs: Inputs) -> tuple[scoring.Joined, list[str]]:
    """Return the held-out rows of the one run, each id once, and its classes in code order."""
    run, stored, examples = building.one(layout, inputs)
    building.refuse_demonstration(layout, [run])
    strategy = splits.info(layout, run.split).strategy
    if strategy != "cross_validation" or inputs["part"] != "val":
        raise RunError(
            "a label is doubted by a model that did not see it",
            expected="part val of a run on a split of strategy cross_validation",
            received=f"part {inputs['part']} of run {run.id}, whose split is {strategy}",
            remedy="give the configuration a cross_validation split in project.yaml",
        )
    found = scoring.join_run(run, stored, examples, "val")
    counted = np.bincount(found.y, minlength=len(run.classes))
    if found.is_score or found.rows["id"].duplicated().any() or not counted.all():
        raise RunError(
            "labels cannot be doubted by these predictions",
            expected="probabilities, each id once over all folds, and rows of every class",
            received=f"run {run.id}",
            remedy="let a model with probabilities predict in each fold its held-out rows alone",
        )
    first = [name for name in run.classes if name != run.positive_class]
    return found, first + ([run.positive_class] if run.positive_class is not None else [])


def _candidates(
    found: scoring.Joined, p: np.ndarray, told: Doubts, names: list[str], readings: dict[str, str]
) -> list[Inputs]:
    unknown = sorted(set(readings) - set(found.rows["id"].astype(str)))
    if unknown:
        raise RunError(
            "readings of ids that are not out of fold",
            received=", ".join(unknown[:5]),
            remedy="correct the readings in project.yaml",
        )
    rows = []
    for i in told.rows:
        given, decided = int(found.y[i]), int(p[i].argmax())
        row = {key: str(found.rows[key].iloc[i]) for key in ("id", "unit")}
        row |= {"label": names[given], "decided": names[decided]}
        row |= {"p_label": float(p[i, given]), "p_decided": float(p[i, decided])}
        rows.append(row | {"reading": readings.get(row["id"], "")})
    return rows


def _by_class(y: np.ndarray, told: Doubts, names: list[str]) -> list[Inputs]:
    n = np.bincount(y, minlength=len(names))
    doubts = np.bincount(y[told.rows], minlength=len(names))
    wrong = 1 - np.diag(told.joint) / told.joint.sum(axis=1)
    whole = ("all", n.sum(), doubts.sum(), 1 - np.trace(told.joint))
    return [
        {
            "class": name,
            "n": int(rows),
            "candidates": int(some),
            "share": float(some / rows),
            "estimated_share": float(share),
        }
        for name, rows, some, share in [whole, *zip(names, n, doubts, wrong, strict=True)]
    ]
