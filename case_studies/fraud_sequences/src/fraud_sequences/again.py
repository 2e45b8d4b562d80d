"""A fold of a recorded run once more: the same events, the same settings, the same scores.

A run keeps what it predicted, not its model. What is made again here counts only if it scores as
the run recorded; labels of the scored window are not looked at, so test stays sealed.
"""

from typing import Any

import numpy as np
import pandas as pd
from proofolio import evidence, splits
from proofolio.contract import Layout, Run, RunError, SealError
from proofolio.project import Project

from fraud_sequences import classical, events, features

TOLERANCE = 1e-6  # of the stored probabilities that are whole: the top twentieth
STEP = 1 / 8  # of the others, of which an eighth of an octave is told apart


def study(
    layout: Layout, author: Project, stream: features.Stream, run: Run, fold: int
) -> events.Study:
    """Return one fold of a recorded run as its rung saw it; nothing is recorded."""
    from proofolio_torch import record  # brings torch, which serving does without

    known = sorted(set(splits.read(layout, run.split)["fold"]))
    if fold not in known:
        raise RunError(f"no fold {fold}", expected=f"one of {known}", received=str(fold))
    companion = record.Companion(layout, author, run.name, run.seed, run.id)
    return events.Study(layout, author, stream, record.Fold(companion, fold, [], last=False))


def trees(study: events.Study, run: Run) -> Any:
    """Return the fold's trees, trained again; raises RunError for a rung without trees."""
    if run.rung != "boosting":
        raise RunError(
            f"run {run.id} is of rung {run.rung}, which has no export",
            expected="a configuration of rung boosting",
            received=run.name,
            remedy="serve one of boosting: export --config NAME tries it without registering",
        )
    return classical.trees(study).fit(study.inputs("train").to_numpy(), study.positives())


def compared(
    what: str,
    layout: Layout,
    run: Run,
    fold: int,
    made: pd.DataFrame,
    tolerance: float = TOLERANCE,
) -> dict[str, Any]:
    """Return how far a fold's scores made again are from the recorded ones, as stored.

    Args:
        what: name of what is compared.
        layout: the project's paths.
        run: that recorded them.
        fold: of the split.
        made: what `Study.outcome` makes of the scores.
        tolerance: of the top twentieth, which is stored whole; others are told apart by an eighth.

    Raises:
        RunError: they are not the recorded model's.
    """
    (column,) = (c for c in made if c.startswith("p_"))
    stored = evidence.predictions(layout, run)
    stored = stored[stored["fold"] == fold].set_index("id")[column]
    a, b = (v.to_numpy(np.float64) for v in (made[column], stored.loc[made["id"]]))
    apart, top = np.abs(a - b), b >= np.quantile(b, 0.95)
    off = apart[top].max() > tolerance or (apart > STEP * np.maximum(a, b) + tolerance).any()
    if off:
        raise RunError(
            f"{what}: not the model of run {run.id}, its scores differ",
            expected=f"<= {tolerance} in the top twentieth",
            received=f"{apart[top].max():.2e}; {apart.max():.2e} elsewhere",
            remedy="install the versions of constraints.txt, or train the run again here",
        )
    return {
        "compared": what,
        "n": len(a),
        "equal": int((apart == 0).sum()),
        "max_difference": float(apart.max()),
        "max_difference_top": float(apart[top].max()),
    }


def newest(layout: Layout, run: Run, part: str = "") -> int:
    """Return the newest fold of a run's split, or of one part's."""
    folds = splits.read(layout, run.split)
    return int(folds.loc[(folds["part"] == part) | (not part), "fold"].max())


def selected(layout: Layout) -> Run:
    """Return the selected run; raises SealError before a selection."""
    selection = evidence.selection(layout)
    if selection is None:
        raise SealError(
            "nothing is selected, so there is no model to export",
            remedy="run the step select first, or try one: export --config NAME",
        )
    return evidence.run(layout, selection.choice.run)


def named(layout: Layout, author: Project, config: str) -> Run:
    """Return the finished run of a configuration with its first seed."""
    seed = (author.experiment(config).seeds or author.seeds)[0]
    run = evidence.finished(layout, author, config, seed)
    if run is None:
        raise RunError(f"{config} has no finished run", remedy=f"train --only {config}")
    return run


def calibration(run: Run) -> dict[str, Any] | None:
    """Return a run's calibration as JSON holds it."""
    return run.calibration.model_dump() if run.calibration else None
