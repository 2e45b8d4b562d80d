"""What figures, cards and pages show, read once from evidence: the choice, and what is sealed."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from proofolio import claims, evidence, files, metrics, splits, table
from proofolio.contract import Finding, Layout, Result, Run, Selection
from proofolio.project import Project

if TYPE_CHECKING:
    import pandas as pd


class Facts:
    """One project's evidence as its readers meet it."""

    def __init__(self, layout: Layout, project: Project) -> None:
        self.layout = layout
        self.project = project
        self.metric = project.metric.primary
        self.resolve = claims.Resolve(layout)

    @cached_property
    def configurations(self) -> dict[str, list[Run]]:
        """Finished runs of the primary split by configuration, in the project's order."""
        if not (self.layout.dataset.is_file() and self._split.is_file()):
            return {}
        found = evidence.configurations(self.layout, self.project.primary_split.name)
        order = [e.name for e in self.project.ladder]
        place = {name: i for i, name in enumerate(order)}
        return {n: found[n] for n in sorted(found, key=lambda n: (place.get(n, len(place)), n))}

    @property
    def _split(self) -> Any:
        return self.layout.split(self.project.primary_split.name) / "split.json"

    @cached_property
    def runs(self) -> list[Run]:
        """Every recorded run, failed ones and those of other splits included."""
        return evidence.runs(self.layout)

    @cached_property
    def selection(self) -> Selection | None:
        """What was decided before test was opened, or None."""
        return evidence.selection(self.layout)

    @cached_property
    def chosen(self) -> Run | None:
        """The run that was chosen; before the choice the first seed of the best on val so far."""
        if self.selection is not None:
            named = self.selection.choice.run
            return next((run for run in self.runs if run.id == named), None)
        best = self.ranked[:1]
        runs = self.configurations[best[0]] if best else []
        return next((r for seed in self.project.seeds for r in runs if r.seed == seed), None)

    @cached_property
    def ranked(self) -> list[str]:
        """Measured configurations, best mean on val first; ties keep the project's order."""
        means = {name: self.mean(name, "val").value for name in self.configurations}
        sign = -1 if metrics.higher_is_better(self.metric) else 1
        known = [name for name, value in means.items() if value is not None]
        return sorted(known, key=lambda name: sign * means[name])

    @cached_property
    def compared(self) -> list[str]:
        """Other rungs' configurations that stand beside the chosen one, best on val first.

        Once chosen, those that the selection fixed; before, the best of every other rung.
        """
        if self.chosen is None:
            return []
        others = [n for n in self.ranked if self.configurations[n][0].rung != self.chosen.rung]
        if self.selection is not None:
            return [name for name in others if name in self.selection.fixed_comparisons]
        rungs = {self.configurations[name][0].rung: name for name in reversed(others)}
        return [name for name in others if name in rungs.values()]

    @cached_property
    def rival(self) -> str | None:
        """The best configuration of another rung than the chosen one, measured where it is."""
        if self.chosen is None:
            return None
        for name in self.ranked:
            other = self.configurations[name][0].rung != self.chosen.rung
            if other and self.mean(name, self.part).value is not None:
                return name
        return None

    @property
    def rival_run(self) -> Run | None:
        """The rival's run of the seed listed first."""
        return self.deployed(self.rival) if self.rival is not None else None

    def deployed(self, config: str) -> Run | None:
        """Return a configuration's run of the seed that project.yaml lists first."""
        runs = self.configurations.get(config, [])
        by_seed = {run.seed: run for run in runs}
        listed = (by_seed[seed] for seed in self.project.seeds if seed in by_seed)
        return next(listed, runs[0] if runs else None)

    def run_of(self, result: Result) -> Run | None:
        """Return the run that a result names, None for results of several."""
        named = result.inputs.get("runs")
        if not isinstance(named, list) or len(named) != 1:
            return None
        return next((run for run in self.runs if run.id == named[0]), None)

    def mean(self, config: str, part: str, metric: str | None = None) -> claims.Bound:
        """Return a configuration's mean over seeds of the primary, or another, metric."""
        return self.resolve.value(f"config:{config}", f"{part}.{metric or self.metric}")

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that may be shown: test only once it was opened for the chosen run."""
        opened = self.chosen is not None and "test" in self.chosen.metrics
        return ("val", "test") if opened else ("val",)

    @property
    def part(self) -> str:
        """The part whose numbers speak for the project: test once opened, val before."""
        return self.parts[-1]

    @cached_property
    def openings(self) -> list[dict[str, Any]]:
        """One entry for each time predictions were joined with test labels."""
        return evidence.accesses(self.layout)

    @cached_property
    def findings(self) -> list[Finding]:
        """The audit's findings, empty where it never ran."""
        if not self.layout.audit.is_file():
            return []
        found = files.read_json(self.layout.audit)
        listed = found["findings"] if isinstance(found, dict) else found
        return [Finding.model_validate(entry) for entry in listed]

    @cached_property
    def examples(self) -> "pd.DataFrame":
        """`examples.parquet`: every example (events: scored ones) with unit, cluster and label."""
        return table.read_examples(self.layout)

    @property
    def classes(self) -> list[str]:
        """The classes of the primary split, in order."""
        return self.project.classes_of(self.project.primary_split.name)

    @cached_property
    def labelled_parts(self) -> "pd.DataFrame":
        """Rows of the primary split with their labels: id, part, label, unit, cluster."""
        parts = splits.read(self.layout, self.project.primary_split.name)
        return parts.merge(self.examples, on="id", validate="many_to_one")

    @cached_property
    def results(self) -> dict[str, Result]:
        """Every recorded result by name, sorted."""
        paths = sorted(self.layout.results.glob("*.json"))
        return {p.stem: Result.model_validate(files.read_json(p)) for p in paths}

    def results_of(self, kind: str) -> dict[str, Result]:
        """Return the results of one kind; those on test only once it was opened."""
        shown = {*self.parts, "calib"}

        def open_to_all(result: Result) -> bool:
            inputs = result.inputs
            return {inputs.get("part", "val"), inputs.get("versus_part", "val")} <= shown

        found = self.results.items()
        return {name: r for name, r in found if r.kind == kind and open_to_all(r)}
