"""Results about groups that the table's slices name: levels of classes, two values of a slice.

Builders as in `evidence.tables`. A slice that has one value per class is a level of a tree of
classes: it stands once, in the table, and is not written again in what is asked for.
"""

import numpy as np

from proofolio import errors, metrics, scoring
from proofolio.contract import Layout, Result, RunError
from proofolio.decisions.needs import with_interval
from proofolio.evidence import building, slices
from proofolio.evidence.building import Inputs
from proofolio.project import Project

_USUAL = ("resamples", "level", "seed", "columns")  # parameters that any kind may have


def hierarchy(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return accuracy at each level of a tree of classes, and whether mistakes stay near.

    `inputs`: runs (one), part. `parameters`: levels, names of slices with one value per class, and
    the draws'. The first row is the level `class`; then the levels asked for. Rows: by (the level),
    values (how many it tells apart), n, n_units, accuracy with its interval (the group of the class
    decided is that of the true class), mistakes (rows where it is not), within (share of the wrong
    classes that lie in the true group) with its interval, within_by_chance and within_less_chance
    with its interval. By chance: were the wrong class of each mistake drawn from the other classes
    in proportion to their rows in the part, which resamples hold fixed.

    Raises:
        RunError: No level, an unknown slice, or one that is no level of the run's classes.
    """
    levels = _levels(parameters)
    run, stored, examples = building.one(layout, inputs)
    building.refuse_demonstration(layout, [run])
    data = scoring.join_run(run, stored, examples, inputs["part"])
    told = errors.decided(run, stored, examples, inputs["part"])
    code = {name: i for i, name in enumerate(run.classes)}
    actual, decided = (told[c].map(code).to_numpy() for c in ("label", "decided"))
    trees = {"class": np.arange(len(code))}
    for name in levels:
        of_class = slices.of_classes(examples, run.classes, name)
        trees[name] = np.unique(of_class, return_inverse=True)[1]
    options = data.grouping | building.drawn(parameters)
    right = np.stack([tree[actual] == tree[decided] for tree in trees.values()], axis=1)
    wrong = (actual != decided).astype(np.float64)
    chance = np.stack([_chance(tree, actual)[actual] for tree in trees.values()], axis=1)
    accuracy = metrics.ratios(right, np.ones(len(actual)), **options)
    near = wrong[:, None] * right
    within = metrics.ratios(near, wrong, **options)
    by_chance = metrics.ratios(wrong[:, None] * chance, wrong, **options)
    excess = metrics.ratios(near - wrong[:, None] * chance, wrong, **options)
    rows = []
    for i, (name, tree) in enumerate(trees.items()):
        row = {"by": name, "values": int(tree.max()) + 1, "n": len(actual)}
        row |= {"n_units": accuracy[i].n_units, "mistakes": int((~right[:, i]).sum())}
        row |= with_interval("accuracy", accuracy[i])
        row |= {"within": within[i].value, "within_by_chance": by_chance[i].value}
        row["within_less_chance"] = excess[i].value
        if i:  # a wrong class is never the true one: nothing varies
            row |= with_interval("within", within[i]) | with_interval(
                "within_less_chance", excess[i]
            )
        rows.append(row)
    method = f"decisions of the run by level; intervals: {accuracy[0].method}"
    lead = building.counted(data.rows, method) | {"level": parameters["level"]}
    return building.result("hierarchy", inputs, parameters, lead, rows)


def slice_difference(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return metric(rows of a value of a slice) - metric(rows of another), a mean over seeds.

    `inputs`: config, runs, part, metric. `parameters`: slice, value, versus_value (None: all the
    other rows), and the draws'. Clusters of the rows compared are resampled jointly, so that one
    with rows on both sides moves both. Rows: slice, value and its interval, n, n_units of either.

    Raises:
        RunError: An unknown slice, a value that no row of the part has, or twice the same.
    """
    name, sides = _sides(parameters)
    runs = building.runs_of(layout, inputs["runs"])
    building.refuse_demonstration(layout, runs)
    data = building.joined(layout, runs, inputs["part"])
    values = slices.values(data[0].rows, name).to_numpy(dtype=str)
    missing = [v for v in sides if v is not None and v not in values]
    if missing or (sides[1] is None and (values == sides[0]).all()):
        raise RunError(
            f"no row of {inputs['part']} on one side of a difference by slice {name}",
            expected=", ".join(np.unique(values)),
            received=", ".join(missing) or f"{sides[0]} in every row",
            remedy=slices.REMEDY,
        )
    ours = values == sides[0]
    masks = (ours, ~ours if sides[1] is None else values == sides[1])
    metric = inputs["metric"]
    difference, *alone = metrics.within_difference(
        metric,
        data[0].y,
        [found.scores_for(metric) for found in data],
        masks,
        thresholds=building.thresholds(runs),
        **data[0].grouping,
        **building.drawn(parameters),
    )
    called = [f"{name}={sides[0]}", f"{name}={sides[1]}" if sides[1] else "all the other rows"]
    rows = [
        {"slice": which, "n": side.n, "n_units": side.n_units} | with_interval("value", side)
        for which, side in zip(called, alone, strict=True)
    ]
    lead = building.row_of(difference)
    return building.result("slice_difference", inputs, parameters, lead, rows)


def _chance(tree: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Return (k,) the share that the classes of the same group have among the rows of others."""
    sizes = np.bincount(actual, minlength=len(tree)).astype(np.float64)
    same = (tree[:, None] == tree[None, :]) & ~np.eye(len(tree), dtype=bool)
    others = sizes.sum() - sizes
    return np.divide(same @ sizes, others, out=np.zeros(len(tree)), where=others > 0)


def _levels(parameters: Inputs) -> list[str]:
    _demand_known("hierarchy", parameters, {"levels"})
    levels = parameters.get("levels")
    named = isinstance(levels, list) and all(isinstance(level, str) for level in levels)
    if not named or not levels or len({*levels, "class"}) <= len(levels):
        raise RunError(
            "a hierarchy needs levels above the class",
            expected="levels: names of slices, each once",
            received=f"{levels!r}",
            remedy=slices.REMEDY,
        )
    return levels


def _sides(parameters: Inputs) -> tuple[str, tuple[str, str | None]]:
    """Return the slice and its two values as text; None: all the other rows."""
    _demand_known("slice_difference", parameters, {"slice", "value", "versus_value"})
    name, value, versus = (parameters.get(key) for key in ("slice", "value", "versus_value"))
    if name is None or value is None or str(value) == str(versus):
        raise RunError(
            "a difference by slice needs a slice and two values",
            expected="slice, value, and versus_value of another (left out: all the other rows)",
            received=f"slice {name}, value {value}, versus_value {versus}",
            remedy=slices.REMEDY,
        )
    return str(name), (str(value), None if versus is None else str(versus))


def _demand_known(kind: str, parameters: Inputs, own: set[str]) -> None:
    unknown = sorted(set(parameters) - own - set(_USUAL))
    if unknown:
        raise RunError(
            f"{kind} has no such parameters",
            expected=", ".join(sorted(own)),
            received=", ".join(unknown),
            remedy=slices.REMEDY,
        )
