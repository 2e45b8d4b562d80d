"""Why a score is high, asked of any model: what would it be without this?

Occlusion: a group of features is replaced by its value at a typical event, or a past event is taken
out of the history, and the model is asked again. The drop of the score is the reason's weight.
Groups that say the same twice hide each other: put features that move together into one group.
Drops do not sum to the score. A tree model's own contributions are sharper: `boosted.Boosted`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from proofolio.contract import ProjectError
from proofolio_torch.events.histories import Batch


class Contribution(NamedTuple):
    """Without `what`, the score would be lower by `change`, which is above 0 and in `unit`."""

    what: str
    change: float
    unit: str = "score"


def groups(names: Sequence[str]) -> dict[str, list[int]]:
    """Return groups of the window features: those that differ in the length of the window alone.

    `unit_count_1d` and `unit_count_7d` are both of `unit_count`; other names stand for themselves.
    """
    found: dict[str, list[int]] = {}
    for column, name in enumerate(names):
        stem = name.rpartition("_")[0] if name.startswith(("unit_", "unit2_")) else name
        found.setdefault(stem, []).append(column)
    return found


def reasons(
    score: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    reference: np.ndarray,
    groups: Mapping[str, Sequence[int]],
    k: int = 3,
) -> list[Contribution]:
    """Return the groups of features without which the score falls most, at most `k`.

    The model is called once, with a row per group and one more.

    Args:
        score: features (n, p) to scores (n,), higher for an alert.
        x: features (p,) of one event.
        reference: (p,) values of a typical event: the medians of train.
        groups: names and their columns.
        k: at least 1.

    Raises:
        ProjectError: a reference or a group that does not fit the features, or a score that is no
            number.
    """
    x, reference = np.asarray(x, float), np.asarray(reference, float)
    columns = [c for group in groups.values() for c in group]
    if x.ndim != 1 or reference.shape != x.shape or not groups or k < 1:
        raise _unfit(f"(p,) features and reference, groups, k >= 1; x has shape {x.shape}")
    if min(columns, default=-1) < 0 or max(columns) >= len(x):
        raise _unfit(f"columns from 0 to {len(x) - 1}")
    rows = np.repeat(x[None], len(groups) + 1, axis=0)
    for row, group in zip(rows[1:], groups.values(), strict=True):
        row[list(group)] = reference[list(group)]
    return _drops(_scores(score, rows, len(rows)), list(groups), k)


def past_reasons(
    score: Callable[[Batch], np.ndarray], history: Batch, names: Sequence[str], k: int = 3
) -> list[Contribution]:
    """Return the past events without which the score of an event falls most, at most `k`.

    A history without one event is the one that would have been: the next event's gap grows by the
    gap of the one taken out, and is the first where that was. Own features stay as they are.

    Args:
        score: a `Batch` of n histories (numpy) to scores (n,).
        history: a batch of one event.
        names: columns of a step, as `Histories.names`.
        k: at least 1.

    Returns:
        `what` is "1 event before" for the newest past event, "2 events before" and so on.
    """
    if len(history.steps) != 1 or k < 1:
        raise _unfit(f"a batch of one event, k >= 1; got {len(history.steps)} events")
    length = int(history.length[0])
    if length < 2:
        return []
    steps = np.repeat(np.asarray(history.steps), length, axis=0)
    for removed in range(length - 1):
        steps[removed + 1] = _without(steps[0], removed, length, names)
    lengths = np.full(length, length - 1, np.int64)
    lengths[0] = length
    own = np.repeat(np.asarray(history.own), length, axis=0)
    back = [length - 1 - removed for removed in range(length - 1)]
    what = [f"{n} event{'s' if n > 1 else ''} before" for n in back]
    return _drops(_scores(score, Batch(steps, lengths, own), length), what, k)


def largest(
    changes: np.ndarray, what: Sequence[str], k: int = 3, *, unit: str = "score"
) -> list[Contribution]:
    """Return the names (n,) with the largest changes (n,) above 0, at most `k`, ties in order."""
    order = np.argsort(-np.asarray(changes), kind="stable")[:k]
    return [Contribution(what[i], float(changes[i]), unit) for i in order if changes[i] > 0]


def _without(steps: np.ndarray, removed: int, length: int, names: Sequence[str]) -> np.ndarray:
    """Return the steps (k, f) with one taken out and the next one's gap as it would have been."""
    left = np.delete(steps, removed, axis=0)
    left = np.concatenate([left, np.zeros_like(left[:1])])
    if "gap" in names and "first" in names:
        gap, first = list(names).index("gap"), list(names).index("first")
        left[removed, first] = steps[removed, first]
        whole = np.expm1(steps[removed : removed + 2, gap]).sum()
        left[removed, gap] = 0 if steps[removed, first] else np.log1p(whole)
    left[length - 1 :] = 0
    return left


def _scores(score: Callable[[Any], np.ndarray], inputs: Any, number: int) -> np.ndarray:
    found = np.asarray(score(inputs), float)
    if found.shape != (number,) or not np.isfinite(found).all():
        raise _unfit(f"{number} finite scores; the model gave shape {found.shape}")
    return found


def _drops(scores: np.ndarray, what: Sequence[str], k: int) -> list[Contribution]:
    return largest(scores[0] - scores[1:], what, k)


def _unfit(expected: str) -> ProjectError:
    return ProjectError(
        "no reasons can be given",
        expected=expected,
        remedy="give the features, the medians of train and the groups of one model",
    )
