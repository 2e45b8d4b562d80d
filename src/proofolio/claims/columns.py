"""Which rows and columns of a recorded table are printed, and in which order."""

from typing import Any

Row = dict[str, Any]

_HIDDEN = {"ci_low", "ci_high", "level"}
_FIRST = {
    "threshold_table": "threshold in_use alerts_per_day sensitivity specificity precision flagged "
    "value_share value_per_day cost_per_day tp fp fn tn",
    "budget": "budget alerts_per_day precision recall value_share value_per_day",
    "seed_mean": "metric value seeds seed_sd seed_min seed_max folds fold_sd fold_min fold_max "
    "n n_units",
    "decision_curve": "threshold model treat_all treat_none",
    "risk_coverage": "target coverage n_answered n_handed_over risk sensitivity specificity",
    "cost": "cost_miss cost_false_alarm threshold misses false_alarms cost treat_all treat_none",
    "threshold_transfer": "target threshold calib_sensitivity calib_specificity sensitivity "
    "specificity accuracy",
    "mistakes": "id label decided probability",
    "class_table": "class n recall decided precision confused_with confused",
    "drift": "which part value n n_units",
    "label_noise": "id label decided p_label p_decided class n candidates share estimated_share",
    "confused_pairs": "pair n first_as_second second_as_first share",
    "leak_comparison": "which value n n_units",
    "hierarchy": "by values n n_units accuracy mistakes within within_by_chance within_less_chance",
    "slice_difference": "slice value n n_units",
    "difference_by_slice": "slice against n n_positive share_of_positives difference config versus",
    "ceiling": "slice days n_positive_units ceiling value share_of_ceiling",
    "detection_delay": "entity budget n frauds alerted at_first_fraud hours_median hours_p90 "
    "missed_before",
}
_SILENT = {
    "threshold_table": {"target"},
    "seed_mean": {"degenerate", "method", "resamples"},
    "risk_coverage": {"cut"},
    "mistakes": {"unit"},
    "label_noise": {"unit"},
    "class_table": {"n_units"},
    "difference_by_slice": {"n_units"},
    "ceiling": {"n", "n_units"},
    "detection_delay": {"n_units"},
    "cost": {"sensitivity", "specificity"},  # the misses and false alarms beside them say it
    "conformal": {"quantile"},  # of a score; none where calib is too small to exclude a class
}
_COUNTED = ("n", "n_units", "n_positive", "share_of_positives")
_LAST = ("reading", "note")  # texts that may be long; empty where there is nothing to say
_FEW = 4  # classes whose coverage a table has room for
_LONG = 20  # rows of a curve that are too many for a table


def is_last(column: str) -> bool:
    """Whether a column holds remarks, whose missing value prints nothing."""
    return column in _LAST


def interval_level(row: Row, result: Row) -> float:
    """Return the level of a row's intervals; a conformal row's own `level` is what it promises."""
    drawn = (result.get("parameters") or {}).get("level")
    own = None if result.get("kind") == "conformal" else row.get("level")
    return own or drawn or result.get("level") or 0.95


def shown(rows: list[Row], kind: str) -> list[Row]:
    """Return the rows to print: of a long decision curve .05 and every tenth, else all."""
    if kind != "decision_curve" or len(rows) <= _LONG:
        return rows
    kept = [row for row in rows if _is_round(row["threshold"])]
    return kept or rows[:: -(-len(rows) // _LONG)]


def _is_round(threshold: float) -> bool:
    tenths = threshold * 10
    return abs(threshold - 0.05) < 1e-9 or (tenths > 0.5 and abs(tenths - round(tenths)) < 1e-9)


def ordered(rows: list[Row], result: Row) -> list[str]:
    """Return the columns to print.

    First those named in `parameters.columns` or usual for the kind, then text, counts, values, and
    remarks at last. Interval columns join their value, empty and silent ones stay away.
    """
    kind = str(result.get("kind"))
    present = {key: None for row in rows for key in row}
    hidden = {c for c in present if c in _HIDDEN or c.endswith(("_ci_low", "_ci_high"))}
    hidden |= {c for c in present if all(row.get(c) == "" for row in rows)}
    hidden |= _SILENT.get(kind, set())
    by_class = _by_class(rows) if kind == "conformal" else []
    hidden |= set(by_class) if len(by_class) > _FEW else set()

    def rank(column: str) -> tuple[int, str]:
        values = [row.get(column) for row in rows]
        if is_last(column):
            return 3, column
        if any(isinstance(value, str) for value in values):
            return 0, column
        return (1 if column in _COUNTED else 2), column

    named = (result.get("parameters") or {}).get("columns") or _usual(kind, rows)
    first = [column for column in named if column in present]
    return first + sorted(set(present) - hidden - set(first), key=rank)


def _usual(kind: str, rows: list[Row]) -> list[str]:
    if kind == "confusion":  # classes as the rows have them: counts, then shares
        classes = [row.get("actual") for row in rows]
        return ["actual", "n", *classes, *(f"share_{name}" for name in classes)]
    if kind == "conformal" and "group" in rows[0]:
        calib = ["classes", "n_calib", "n_calib_class", "n", "n_units"]
        return ["level", "group", *calib, "coverage", "mean_size", "marginal_coverage"]
    if kind == "conformal":
        by_class = _by_class(rows)
        sizes = ("mean_size", "empty", "single", "both", "several", "n_units")
        return ["level", "coverage", *(by_class if len(by_class) <= _FEW else []), *sizes]
    return _FIRST.get(kind, "").split()


def _by_class(rows: list[Row]) -> list[str]:
    return sorted(c for c in rows[0] if c.startswith("coverage_") and "_ci_" not in c)
