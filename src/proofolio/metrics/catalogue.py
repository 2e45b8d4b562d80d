"""The metric names of the house: which task has which, which way is better, what each reads."""

from collections.abc import Sequence

from proofolio.contract import MetricError

RAW = "_raw"  # the same function on uncalibrated probabilities
RANKING = ("auroc", "average_precision")
THRESHOLD = ("accuracy", "balanced_accuracy", "precision", "recall", "f1")
THRESHOLD += ("sensitivity", "specificity")
MULTICLASS = ("accuracy", "balanced_accuracy", "f1_macro", "top1")
PROBABILITY = ("brier", "log_loss", "ece")
EVENTS = ("card_precision_at_100",)

_PROBABILITY_AND_RAW = tuple(n + suffix for n in PROBABILITY for suffix in ("", RAW))
_BINARY_NAMES = (*RANKING, *THRESHOLD, "f1_macro", "top1", *_PROBABILITY_AND_RAW)
_MULTICLASS_NAMES = (*MULTICLASS, "top5", *_PROBABILITY_AND_RAW)
NAMES = (*RANKING, *THRESHOLD, "f1_macro", "top1", "top5", *_PROBABILITY_AND_RAW, *EVENTS)

UNDEFINED = {
    "auroc": "needs rows of both classes",
    "average_precision": "needs rows of both classes",
    "balanced_accuracy": "needs rows of at least two classes",
    "precision": "no row reaches the threshold",
    "recall": "needs rows of the positive class",
    "sensitivity": "needs rows of the positive class",
    "specificity": "needs rows of the negative class",
    "f1": "no row is positive and none reaches the threshold",
}


def for_task(
    classes: Sequence[str], positive_class: str | None, *, events: bool = False
) -> tuple[str, ...]:
    """Return the names computed for every run: binary where `positive_class` is named."""
    if positive_class is not None:
        return (*RANKING, *(EVENTS if events else ()), *THRESHOLD, *_PROBABILITY_AND_RAW)
    top = ("top5",) if len(classes) > 5 else ()
    return (*MULTICLASS, *top, *_PROBABILITY_AND_RAW)


def base(name: str) -> str:
    """Return `name` without its `_raw` suffix; raises MetricError for a name the house lacks."""
    if name not in NAMES:
        raise MetricError(
            f"unknown metric {name!r}",
            expected=", ".join(NAMES),
            received=repr(name),
            remedy="use one of the expected names (`_raw` exists for probability metrics only)",
        )
    return name.removesuffix(RAW)


def check_supported(name: str, *, binary: bool) -> None:
    """Raise MetricError where `name` is unknown or has no meaning for scores of this shape."""
    base(name)
    known = _BINARY_NAMES if binary else _MULTICLASS_NAMES
    if name not in known:
        raise MetricError(
            f"metric {name!r} is not defined for {'binary' if binary else 'multiclass'} scores",
            expected=", ".join(known),
            received=name,
            remedy="it needs the fold and day of each row: pass rounds"
            if name in EVENTS
            else "binary metrics take scores (n,), multiclass metrics scores (n, k)",
        )


def higher_is_better(name: str) -> bool:
    """Whether a larger value is a better one; raises MetricError for an unknown name."""
    return base(name) not in PROBABILITY


def is_probabilistic(name: str) -> bool:
    """Whether the metric reads probabilities, so that a bare `score` cannot serve it."""
    return base(name) in PROBABILITY


def needs_threshold(name: str) -> bool:
    """Whether the metric of two classes reads decisions, so that it needs a threshold."""
    return base(name) in (*THRESHOLD, "f1_macro", "top1")


def uses_calibrated(name: str) -> bool:
    """Whether the metric reads calibrated scores: not for rankings, nor with the `_raw` suffix."""
    return base(name) not in (*RANKING, *EVENTS) and not name.endswith(RAW)
