"""Write the results of a project from its runs: the standing ones and those the author asks for."""

from proofolio.contract import Layout, ProjectError, Run
from proofolio.evidence import results, standing, store, tables
from proofolio.evidence.standing import Planned
from proofolio.project import AskedResult, Project


def summarise(layout: Layout, project: Project) -> list[str]:
    """Write every result of the plan and return the names, sorted.

    Standing results that no longer follow are removed. `standing` says which there are; parts are
    val, and test for runs it was opened for.
    """
    made = plan(layout, project)
    for name, (kind, inputs, parameters) in made.items():
        results.write(layout, name, tables.RECOMPUTE[kind](layout, project, inputs, parameters))
    for path in sorted(layout.results.glob("*.json")):
        found = results.read(layout, path.stem)
        if path.stem not in made and path.stem == standing.name(found.kind, found.inputs):
            path.unlink()
    return sorted(made)


def plan(layout: Layout, project: Project) -> dict[str, Planned]:
    """Return what `summarise` writes, by name.

    Raises ProjectError where a result is asked for under a standing name, or of no known kind.
    """
    made = {standing.name(p[0], p[1]): p for p in standing.planned(layout, project)}
    for asked in project.results:
        if asked.name in made or asked.kind not in tables.RECOMPUTE:
            raise ProjectError(
                f"results: {asked.name} of kind {asked.kind} cannot be asked for",
                expected=f"a name of its own, and one of {', '.join(sorted(tables.RECOMPUTE))}",
                remedy="correct results in project.yaml",
            )
        if (asked.kind in standing.TWO_SIDED) != (asked.versus is not None):
            raise ProjectError(
                f"results: {asked.name} of kind {asked.kind} has the wrong sides",
                expected=f"versus for {', '.join(standing.TWO_SIDED)}, none for other kinds",
                received=f"versus {asked.versus}",
                remedy="correct results in project.yaml",
            )
        planned = _asked(layout, project, asked)
        if planned is not None:
            made[asked.name] = planned
    return made


def _asked(layout: Layout, project: Project, asked: AskedResult) -> Planned | None:
    """Return the plan of an asked result, or None while its runs or parts are not there."""
    about_seeds = asked.kind in standing.ABOUT_SEEDS
    runs = _runs(layout, project, asked.config, asked.part, all_seeds=about_seeds)
    if not runs:
        return None
    metric = asked.metric or standing.METRIC_OF.get(asked.kind, project.metric.primary)
    inputs = {"part": asked.part, "runs": standing.ids(runs)}
    if about_seeds or asked.kind == "slice_table":
        inputs["metric"] = metric
    if about_seeds:
        inputs["config"] = asked.config
    if asked.versus is not None:
        versus_part = asked.versus_part or asked.part
        beside = _runs(layout, project, asked.versus, versus_part, all_seeds=about_seeds)
        if not beside:
            return None
        inputs |= {"versus": asked.versus, "versus_runs": standing.ids(beside)}
        if asked.kind == "drift":
            inputs["versus_part"] = versus_part
    usual = standing.settings(asked.kind, runs[0], asked.part, project)
    return asked.kind, inputs, usual | asked.parameters


def _runs(
    layout: Layout, project: Project, config: str, part: str, *, all_seeds: bool
) -> list[Run]:
    """Return the runs that count, with metrics of `part`; the first seed's alone on request."""
    split = project.experiment(config).split
    if not (layout.split(split) / "split.json").is_file():
        return []
    found = store.configurations(layout, split).get(config, [])
    if not found or any(part not in run.metrics for run in found):
        return []
    if all_seeds:
        return found
    by_seed = {run.seed: run for run in found}
    return [next(by_seed[seed] for seed in project.seeds if seed in by_seed)]
