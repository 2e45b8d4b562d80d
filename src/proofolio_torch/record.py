"""One recorder for one process or many: the main one writes evidence, the others work along."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proofolio import evidence, splits
from proofolio.contract import Layout, ProjectError, Tuned
from proofolio.project import Project
from proofolio_torch import parallel, tracking

if TYPE_CHECKING:
    import pandas as pd


class Companion:
    """What a recorder is to a rung, in a process that writes nothing."""

    def __init__(self, layout: Layout, project: Project, name: str, seed: int, run_id: str) -> None:
        self.id, self.seed, self.config = run_id, seed, project.config(name)
        split = project.experiment(name).split
        self.split, self.parts = splits.info(layout, split), splits.read(layout, split)
        self.classes = project.classes_of(split)
        self.work: Path = layout.run_work(run_id)

    def fit(self, step: str, part: str) -> None:
        """Leave the note to the main process."""

    def epoch(self, row: dict[str, Any]) -> None:
        """Leave the row to the main process."""

    def finish(self, predictions: "pd.DataFrame", model: Any, runtime: Any = None) -> None:
        """Leave the writing to the main process."""


class Fold:
    """A recorder as a rung sees it in one fold: held-out rows are part val, the folder is its own.

    `finish` keeps what a fold predicts until the last one, then finishes the run with all of it.
    """

    def __init__(self, run: Any, fold: int, done: list["pd.DataFrame"], last: bool) -> None:
        apart = run.parts["fold"] == -1  # the hold-out, which every fold scores
        own = run.parts[apart | (run.parts["fold"] == fold)]
        self.parts = own.assign(fold=fold, part=own["part"].replace("heldout", "val"))
        self.work: Path = run.work / f"fold_{fold}"
        self.work.mkdir(parents=True, exist_ok=True)
        self._run, self._fold, self._done, self._last = run, fold, done, last

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    def finish(self, predictions: "pd.DataFrame", model: Any, runtime: Any = None) -> None:
        """Keep the predictions of this fold; after the last fold, finish the run."""
        import pandas as pd

        self._done.append(predictions.assign(fold=self._fold))
        if self._last:
            self._run.finish(pd.concat(self._done, ignore_index=True), model, runtime)


def folds(run: "evidence.Recorder | Companion") -> list[Any]:
    """Return what rungs are given in turn: the run itself or, in cross-validation, its folds."""
    if "fold" not in run.parts:
        return [run]
    numbers: list[int] = sorted(set(run.parts["fold"]) - {-1})
    done: list[pd.DataFrame] = []
    return [Fold(run, int(k), done, last=k == numbers[-1]) for k in numbers]


def pending(
    layout: Layout,
    project: Project,
    only: Sequence[str] = (),
    seeds: Sequence[int] = (),
    *,
    again: bool = False,
) -> list[tuple[str, int]]:
    """Return the (configuration, seed) pairs of the ladder that are to be run, in order.

    The main process looks and tells the others, so that all do the same runs.

    Args:
        layout: The project's paths.
        project: The project.
        only: Names of configurations to look at; all where empty.
        seeds: Seeds to look at; all where empty.
        again: Finished ones too: they get a new attempt, the old one stays in the record.

    Raises:
        ProjectError: A name or seed that project.yaml does not declare.
    """
    asked = {project.experiment(name).name for name in only}
    if not set(seeds) <= set(project.seeds):
        raise ProjectError(
            "an undeclared seed",
            expected=f"seeds of project.yaml: {project.seeds}",
            received=str(list(seeds)),
            remedy="name seeds in project.yaml before training",
        )
    found: list[tuple[str, int]] = []
    if parallel.is_main():
        for experiment in project.ladder:
            wanted = [s for s in experiment.seeds or project.seeds if not seeds or s in seeds]
            if asked and experiment.name not in asked:
                continue
            done = [s for s in wanted if evidence.finished(layout, project, experiment.name, s)]
            done = [] if again else done
            if done:
                print(f"{experiment.name}: recorded (seed {', '.join(map(str, done))})")
            found += [(experiment.name, seed) for seed in wanted if seed not in done]
    return _shared(found)


@contextmanager
def recorder(
    layout: Layout,
    project: Project,
    name: str,
    seed: int,
    argv: Sequence[str],
    *,
    again: bool = False,
    trial: Tuned | None = None,
) -> Iterator[evidence.Recorder | Companion]:
    """Open the record of a run on the main process and a `Companion` on every other.

    `trial` says which trial of a tuning it is, for those.
    """
    if not parallel.is_main():
        yield Companion(layout, project, name, seed, _shared(None))
        return
    shown = tracking.wanted(project.tracking)
    with evidence.Recorder(layout, project, name, seed, argv, again=again, trial=trial) as run:
        state = "resuming" if run.resumed else "run"
        print(f"{state} {run.id}", flush=True)
        _shared(run.id)
        with tracking.showing(shown, project.name, run.id, run.config):
            try:
                yield run
            except RuntimeError as error:
                if not parallel.lost(error):
                    raise
                said = f"{run.id}: another process is gone; the same command resumes the run"
                raise parallel.Lost(said) from error


def _shared(value: Any) -> Any:
    """Return the main process's `value` on every process."""
    if parallel.world_size() == 1:
        return value
    import torch
    from accelerate.utils import broadcast_object_list

    parallel.accelerator("cuda" if torch.cuda.is_available() else "cpu")  # joins the processes
    return broadcast_object_list([value])[0]
