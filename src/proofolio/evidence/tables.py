"""The results of a project, one function per kind: used to write them and to verify them.

Each takes (layout, project or None, inputs, parameters) and returns the `Result`, from evidence
alone: `project` is never needed, and `inputs` and `parameters` are what the result itself records.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from proofolio import decisions, errors, metrics, scoring, table
from proofolio.contract import Layout, Metric, Result, Run, RunError
from proofolio.evidence import seal, store
from proofolio.project import Project

if TYPE_CHECKING:
    import pandas as pd

RESAMPLES, LEVEL, SEED = 2000, 0.95, 0  # the house's; each result records its own
Inputs = dict[str, Any]
Builder = Callable[[Layout, Project | None, Inputs, Inputs], Result]


def seed_mean(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return the mean of every metric over one configuration's seeds, with interval and spread.

    `inputs`: config, part, metric (the primary, whose value leads), runs. The table has a row per
    metric; `seed_sd` (sample standard deviation), `seed_min`, `seed_max` show the spread between
    seeds, which the interval over resamples leaves out.
    """
    runs, part = _runs(layout, inputs["runs"]), inputs["part"]
    data = _joined(layout, runs, part)
    means = metrics.seed_means(
        list(runs[0].metrics[part]),
        data[0].y,
        [joined.calibrated for joined in data],
        raw=[joined.stored for joined in data],
        thresholds=_thresholds(runs),
        **data[0].grouping,
        **_drawn(parameters),
    )
    rows = [{"metric": m, **_row(mean), **_spread(runs, part, m)} for m, mean in means.items()]
    lead = next((row for row in rows if row["metric"] == inputs["metric"]), None)
    if lead is None:  # a scorer without probabilities, where those are what chooses
        lead = {"method": f"undefined: {inputs['config']} has no {inputs['metric']}"}
    return _result("seed_mean", inputs, parameters, lead, rows)


def paired_difference(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return metric(config) - metric(versus), means over seeds, on the same resamples.

    `inputs`: config, versus, part, metric, runs, versus_runs.
    """
    ours, theirs = _runs(layout, inputs["runs"]), _runs(layout, inputs["versus_runs"])
    data = _joined(layout, [*ours, *theirs], inputs["part"])
    scores = [joined.scores_for(inputs["metric"]) for joined in data]
    difference = metrics.paired_difference(
        inputs["metric"],
        data[0].y,
        scores[: len(ours)],
        scores[len(ours) :],
        thresholds=(_thresholds(ours), _thresholds(theirs)),
        **data[0].grouping,
        **_drawn(parameters),
    )
    return _result("paired_difference", inputs, parameters, _row(difference))


def confusion(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return how often each actual class was decided to be each class; `inputs`: runs (one), part.

    The rows are those of `errors.confusion`.
    """
    run, stored, examples = _one(layout, inputs)
    rows = errors.confusion(run, stored, examples, inputs["part"])
    lead = _counted(stored, examples, inputs["part"]) | {"method": "counts at the run's decision"}
    return _result("confusion", inputs, parameters, lead, rows)


def threshold_table(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return what thresholds on the calibrated probability of the positive class would do.

    `inputs`: runs (one), part. `parameters`: thresholds; the run's own is added and marked
    `in_use`. The rows are those of `decisions.threshold_table`.
    """
    run, stored, examples = _one(layout, inputs)
    (data,) = _joined(layout, [run], inputs["part"])
    in_use = run.decision.threshold if run.decision else None
    asked = sorted({*parameters["thresholds"], *([] if in_use is None else [in_use])})
    rows = decisions.threshold_table(data.y, data.calibrated, asked)
    rows = [row | {"in_use": row["threshold"] == in_use} for row in rows]
    for row in rows:
        del row["target"]  # these rows stand at thresholds, not at target sensitivities
    lead = _counted(stored, examples, inputs["part"]) | {"method": "rates at each threshold"}
    return _result("threshold_table", inputs, parameters, lead, rows)


def slice_table(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return metrics on every slice of a part, the whole part first.

    `inputs`: runs (one), part, metric (leads). `parameters`: metrics, resamples, seed. The rows are
    those of `errors.slice_table`.
    """
    run, stored, examples = _one(layout, inputs)
    rows = errors.slice_table(
        run,
        stored,
        examples,
        inputs["part"],
        parameters["metrics"],
        resamples=parameters["resamples"],
        seed=parameters["seed"],
    )
    whole, metric = rows[0], inputs["metric"]
    lead = {
        "value": whole[metric],
        "ci_low": whole[f"{metric}_ci_low"],
        "ci_high": whole[f"{metric}_ci_high"],
        "level": LEVEL,
        "n": whole["n"],
        "n_units": whole["n_units"],
        "method": run.metrics[inputs["part"]][metric].method,
    }
    return _result("slice_table", inputs, parameters, lead, rows)


RECOMPUTE: Mapping[str, Builder] = {
    "seed_mean": seed_mean,
    "paired_difference": paired_difference,
    "confusion": confusion,
    "threshold_table": threshold_table,
    "slice_table": slice_table,
}


def _runs(layout: Layout, ids: Sequence[str]) -> list[Run]:
    return [store.run(layout, run_id) for run_id in ids]


def _one(layout: Layout, inputs: Inputs) -> tuple[Run, "pd.DataFrame", "pd.DataFrame"]:
    """Return the one run of `inputs`, its predictions and the examples."""
    (run,) = _runs(layout, inputs["runs"])
    seal.demand_open(layout, [run], inputs["part"])
    return run, store.predictions(layout, run), table.read_examples(layout)


def _joined(layout: Layout, runs: Sequence[Run], part: str) -> list[scoring.Joined]:
    """Return each run's rows of a part beside their labels: the same rows for every run.

    Raises:
        SealError: `part` is test, and test was not opened for these runs.
        RunError: The runs score different rows.
    """
    seal.demand_open(layout, runs, part)
    examples = table.read_examples(layout)
    stored = (store.predictions(layout, run) for run in runs)
    data = [
        scoring.join_run(run, predictions, examples, part)
        for run, predictions in zip(runs, stored, strict=True)
    ]
    if any(not joined.rows["id"].equals(data[0].rows["id"]) for joined in data):
        raise RunError(
            f"runs score different rows of {part}",
            received=", ".join(run.id for run in runs),
            remedy="compare runs of one split",
        )
    return data


def _thresholds(runs: Sequence[Run]) -> list[float | None]:
    """Return the decision threshold of each run; None where it has none."""
    return [run.decision.threshold if run.decision else None for run in runs]


def _drawn(parameters: Inputs) -> Inputs:
    return {key: parameters[key] for key in ("resamples", "level", "seed")}


def _row(metric: Metric) -> Inputs:
    return metric.model_dump(exclude={"seed"})


def _spread(runs: Sequence[Run], part: str, name: str) -> Inputs:
    values = [run.metrics[part][name].value for run in runs]
    if None in values:
        return {"seeds": len(values), "seed_sd": None, "seed_min": None, "seed_max": None}
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"seeds": len(values), "seed_sd": sd, "seed_min": min(values), "seed_max": max(values)}


def _counted(stored: "pd.DataFrame", examples: "pd.DataFrame", part: str) -> Inputs:
    ids = stored.loc[stored["part"] == part, "id"]
    units = examples.loc[examples["id"].isin(ids), "unit"]
    return {"n": len(ids), "n_units": int(units.nunique())}


def _result(
    kind: str,
    inputs: Inputs,
    parameters: Inputs,
    lead: Inputs,
    rows: list[Inputs] | None = None,
) -> Result:
    kept = ("value", "ci_low", "ci_high", "level", "n", "n_units", "method")
    return Result(
        kind=kind,
        table=rows,
        inputs=inputs,
        parameters=parameters,
        seed=parameters.get("seed"),
        how="recomputed",
        **{key: lead[key] for key in kept if key in lead},
    )
