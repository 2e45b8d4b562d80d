"""From a claim's subject and path to the recorded value it is bound to."""

from functools import cached_property
from typing import Any

from proofolio.claims.bound import MISSING, Bound, cell, known, walk
from proofolio.claims.store import Store
from proofolio.contract import SCORED_PARTS, ClaimError, Layout

_SIDES = (("config", "part"), ("versus", "versus_part"))  # of a result that project.yaml asks for


class Resolve:
    """Looks claims up in one project's evidence, which it reads once."""

    def __init__(self, layout: Layout) -> None:
        self.store = Store(layout)

    def of(self, inside: str) -> "Resolve":
        """Return itself: within a project no claim names another.

        Raises ClaimError where one does.
        """
        if inside:
            raise ClaimError(
                f"in:{inside} names a project within a project",
                expected="a claim on this project's own evidence",
                remedy=f"remove in:{inside}, or move the sentence to the root's pages",
            )
        return self

    def value(self, subject: str, path: str) -> Bound:
        """Return what `subject` and `path` are bound to.

        Raises ClaimError for an unknown subject or path. What is known but not yet recorded (a
        planned configuration, a sealed test) is `MISSING`, never an error and never a zero.
        """
        kind, _, name = subject.partition(":")
        if not self.store.layout.contract.is_file():
            return MISSING
        return getattr(self, f"_{kind}")(name, path)

    def _run(self, name: str, path: str) -> Bound:
        run = known(self.store.runs, "run", name, "name a folder of evidence/runs")
        return _of_run(run, path, self._metric_names)

    def _config(self, name: str, path: str) -> Bound:
        runs = self.store.seeds(name)
        if not runs:
            names = {run["name"] for run in self.store.runs.values()}
            if name in names or name in self.store.planned:
                return MISSING
            known(dict.fromkeys(sorted(names)), "configuration", name, "run it, or correct it")
        found = [_of_run(run, path, self._metric_names) for run in runs]
        if len(found) == 1:
            return found[0]
        values = [bound.value for bound in found]
        if any(value is None for value in values):
            return MISSING
        if all(value == values[0] for value in values) and not _is_number(values[0]):
            return Bound(values[0])
        if not all(_is_number(value) for value in values):
            raise ClaimError(
                f"{path} differs between the seeds of {name} and is no number",
                remedy="name one run: run:ID",
            )
        interval = self._seed_mean(name, path)
        return Bound(
            sum(values) / len(values),
            interval.get("ci_low"),
            interval.get("ci_high"),
            interval.get("level", 0.95),
            found[0].n,
            found[0].n_units,
        )

    def _seed_mean(self, config: str, path: str) -> dict[str, Any]:
        """Return the recorded seed-mean interval of `part.metric`, found by the result's inputs."""
        part, _, metric = path.partition(".")
        for result in self.store.results.values():
            inputs = result.get("inputs", {})
            if result.get("kind") != "seed_mean" or inputs.get("config") != config:
                continue
            rows = result.get("table") or [result]
            for row in rows:
                named = inputs | row
                if named.get("part", part) == part and named.get("metric", metric) == metric:
                    return row
        return {}

    def _model(self, name: str, path: str) -> Bound:
        if not self.store.registry:
            return MISSING
        entry = known(self.store.registry, "registered model", name, "see evidence/registry.json")
        if path.split(".")[0] in entry:
            return walk(entry, path, f"model:{name}")
        return self._run(entry["run"], path)

    def _result(self, name: str, path: str) -> Bound:
        result = self.result(name)
        if result is None:
            return MISSING
        if path.startswith("table."):
            return cell(result, name, path)
        return walk(result, path, f"result:{name}")

    def result(self, name: str) -> dict[str, Any] | None:
        """Return a whole result for a table block; None where it waits for runs or the opening."""
        if name not in self.store.results and self._not_yet(name):
            return None
        return known(self.store.results, "result", name, "write it with proofolio cards")

    def _not_yet(self, name: str) -> bool:
        """Whether a result waits for runs of its own, or for the test set to be opened."""
        if not self.store.runs or (name.endswith("_test") and not self.store.test_opened):
            return True
        asked = self.store.asked.get(name)
        if asked is None:
            return False
        sides = [
            (asked.get(side), asked.get(part) or asked.get("part", "val")) for side, part in _SIDES
        ]
        return any(not self._measured(config, part) for config, part in sides if config)

    def _measured(self, config: str, part: str) -> bool:
        """Whether every recorded seed of a configuration carries metrics of a part."""
        runs = self.store.seeds(config)
        return bool(runs) and all(part in run.get("metrics", {}) for run in runs)

    def _reference(self, name: str, path: str) -> Bound:
        entry = known(self.store.references, "reference", name, "add it to project.yaml")
        return walk(entry, path, f"reference:{name}")

    def _dataset(self, _: str, path: str) -> Bound:
        return walk(self.store.dataset, path, "dataset") if self.store.dataset else MISSING

    def _split(self, name: str, path: str) -> Bound:
        split = known(self.store.splits, "split", name, "see evidence/splits")
        return walk(split, path, f"split:{name}")

    def _audit(self, name: str, path: str) -> Bound:
        if not self.store.findings:
            return MISSING
        by_check: dict[str, Any] = {}
        for finding in self.store.findings:
            by_check.setdefault(finding["check"], finding)
        return walk(known(by_check, "audit check", name, "see audit.json"), path, name)

    @cached_property
    def _metric_names(self) -> set[str]:
        return {
            name
            for run in self.store.runs.values()
            for metrics in run.get("metrics", {}).values()
            for name in metrics
        }


def _of_run(run: dict[str, Any], path: str, metric_names: set[str]) -> Bound:
    part, _, metric = path.partition(".")
    if part in SCORED_PARTS and metric.partition(".")[0] in metric_names:
        if metric.partition(".")[0] not in run.get("metrics", {}).get(part, {}):
            return MISSING
        return walk(run["metrics"], path, f"run:{run['id']}")
    return walk(run, path, f"run:{run['id']}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
