"""What a run may hand in: every id of every scored part once, one column per class, no labels."""

from typing import TYPE_CHECKING

import numpy as np

from proofolio import scoring
from proofolio.contract import PREDICTED_PARTS, RunError, SealError

if TYPE_CHECKING:
    import pandas as pd

ENERGY = "energy"  # -logsumexp of the logits (Liu et al. 2020): what a softmax leaves out


def check(
    predictions: "pd.DataFrame",
    parts: "pd.DataFrame",
    *,
    classes: list[str],
    positive_class: str | None,
) -> "pd.DataFrame":
    """Return `predictions` ready to be stored: sorted by part and id, scores as float32.

    The arguments and errors are those of `demand`.
    """
    keys, scores = demand(predictions, parts, classes=classes, positive_class=positive_class)
    stored = predictions[[*keys, *scores]].sort_values([*keys[1:], "id"])
    return stored.astype(dict.fromkeys(scores, np.float32)).reset_index(drop=True)


def demand(
    predictions: "pd.DataFrame",
    parts: "pd.DataFrame",
    *,
    classes: list[str],
    positive_class: str | None,
) -> tuple[list[str], list[str]]:
    """Return the names of key and score columns of predictions that are as the contract asks.

    Args:
        predictions: id, part, [fold], and p_<class> columns in [0, 1] (or one column `score`);
            beside probabilities optionally `energy`, -logsumexp of the logits.
        parts: The run's split; under cross-validation the held-out rows count as part `val`.
        classes: All classes in order.
        positive_class: Of two classes the one whose probability is stored.

    Raises:
        SealError: A label column came along: predictions are stored before labels are known.
        RunError: Columns, ids, parts or values are not as the contract asks; first offenders named.
    """
    keys = ["id", "part", *(["fold"] if "fold" in parts else [])]
    scores = _score_columns([str(c) for c in predictions.columns], keys)
    expected = {"val" if part == "heldout" else part for part in parts["part"].unique()}
    expected &= set(PREDICTED_PARTS)
    foreign = sorted({str(part) for part in predictions["part"].unique()} - expected)
    if foreign:
        raise RunError(
            "predictions of parts that are not scored",
            expected=", ".join(sorted(expected)),
            received=", ".join(foreign),
            remedy="predict val, calib, test (and ood, where the split has it); "
            "the fit on train is no result",
        )
    for part in sorted(expected):
        scoring.check_ids(predictions, parts, part)
    scoring.scores_of(predictions, classes, positive_class)
    if ENERGY in scores:
        _finite_energy(predictions)
    return keys, scores


def _finite_energy(predictions: "pd.DataFrame") -> None:
    """Refuse energies that are missing or infinite: they are stored beside every row or none."""
    broken = ~np.isfinite(predictions[ENERGY].to_numpy(dtype=np.float64))
    if broken.any():
        raise RunError(
            f"{int(broken.sum())} row(s) have no finite energy",
            expected="-logsumexp of the logits in every row, or no column energy",
            received=", ".join(map(str, predictions.loc[broken, "id"].head(5))),
            remedy="compute it from the logits of the same pass",
        )


def _score_columns(received: list[str], keys: list[str]) -> list[str]:
    """Return the score columns in their given order; refuse labels and anything else."""
    if "label" in received:
        raise SealError(
            "predictions carry labels",
            expected="predictions alone: test labels are joined once, after the selection",
            received=", ".join(received),
            remedy="drop the column label",
        )
    scores = [name for name in received if name == "score" or name.startswith("p_")]
    if ENERGY in received and "score" not in received:
        scores.append(ENERGY)
    if sorted(received) != sorted([*keys, *scores]):
        raise RunError(
            "predictions have other columns than the contract asks",
            expected=", ".join([*keys, "p_<class> (or score)", "[energy]"]),
            received=", ".join(received),
            remedy="drop the others; keep them in files of your own under work/",
        )
    return scores
