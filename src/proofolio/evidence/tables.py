"""The results of a project, one function per kind: used to write them and to verify them.

Each takes (layout, project or None, inputs, parameters) and returns the `Result`, from evidence
alone: `project` is never needed, and `inputs` and `parameters` are what the result itself records.
Here stand those about what a run or configuration did; `wrong` holds those about its mistakes,
`policies` those about what could be done with a run, `shifts` those that compare other rows or
another split, `groups` those about slices, `gains` the one that compares by slice, `alerts` those
about days of alerts, `strangers` the one about examples of no class.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from proofolio import decisions, metrics, scoring
from proofolio.contract import Layout, Result, Run
from proofolio.evidence import (
    alerts,
    building,
    confused,
    events,
    gains,
    groups,
    label_noise,
    policies,
    shifts,
    slices,
    strangers,
    wrong,
)
from proofolio.evidence.building import LEVEL, RESAMPLES, SEED, Builder, Inputs
from proofolio.project import Project

__all__ = ["LEVEL", "RECOMPUTE", "RESAMPLES", "SEED"]


def seed_mean(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return the mean of every metric over one configuration's seeds, with interval and spread.

    `inputs`: config, part, metric (the primary, whose value leads), runs. The table has a row per
    metric; `seed_sd` (sample standard deviation), `seed_min`, `seed_max` show the spread between
    seeds, which the interval over resamples leaves out. Of events `fold_sd` (population standard
    deviation), `fold_min` and `fold_max` show the spread between folds beside it.
    """
    runs, part = building.runs_of(layout, inputs["runs"]), inputs["part"]
    data = building.joined(layout, runs, part)
    means = metrics.seed_means(
        list(runs[0].metrics[part]),
        data[0].y,
        [joined.calibrated for joined in data],
        raw=[joined.stored for joined in data],
        thresholds=building.thresholds(runs),
        **data[0].judged,
        **building.drawn(parameters),
    )
    folds = events.fold_spread(list(means), data, building.thresholds(runs))
    rows = [
        {"metric": m, **building.row_of(mean), **_spread(runs, part, m), **folds.get(m, {})}
        for m, mean in means.items()
    ]
    lead = next((row for row in rows if row["metric"] == inputs["metric"]), None)
    if lead is None:  # a scorer without probabilities, where those are what chooses
        lead = {"method": f"undefined: {inputs['config']} has no {inputs['metric']}"}
    return building.result("seed_mean", inputs, parameters, lead, rows)


def paired_difference(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return metric(config) - metric(versus), means over seeds, on the same resamples.

    `inputs`: config, versus, part, metric, runs, versus_runs. `parameters`: the draws' and, for
    some rows alone, slice and value (one, or a list).
    """
    ours, theirs = (
        building.runs_of(layout, inputs["runs"]),
        building.runs_of(layout, inputs["versus_runs"]),
    )
    data = building.joined(layout, [*ours, *theirs], inputs["part"])
    data = slices.restricted(data, parameters)
    scores = [joined.scores_for(inputs["metric"]) for joined in data]
    difference = metrics.paired_difference(
        inputs["metric"],
        data[0].y,
        scores[: len(ours)],
        scores[len(ours) :],
        thresholds=(building.thresholds(ours), building.thresholds(theirs)),
        **data[0].judged,
        **building.drawn(parameters),
    )
    return building.result("paired_difference", inputs, parameters, building.row_of(difference))


def threshold_table(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return what thresholds on the calibrated probability of the positive class would do.

    `inputs`: runs (one), part. `parameters`: thresholds; the run's own is added and marked
    `in_use`. The rows are those of `decisions.threshold_table`; of events with the alerts a day
    and, where there are amounts, the value found and the cost at the price `investigation` of an
    alert.
    """
    run, stored, examples = building.one(layout, inputs)
    data = scoring.join_run(run, stored, examples, inputs["part"])
    in_use = run.decision.threshold if run.decision else None
    asked = sorted({*parameters["thresholds"], *([] if in_use is None else [in_use])})
    rows = decisions.threshold_table(data.y, data.calibrated, asked)
    rows = [row | events.per_day(data, row["threshold"], parameters) for row in rows]
    rows = [row | {"in_use": row["threshold"] == in_use} for row in rows]
    for row in rows:
        del row["target"]  # these rows stand at thresholds, not at target sensitivities
    lead = building.counted(data.rows, "rates at each threshold")
    return building.result("threshold_table", inputs, parameters, lead, rows)


RECOMPUTE: Mapping[str, Builder] = {
    "seed_mean": seed_mean,
    "paired_difference": paired_difference,
    "confusion": wrong.confusion,
    "class_table": wrong.class_table,
    "threshold_table": threshold_table,
    "slice_table": wrong.slice_table,
    "mistakes": wrong.mistakes,
    "decision_curve": policies.decision_curve,
    "risk_coverage": policies.risk_coverage,
    "conformal": policies.conformal,
    "cost": policies.cost,
    "budget": events.budget,
    "ceiling": alerts.ceiling,
    "detection_delay": alerts.detection_delay,
    "threshold_transfer": policies.threshold_transfer,
    "drift": shifts.drift,
    "leak_comparison": shifts.leak_comparison,
    "ood": strangers.ood,
    "hierarchy": groups.hierarchy,
    "slice_difference": groups.slice_difference,
    "difference_by_slice": gains.difference_by_slice,
    "label_noise": label_noise.label_noise,
    "confused_pairs": confused.confused_pairs,
}


def _spread(runs: Sequence[Run], part: str, name: str) -> Inputs:
    values = [run.metrics[part][name].value for run in runs]
    if None in values:
        return {"seeds": len(values), "seed_sd": None, "seed_min": None, "seed_max": None}
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"seeds": len(values), "seed_sd": sd, "seed_min": min(values), "seed_max": max(values)}
