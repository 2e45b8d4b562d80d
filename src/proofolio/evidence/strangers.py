"""The result about examples of no class: does the model know what it does not know?

Part `ood` belongs to the published test list, so nothing of it is computed before test is opened.
"""

from typing import TYPE_CHECKING

import numpy as np

from proofolio import metrics, scoring
from proofolio.contract import OOD, Layout, Result
from proofolio.evidence import building, seal, store
from proofolio.evidence.building import Inputs
from proofolio.evidence.handed_in import ENERGY
from proofolio.project import Project

if TYPE_CHECKING:
    import pandas as pd


def ood(layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs) -> Result:
    """Return how well confidence tells examples of the classes from those of none.

    `inputs`: runs (one), part (test or val). `parameters`: keep, resamples, level, seed. One row
    per score: `max_softmax`, the largest stored probability (Hendrycks and Gimpel, ICLR 2017), and
    `energy`, minus the stored energy (Liu et al., NeurIPS 2020), where the run stored one. `value`
    is the AUROC of the part against ood, resampling clusters of both; `cut` is what the share
    `keep` of calib reaches, `kept` and `let_through` are the shares of the part and of ood that do.
    The first row leads.

    Raises:
        SealError: Test was not opened for the run, whatever the part.
        RunError: The run predicts no part ood.
    """
    run = building.runs_of(layout, inputs["runs"])[0]
    seal.demand_open(layout, [run], "test")
    run, stored, examples = building.one(layout, inputs)
    building.refuse_demonstration(layout, [run])
    sides = [scoring.unlabelled(stored, examples, part) for part in (inputs["part"], OOD)]
    own = store.predictions(layout, run)
    calib = own[own["part"] == "calib"]
    known = np.repeat([1, 0], [len(side) for side in sides])
    grouping = {
        key: np.concatenate([side[column].to_numpy(dtype=str) for side in sides])
        for key, column in (("clusters", "cluster"), ("units", "unit"))
    }
    rows = []
    for name, confidence in _CONFIDENCE.items():
        if name == ENERGY and ENERGY not in stored:
            continue
        ours, others = (confidence(side) for side in sides)
        metric = metrics.interval(
            "auroc", known, np.concatenate([ours, others]), **grouping, **building.drawn(parameters)
        )
        cut = float(np.quantile(confidence(calib), 1 - parameters["keep"])) if len(calib) else None
        rows.append({"score": name} | building.row_of(metric) | {"n_ood": len(others), "cut": cut})
        rows[-1]["kept"] = None if cut is None else float(np.mean(ours >= cut))
        rows[-1]["let_through"] = None if cut is None else float(np.mean(others >= cut))
    return building.result("ood", inputs, parameters, rows[0], _named(rows))


def _max_softmax(rows: "pd.DataFrame") -> np.ndarray:
    return rows[[c for c in rows if c.startswith("p_")]].to_numpy(dtype=np.float64).max(axis=1)


def _minus_energy(rows: "pd.DataFrame") -> np.ndarray:
    return -rows[ENERGY].to_numpy(dtype=np.float64)


_CONFIDENCE = {"max_softmax": _max_softmax, ENERGY: _minus_energy}


def _named(rows: list[Inputs]) -> list[Inputs]:
    """Return rows with the ends of an interval named after its value."""
    return [
        {(f"value_{key}" if key.startswith("ci_") else key): value for key, value in row.items()}
        for row in rows
    ]
