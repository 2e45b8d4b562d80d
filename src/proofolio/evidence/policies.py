"""Results about policies of one run: fitted on calib, looked at on the part asked for.

Builders as in `evidence.tables`. `inputs`: runs (one), part. What is fitted reads the run's own
calib part (events: val, see `building.fitting_part`) and is held fixed by the intervals, which
resample clusters of the part.
"""

import numpy as np

from proofolio import decisions, scoring
from proofolio.contract import Layout, Result, Run, RunError
from proofolio.evidence import building, slices
from proofolio.evidence.building import Inputs
from proofolio.project import Project


def decision_curve(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return net benefit against treating all and none; `parameters`: grid, and the draws'.

    The rows are those of `decisions.decision_curve` on the calibrated probability.
    """
    run, part = _part(layout, inputs)
    _demand_probabilities(run, part, "a decision curve")
    _demand_binary(run, "a decision curve")
    resampling = part.grouping | building.drawn(parameters)
    rows = decisions.decision_curve(part.y, part.calibrated, parameters["grid"], **resampling)
    return _wrapped("decision_curve", inputs, parameters, part, "net benefit", rows)


def risk_coverage(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return what answering only the surest rows gives; `parameters`: targets, and the draws'.

    The rows are those of `decisions.abstention`, at the run's own decisions.
    """
    run, calib, part = _fitted_and_part(layout, inputs)
    binary = run.positive_class is not None
    rows = decisions.abstention(
        part.y,
        _decided(run, part),
        _sure(run, part),
        _sure(run, calib),
        parameters["targets"],
        binary=binary,
        **part.grouping,
        **building.drawn(parameters),
    )
    return _wrapped("risk_coverage", inputs, parameters, part, "confidence cut on calib", rows)


def cost(layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs) -> Result:
    """Return what the cheapest thresholds cost; `parameters`: ratios, and the draws'.

    The rows are those of `decisions.cost_table`; events with amounts lose the amount they miss.
    """
    run, calib, part = _fitted_and_part(layout, inputs)
    _demand_binary(run, "a cost of misses and false alarms")
    both = (calib.y, calib.calibrated, part.y, part.calibrated)
    resampling = part.grouping | building.drawn(parameters)
    amounts = (calib.amount, part.amount) if part.rounds is not None else (None, None)
    rows = decisions.cost_table(*both, parameters["ratios"], amounts=amounts, **resampling)
    return _wrapped("cost", inputs, parameters, part, "cheapest threshold on calib", rows)


def threshold_transfer(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return how thresholds for target sensitivities hold; `parameters`: targets, the draws'.

    The rows are those of `decisions.transfer_table`.
    """
    run, calib, part = _fitted_and_part(layout, inputs)
    _demand_binary(run, "a target sensitivity")
    both = (calib.y, calib.calibrated, part.y, part.calibrated)
    resampling = part.grouping | building.drawn(parameters)
    rows = decisions.transfer_table(*both, parameters["targets"], **resampling)
    return _wrapped("threshold_transfer", inputs, parameters, part, "thresholds on calib", rows)


def conformal(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return coverage and size of conformal sets; `parameters`: levels, by, and the draws'.

    `by` is "unit" (two classes: one score per unit, the largest of its rows; a unit is positive if
    any row is), "row", or the name of a slice with one value per class: then one score per row and
    one quantile per value. The rows are those of `decisions.conformal_table`, with n_units; of a
    slice those of `decisions.grouped_table`.
    """
    run, calib, part = _fitted_and_part(layout, inputs)
    _demand_probabilities(run, part, "a conformal set")
    by, levels = parameters["by"], parameters["levels"]
    known = slices.names(part.rows)
    if by not in ("unit", "row", *known):
        raise RunError(
            "conformal sets by what?",
            expected=f"by: {', '.join(['unit', 'row', *known])} (a slice: one value per class)",
            received=f"{by!r}",
            remedy="by: unit for two classes whose units hold several rows",
        )
    if by == "unit":
        _demand_binary(run, "one score per unit, the largest of its rows,")
    (calib_y, calib_p, _), (y, p, kept) = (_by(found, by) for found in (calib, part))
    grouping = {key: None if v is None else v[kept] for key, v in part.grouping.items()}
    names = run.classes
    if run.positive_class is not None:
        names = [name for name in names if name != run.positive_class] + [run.positive_class]
    resampling = grouping | building.drawn(parameters)
    both = (calib_y, calib_p, y, p, levels)
    if by in known and by not in ("unit", "row"):
        groups = slices.of_run(layout, names, by)
        rows = decisions.grouped_table(*both, groups, **resampling)
        method = f"split conformal sets (LAC), one quantile per {by} of the class"
        return _wrapped("conformal", inputs, parameters, part, method, rows)
    rows = decisions.conformal_table(*both, names, **resampling)
    n_units = len(np.unique(grouping["units"].astype(str)))
    rows = [row | {"n_units": n_units} for row in rows]
    method = f"split conformal sets (LAC), one score per {by}"
    return _wrapped("conformal", inputs, parameters, part, method, rows)


def _by(found: scoring.Joined, by: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return y (u,), p (u, k) and the row (u,) that stands for each unit, or for itself."""
    y, p, kept = found.y, found.calibrated, np.arange(len(found.y))
    if by == "unit":
        y, p, kept = decisions.largest_per_unit(y, p, found.rows["unit"].to_numpy())
    return y, np.stack([1 - p, p], axis=1) if p.ndim == 1 else p, kept


def _part(layout: Layout, inputs: Inputs) -> tuple[Run, scoring.Joined]:
    """Return the one run and the part asked for."""
    run, stored, examples = building.one(layout, inputs)
    building.refuse_demonstration(layout, [run])
    return run, scoring.join_run(run, stored, examples, inputs["part"])


def _fitted_and_part(layout: Layout, inputs: Inputs) -> tuple[Run, scoring.Joined, scoring.Joined]:
    """Return the one run, its calib part and the part asked for."""
    run, stored, examples = building.one(layout, inputs)
    building.refuse_demonstration(layout, [run])
    fitting = building.fitting_part(layout, run)
    if inputs["part"] == fitting or not (stored["part"] == fitting).any():
        raise RunError(
            f"a policy is fitted on {fitting} and looked at elsewhere",
            expected=f"a run that predicts {fitting}, and another part",
            received=f"part {inputs['part']} of run {run.id}, which predicts "
            + ", ".join(sorted(map(str, stored["part"].unique()))),
            remedy=f"ask for another part, and for a run on a split with a {fitting} part",
        )
    calib, part = (
        scoring.join_run(run, stored, examples, name) for name in (fitting, inputs["part"])
    )
    return run, calib, part


def _decided(run: Run, part: scoring.Joined) -> np.ndarray:
    """Return the (n,) code that the run decides for each row."""
    if run.positive_class is None:
        return part.calibrated.argmax(axis=1)
    return (part.calibrated >= _threshold(run)).astype(np.int64)


def _sure(run: Run, part: scoring.Joined) -> np.ndarray:
    """Return the (n,) confidence of each decision; of a score its distance to the threshold."""
    if part.is_score:
        return np.abs(part.calibrated - _threshold(run))
    threshold = None if run.positive_class is None else _threshold(run)
    return decisions.confidence(part.calibrated, threshold)


def _threshold(run: Run) -> float:
    if run.decision is None or run.decision.threshold is None:
        raise RunError(
            f"run {run.id} has no threshold, so it decides nothing",
            expected="a decision with a threshold",
            received="none",
            remedy="fit a threshold on calib",
        )
    return run.decision.threshold


def _demand_binary(run: Run, what: str) -> None:
    if run.positive_class is None:
        raise RunError(
            f"{what} needs a positive class",
            expected="two classes, one of them positive",
            received=f"run {run.id} of {len(run.classes)} classes",
            remedy="leave this result out",
        )


def _demand_probabilities(run: Run, part: scoring.Joined, what: str) -> None:
    if part.is_score:
        raise RunError(
            f"{what} needs probabilities",
            expected="p_<class> columns",
            received=f"run {run.id}, a scorer without probabilities",
            remedy="leave this result out, or let the model predict probabilities",
        )


def _resampled(part: scoring.Joined) -> str:
    ways = "" if part.grouping["second"] is None else "two_way_"
    return f"{ways}cluster_bootstrap_percentile"


def _wrapped(
    kind: str, inputs: Inputs, parameters: Inputs, part: scoring.Joined, what: str, rows: list
) -> Result:
    lead = building.counted(part.rows, f"{what}; intervals: {_resampled(part)}")
    return building.result(kind, inputs, parameters, lead | {"level": parameters["level"]}, rows)
