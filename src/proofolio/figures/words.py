"""The words and number forms of figures, cards and pages: metric names, intervals, lists."""

from collections.abc import Sequence

from proofolio.contract import Metric

METRICS = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "f1_macro": "macro F1",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "brier": "Brier score",
    "log_loss": "log loss",
    "ece": "expected calibration error",
    "top1": "top-1 accuracy",
    "top5": "top-5 accuracy",
    "card_precision_at_100": "card precision at 100",
}
PARTS = {"train": "train", "val": "validation", "calib": "calibration", "test": "test"}


def metric(name: str) -> str:
    """Return a metric's name for readers; `_raw` marks the uncalibrated variant."""
    plain = METRICS.get(name.removesuffix("_raw"), name.removesuffix("_raw").replace("_", " "))
    return f"{plain} (uncalibrated)" if name.endswith("_raw") else plain


def part(name: str) -> str:
    """Return a part's name for readers."""
    return PARTS.get(name, name)


def number(value: float | None, digits: int = 3) -> str:
    """Return a value with so many digits; None and NaN are "not measured"."""
    return "not measured" if value is None or value != value else f"{value:.{digits}f}"


def interval(entry: Metric | None, digits: int = 3) -> str:
    """Return a value with its interval as one phrase; a missing one prints "not measured"."""
    if entry is None or entry.value is None:
        return "not measured"
    if entry.ci_low is None or entry.ci_high is None:
        return number(entry.value, digits)
    bounds = f"{entry.ci_low:.{digits}f}-{entry.ci_high:.{digits}f}"
    return f"{entry.value:.{digits}f} ({entry.level:.0%} CI {bounds})"


def listed(items: Sequence[str]) -> str:
    """Return the items as one enumeration: `a, b and c`."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


def shortened(text: str, width: int = 28) -> str:
    """Return `text` cut to `width` characters with an ellipsis, for places of fixed size."""
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"
