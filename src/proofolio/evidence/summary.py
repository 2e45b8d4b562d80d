"""The standing results of a project: which there are, and writing them all from the runs."""

from collections.abc import Iterator
from typing import Any

from proofolio.contract import Layout, Run
from proofolio.evidence import choice, results, store, tables
from proofolio.project import Project

THRESHOLDS = [round(0.05 * step, 2) for step in range(1, 20)]
_DRAWN = {"resamples": tables.RESAMPLES, "level": tables.LEVEL, "seed": tables.SEED}
Planned = tuple[str, dict[str, Any], dict[str, Any]]  # kind, inputs, parameters


def summarise(layout: Layout, project: Project) -> list[str]:
    """Write every standing result of the project and return the names, sorted.

    Of every configuration: `seed_mean_<config>_<part>`. Of the chosen one (before the choice: of
    the best on val so far): `difference_<config>_vs_<other>_<part>` against the best of every
    other rung, `confusion_<part>`, `slice_table_<part>`, `threshold_table_calib`. Parts are val,
    and test for runs it was opened for. Standing results that no longer follow are removed.
    """
    planned = plan(layout, project)
    for name, (kind, inputs, parameters) in planned.items():
        results.write(layout, name, tables.RECOMPUTE[kind](layout, project, inputs, parameters))
    for path in sorted(layout.results.glob("*.json")):
        found = results.read(layout, path.stem)
        if path.stem not in planned and path.stem == _name(found.kind, found.inputs):
            path.unlink()
    return sorted(planned)


def plan(layout: Layout, project: Project) -> dict[str, Planned]:
    """Return what `summarise` writes, by name."""
    asked = [*_means(layout, project), *_of_leader(layout, project)]
    return {_name(kind, inputs): (kind, inputs, parameters) for kind, inputs, parameters in asked}


def _means(layout: Layout, project: Project) -> Iterator[Planned]:
    for spec in project.splits:
        if not (layout.split(spec.name) / "split.json").is_file():
            continue
        for name, runs in store.configurations(layout, spec.name).items():
            for part in _parts(runs):
                inputs = {"config": name, "metric": project.metric.primary, "part": part}
                yield "seed_mean", inputs | {"runs": _ids(runs)}, dict(_DRAWN)


def _of_leader(layout: Layout, project: Project) -> Iterator[Planned]:
    leader = _leader(layout, project)
    if leader is None:
        return
    run, (name, runs), *others = leader
    metric = {"metric": project.metric.primary}
    decided = run.decision is not None and run.decision.threshold is not None
    for part in _parts(runs):
        one = {"part": part, "runs": [run.id]}
        if run.positive_class is None or decided:
            yield "confusion", one, {}
        yield "slice_table", one | metric, _DRAWN | {"metrics": _shown(run, part, **metric)}
        for other, beside in others:
            if part in _parts(beside):
                pair = {"config": name, "versus": other, "part": part}
                pair |= {"runs": _ids(runs), "versus_runs": _ids(beside)}
                yield "paired_difference", pair | metric, dict(_DRAWN)
    if run.positive_class is not None and decided and "calib" in run.metrics:
        yield "threshold_table", {"part": "calib", "runs": [run.id]}, {"thresholds": THRESHOLDS}


def _leader(layout: Layout, project: Project) -> list[Any] | None:
    """Return [run to deploy, (name, runs) of the leader, (name, runs) of each comparison]."""
    selection = choice.recorded(layout)
    if selection is not None:
        by_name = {c.name: c for c in selection.candidates}
        names = [selection.choice.name, *selection.fixed_comparisons]
        run_id, chosen = selection.choice.run, [by_name[name] for name in names]
    else:
        led = choice.leading(layout, project) if layout.dataset.is_file() else None
        if led is None:
            return None
        run_id, chosen = choice.deployed(layout, project, led[0]), [led[0], *led[2]]
    named = [(c.name, [store.run(layout, i) for i in c.runs]) for c in chosen]
    return [store.run(layout, run_id), *named]


def _shown(run: Run, part: str, metric: str) -> list[str]:
    """Return the metrics of the slice table: the primary, and what the decision does."""
    wanted = (metric, "sensitivity", "specificity", "accuracy")
    return [name for name in dict.fromkeys(wanted) if name in run.metrics[part]]


def _parts(runs: list[Run]) -> list[str]:
    """Return the parts that all runs carry metrics of: val, and test once it is opened."""
    return [part for part in ("val", "test") if all(part in run.metrics for run in runs)]


def _name(kind: str, inputs: dict[str, Any]) -> str | None:
    """Return the name of a standing result, None for inputs that no standing result has."""
    patterns = {
        "seed_mean": "seed_mean_{config}_{part}",
        "paired_difference": "difference_{config}_vs_{versus}_{part}",
        "confusion": "confusion_{part}",
        "slice_table": "slice_table_{part}",
        "threshold_table": "threshold_table_{part}",
    }
    try:
        return patterns[kind].format(**inputs)
    except KeyError:
        return None


def _ids(runs: list[Run]) -> list[str]:
    return [run.id for run in runs]
