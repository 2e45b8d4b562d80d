"""What the functions of this room share: the rows they return, and the classes they need."""

import numpy as np

from proofolio.contract import Metric, MetricError

Rows = list[dict[str, float | int | None]]


def need_classes(y: np.ndarray, what: str, needed: tuple[int, ...]) -> None:
    """Raise MetricError where a class that is needed does not occur in `y`."""
    names = {0: "negative", 1: "positive"}
    missing = [names[c] for c in needed if not (np.asarray(y) == c).any()]
    if missing:
        raise MetricError(
            f"{what} cannot be fitted: no rows of the {' or '.join(missing)} class",
            expected=f"at least one row of each: {', '.join(names[c] for c in needed)}",
            received=f"{len(y)} rows, none {missing[0]}",
            remedy="enlarge calib, or stratify the split by label",
        )


def with_interval(name: str, metric: Metric) -> dict[str, float | None]:
    """Return the columns `<name>`, `<name>_ci_low`, `<name>_ci_high` of a row."""
    ends = {f"{name}_ci_low": metric.ci_low, f"{name}_ci_high": metric.ci_high}
    return {name: metric.value, **ends}
