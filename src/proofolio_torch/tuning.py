"""Tuning: a coarse and a fine search over settings on val, each trial a recorded run.

The space stands in `project.yaml` (section `tuning`). Every trial trains the declared first seed of
the configuration it starts from, under a recorder of its own: finished, pruned and failed ones stay
in the evidence. No label of calib or test is seen. What comes of it is an entry for the ladder,
which the author writes into `project.yaml` and which is trained with every seed like its parent.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from proofolio import evidence, metrics
from proofolio.contract import Layout, ProjectError, ProofError, Run, Tuned
from proofolio.evidence import Pruned, changes, store, trials
from proofolio.project import Project
from proofolio_torch import parallel, record
from proofolio_torch.study import Stage

Rung = Callable[[Any], Any]  # a recorder or fold to an outcome: predictions, model, runtime


@dataclass(frozen=True)
class Found:
    """What a call of `search` leaves: why it stopped, the trials of the record, the best fine one.

    `entry` is the ladder's entry as YAML, None where no fine trial ended or the start is the best.
    """

    stopped: str
    tried: list[Run]
    best: Run | None
    entry: str | None

    def __str__(self) -> str:
        """Return what the author is told at the end."""
        counts = [f"{sum(r.status == s for r in self.tried)} {s}" for s in _STATUS]
        lines = [f"stopped: {self.stopped}", f"{len(self.tried)} trials: {', '.join(counts)}"]
        if self.entry is not None:
            lines += [f"best: {self.best.id}; for the ladder in project.yaml:", "", self.entry]
        elif self.best is not None:
            lines.append(f"best: {self.best.id}, the settings it started from: nothing to add")
        return "\n".join(lines)


_STATUS = ("finished", "pruned", "failed")


def search(layout: Layout, project: Project, rung: Rung, argv: Sequence[str]) -> Found:
    """Search, or join a search that other processes of this project work on; resumes by itself.

    Args:
        layout: The project's paths; the shared state lies in `work/tuning`.
        project: The project with its section `tuning`.
        rung: Trains one configuration, as the ladder does.
        argv: The command line, for the record.

    Raises:
        ProjectError: No section `tuning`, no Optuna, or several processes of one launcher.
    """
    if project.tuning is None:
        raise ProjectError(
            "nothing says what to search",
            expected="a section tuning in project.yaml",
            received="none",
            remedy="declare start, parameters, coarse, fine and minutes there (docs: Tuning)",
        )
    if parallel.world_size() > 1:
        raise ProjectError(
            "a trial trains in one process",
            expected="tune without a launcher",
            received=f"{parallel.world_size()} processes of one launcher",
            remedy="start `tune` once per device instead: each takes trials of the same search",
        )
    return _Search(layout, project, rung, argv).run()


class _Search:
    """One process at work on a search."""

    def __init__(self, layout: Layout, project: Project, rung: Rung, argv: Sequence[str]) -> None:
        self.layout, self.project, self.rung, self.argv = layout, project, rung, argv
        self.asked, self.start = project.tuning, project.experiment(project.tuning.start)
        self.seed = (self.start.seeds or project.seeds)[0]
        self.metric = project.metric.primary
        self.maximise = metrics.higher_is_better(self.metric)
        self.name = trials.study(layout, project)
        self.deadline = time.monotonic() + 60 * self.asked.minutes

    def run(self) -> Found:
        coarse, fine = (self._stage(name) for name in ("coarse", "fine"))
        leaves = changes.leaves(self.project.config(self.start.name))
        own = {key: leaves[key] for key in self.asked.parameters}
        inside = all(p.holds(own[key]) for key, p in self.asked.parameters.items())
        declared = {key: p.model_dump() for key, p in self.asked.parameters.items()}
        coarse.begin(declared, [own] if inside else [])
        stopped = self._work(coarse)
        if self._late():
            return self._found(stopped)
        if not coarse.done:
            return self._found("no coarse trial ended with a value")
        first = coarse.top[: max(1, fine.budget // 2)]
        fine.begin(coarse.narrowed(), [t.params for t in first])
        return self._found(self._work(fine))

    def _stage(self, name: str) -> Stage:
        folder = self.layout.work / "tuning"
        return Stage(folder, self.name, name, self.project, maximise=self.maximise)

    def _work(self, stage: Stage) -> str:
        """Take trials of a stage until one of its ends is reached; return which."""
        while True:
            if self._late():
                return f"the wall clock: {self.asked.minutes:g} minutes"
            top = stage.done[:1]
            if top and self._good_enough(top[0].value):
                return f"good enough on val in the {stage.name} stage: {top[0].value:.4g}"
            trial = stage.claim()
            if trial is not None:
                try:
                    self._trial(stage, trial)
                finally:
                    stage.release()  # of an interrupted one: the next process goes on with it
            elif not stage.others_run():
                return f"the budget of {stage.budget} {stage.name} trials"

    def _trial(self, stage: Stage, trial: Any) -> None:
        """Record one trial and tell the study how it ended."""
        asked = self.asked.coarse if stage.name == "coarse" else self.asked.fine
        change = dict(trial.params) | asked.overrides
        one = trials.experiment(self.project, trial.number, stage.name, change)
        project = self.project.model_copy(update={"ladder": [*self.project.ladder, one]})
        units = trials.units(project, stage.name)
        base = store.base_id(self.layout, project, one.name, self.seed, units)
        known = self._known(base, stage.name)
        if known is not None:  # the same settings again, or a process killed after its last write
            value = trials.value(known, self.metric)
            stage.end(trial, value, "pruned" if value is None else "complete", run=known.id)
            return
        place = Tuned(study=self.name, stage=stage.name, trial=trial.number, units=units)
        named = (self.layout, project, one.name, self.seed, self.argv)
        try:
            with record.recorder(*named, again=True, trial=place) as run:
                trial.set_user_attr("run", run.id)
                watched = _Watched(run, self._watch(trial, _epochs(run.config)))
                for fold in record.folds(watched):
                    outcome = self.rung(fold)
                    fold.finish(outcome.predictions, outcome.model, outcome.runtime)
        except Pruned:
            stage.end(trial, None, "pruned")
        except ProofError as error:  # this setting cannot be trained; recorded, and the next one
            print(f"trial {trial.number} failed: {error}", flush=True)
            stage.end(trial, None, "fail")
        except Exception:
            stage.end(trial, None, "fail")
            raise
        else:
            value = trials.value(evidence.run(self.layout, run.id), self.metric)
            stage.end(trial, value, "fail" if value is None else "complete")

    def _watch(self, trial: Any, epochs: int | None) -> Callable[[dict[str, Any], bool], None]:
        """Return what looks at each epoch: it raises Pruned where the trial is to stop.

        After the last of `epochs` nothing is saved by stopping, and a value would be lost.
        """

        def look(row: dict[str, Any], folded: bool) -> None:
            if row["epoch"] == epochs:
                return
            value = row.get(f"val_{self.metric}")
            if value is not None and not folded:  # folds count their epochs each from one
                trial.report(value, row["epoch"])
                if trial.should_prune():
                    raise Pruned(f"after epoch {row['epoch']}, by the rule {self.asked.pruning}")
            if self._late():
                raise Pruned(f"after epoch {row['epoch']}, by the wall clock")

        return look

    def _known(self, base: str, stage: str) -> Run | None:
        """Return the run of these settings that ended in this stage, if there is one."""
        found = {r.id: r for r in evidence.runs(self.layout) if r.is_trial}
        found = {i: r for i, r in found.items() if r.tuning.stage == stage}
        ended = [found[i] for i in store.attempts(found, base) if found[i].status != "failed"]
        for run in ended[-1:]:
            store.heal(self.layout, run)
        return ended[-1] if ended else None

    def _good_enough(self, value: float) -> bool:
        wanted = self.asked.good_enough
        sign = 1 if self.maximise else -1
        return wanted is not None and sign * value >= sign * wanted

    def _late(self) -> bool:
        return time.monotonic() >= self.deadline

    def _found(self, stopped: str) -> Found:
        tried = trials.recorded(evidence.runs(self.layout), self.start.name, self.start.split)
        tried = [run for run in tried if run.tuning.study == self.name]
        best = trials.best(tried, self.metric)
        change = trials.changed(best) if best is not None else {}
        return Found(stopped, tried, best, self._entry(change) if change else None)

    def _entry(self, change: dict[str, Any]) -> str:
        """Return the ladder's entry of a tuned configuration."""
        told = {"name": f"{self.start.name}_tuned", "rung": self.start.rung}
        told |= {"hypothesis": f"The settings found by tuning beat those of {self.start.name}."}
        told |= {"parent": self.start.name, "tuned": True, "change": change}
        told |= {} if self.start.split == "primary" else {"split": self.start.split}
        text = yaml.safe_dump([told], sort_keys=False, allow_unicode=True, width=100)
        return "\n".join(f"  {line}" for line in text.splitlines())


def _epochs(config: dict[str, Any]) -> int | None:
    """Return the length of a training where a key `epochs` states it."""
    found = [v for key, v in changes.leaves(config).items() if key.split(".")[-1] == "epochs"]
    return found[0] if found else None


class _Watched:
    """A recorder whose epochs are also looked at."""

    def __init__(self, run: Any, look: Callable[[dict[str, Any], bool], None]) -> None:
        self._run, self._look = run, look

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    def epoch(self, row: dict[str, Any]) -> None:
        """Record one epoch's row, then stop the trial where it is to stop."""
        self._run.epoch(row)
        self._look(row, "fold" in self._run.parts)
