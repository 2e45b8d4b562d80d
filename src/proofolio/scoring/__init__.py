"""The one way from stored predictions to metrics: the recorder writes with it, verify recomputes.

Predictions hold `id`, `part`, `fold` (where a split has folds) and `p_<class>` per class (two
classes: only `p_<positive>`), or `score` for a scorer without probabilities. Labels come from the
examples alone, joined by id.
"""

from proofolio.scoring.ids import check_ids
from proofolio.scoring.joined import (
    Joined,
    is_score,
    join,
    join_run,
    scores_of,
    unlabelled,
)
from proofolio.scoring.part import (
    NO_CALIB,
    RESAMPLES,
    RESAMPLES_OF_EVENTS,
    fit_calibration_and_decision,
    judged,
    score,
    score_run,
)

__all__ = [
    "NO_CALIB",
    "RESAMPLES",
    "RESAMPLES_OF_EVENTS",
    "Joined",
    "check_ids",
    "fit_calibration_and_decision",
    "is_score",
    "join",
    "join_run",
    "judged",
    "score",
    "score_run",
    "scores_of",
    "unlabelled",
]
