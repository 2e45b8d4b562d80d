"""Results that set one configuration's value beside another's on other rows, or another split.

Builders as in `evidence.tables`; values are means over the seeds of a configuration.
"""

import numpy as np

from proofolio import metrics, scoring, splits
from proofolio.contract import Layout, Metric, Result, Run, RunError
from proofolio.evidence import building
from proofolio.evidence.building import Inputs
from proofolio.project import Project


def drift(layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs) -> Result:
    """Return metric(config, part) - metric(versus, versus_part) on rows that share no cluster.

    `inputs`: config, runs, part, versus, versus_runs, versus_part, metric. Both sides are resampled
    apart (seed and seed + 1). Rows: which, part, value and its interval, n, n_units of either side.
    """
    pairs = (("config", "runs", "part"), ("versus", "versus_runs", "versus_part"))
    sides, asked = [], []
    for which, ids, part in pairs:
        runs = building.runs_of(layout, inputs[ids])
        building.refuse_demonstration(layout, runs)
        data = building.joined(layout, runs, inputs[part])
        sides.append(
            metrics.Side(
                data[0].y,
                [found.scores_for(inputs["metric"]) for found in data],
                building.thresholds(runs),
                **data[0].judged | {"clusters": data[0].rows["cluster"].to_numpy()},  # told by name
            )
        )
        asked.append({"which": inputs[which], "part": inputs[part]})
    difference, *alone = metrics.independent_difference(
        inputs["metric"], *sides, **building.drawn(parameters)
    )
    kept = ("value", "ci_low", "ci_high", "n", "n_units")
    rows = [
        names | {_column(key): getattr(metric, key) for key in kept}
        for names, metric in zip(asked, alone, strict=True)
    ]
    return building.result("drift", inputs, parameters, building.row_of(difference), rows)


def leak_comparison(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return metric(config) - metric(versus) over the same out-of-fold rows of two splits.

    `inputs`: config, runs, versus, versus_runs, part (val), metric. Both splits are of strategy
    cross_validation; one may be a demonstration that leaks on purpose. Rows: which, value and its
    interval of either configuration, from the same resamples as the difference.
    """
    groups = [building.runs_of(layout, inputs[key]) for key in ("runs", "versus_runs")]
    data = [[_by_id(f) for f in _out_of_fold(layout, runs, inputs["part"])] for runs in groups]
    ours, theirs = (side[0].rows["id"] for side in data)
    if not ours.equals(theirs):
        missing = sorted({*ours} ^ {*theirs})
        raise RunError(
            "the two splits rotate different rows",
            expected="the same ids out of fold on both",
            received=f"{len(ours)} and {len(theirs)} ids, {len(missing)} on one side only: "
            + ", ".join(map(str, missing[:5])),
            remedy="hold the same rows apart in both splits, then train again",
        )
    name, first = inputs["metric"], data[0][0]
    scores = [[found.scores_for(name) for found in side] for side in data]
    limits = [building.thresholds(runs) for runs in groups]
    options = first.judged | building.drawn(parameters)
    difference = metrics.paired_difference(
        name, first.y, *scores, thresholds=tuple(limits), **options
    )
    rows = []
    for which, own, threshold in zip(("config", "versus"), scores, limits, strict=True):
        mean = _seed_mean(name, first.y, own, threshold, options)
        rows.append({"which": inputs[which], "value": mean.value})
        rows[-1] |= {f"value_{end}": getattr(mean, end) for end in ("ci_low", "ci_high")}
    return building.result("leak_comparison", inputs, parameters, building.row_of(difference), rows)


def _seed_mean(
    name: str,
    y: np.ndarray,
    scores: list[np.ndarray],
    thresholds: list[float | None],
    options: Inputs,
) -> Metric:
    clusters = options["clusters"]
    rest = {key: value for key, value in options.items() if key != "clusters"}
    return metrics.seed_mean(name, y, scores, clusters, thresholds=thresholds, **rest)


def _out_of_fold(layout: Layout, runs: list[Run], part: str) -> list[scoring.Joined]:
    """Return the out-of-fold rows of runs on one cross-validation split, each id once."""
    wrong = [r.id for r in runs if splits.info(layout, r.split).strategy != "cross_validation"]
    if wrong or part != "val":
        raise RunError(
            "a leak is shown on out-of-fold rows",
            expected="part val of two splits of strategy cross_validation",
            received=f"part {part} of {', '.join(wrong or [run.id for run in runs])}",
            remedy="give both configurations a cross_validation split in project.yaml",
        )
    data = building.joined(layout, runs, part)
    twice = data[0].rows["id"].duplicated()
    if twice.any():
        raise RunError(
            "an id is out of fold more than once",
            expected="each id once over all folds",
            received=f"{int(twice.sum())} of run {runs[0].id} again, "
            f"the first {data[0].rows.loc[twice, 'id'].iloc[0]}",
            remedy="predict in each fold its held-out rows alone",
        )
    return data


def _by_id(found: scoring.Joined) -> scoring.Joined:
    """Return the same rows sorted by id: folds of two splits hold them in different orders."""
    return found.take(np.argsort(found.rows["id"].to_numpy(dtype=str), kind="stable"))


def _column(key: str) -> str:
    """Return the column of a metric's key: the ends of an interval are the value's."""
    return f"value_{key}" if key.startswith("ci_") else key
