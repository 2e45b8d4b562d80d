"""What a perfect scorer reaches where a metric's best value is below 1, and the share reached."""

from collections.abc import Sequence

import numpy as np

from proofolio.contract import Metric
from proofolio.metrics.bootstrap import counted, evaluate, summary
from proofolio.metrics.resampling import clustering
from proofolio.metrics.rounds import Rounds

CEILING_OF = "card_precision_at_100"  # k is divided by, however few cards of a day are fraudulent


def share_of_ceiling(
    y: np.ndarray,
    scores: Sequence[np.ndarray],
    clusters: np.ndarray,
    *,
    rounds: Rounds,
    second: np.ndarray | None = None,
    units: np.ndarray | None = None,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Metric]:
    """Return the ceiling of `card_precision_at_100`, the value reached and its share of it.

    The perfect scorer ranks by the labels: frauds first. Its card, too, is left out once found, so
    every fraudulent card of a fold counts once; no scorer finds more. All three rest on the same
    resamples; the share is a ratio of means over folds, within each resample.

    Args:
        y: (n,) 1 for fraud.
        scores: (n,) of each seed, larger is more suspicious; values are means over the seeds.
        clusters: (n,) the card of each row.
        rounds: fold and day of each row.
        second: (n,) second clustering, see `resample_weights`.
        units: (n,) counted as `n_units`.
        resamples: number of bootstrap resamples.
        level: of the interval.
        seed: of the draws.

    Returns:
        `ceiling`, `value` and `share_of_ceiling`; without a fraud the share is None.
    """
    groups = clustering(clusters, len(y), second)
    given = {"raw": None, "threshold": None, "rounds": rounds, "resamples": resamples, "seed": seed}
    found = [
        evaluate([CEILING_OF], y, ranked, groups, **given)
        for ranked in (*scores, np.asarray(y, dtype=np.float64))
    ]
    of_sample, drawn = (np.stack(values)[..., 0] for values in zip(*found, strict=True))
    common = (groups, counted(units, groups), level, seed)
    (best, reached), (bests, reaches) = (
        (values[-1], values[:-1].mean(axis=0)) for values in (of_sample, drawn)
    )
    pairs = {"ceiling": (best, bests), "value": (reached, reaches)}
    found = {key: summary(CEILING_OF, float(v), d, *common) for key, (v, d) in pairs.items()}
    shares = [_divided(a, b) for a, b in ((reached, best), (reaches, bests))]
    found["share_of_ceiling"] = summary("recall", float(shares[0]), shares[1], *common)
    return found


def _divided(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Return above / below, NaN where nothing could be found."""
    above, below = np.asarray(above, dtype=np.float64), np.asarray(below)
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
