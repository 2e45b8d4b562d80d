"""One stage of a search as Optuna keeps it: a journal file that several processes share.

A trial is handed out under a lock, so that no stage grows beyond its budget. Its process holds a
lock of the trial while it lives; the system frees the lock of a killed one, and the next process
that asks takes the same settings again: the record resumes the run where it stopped.
"""

import math
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock, Timeout

from proofolio import project
from proofolio.contract import ProjectError

if TYPE_CHECKING:
    import optuna

AGAIN = "again"  # attribute of a trial whose process was killed: another one has its settings
_WAIT_S = 0.5  # between two looks at what other processes do
_MARGIN = 0.1  # of a range, added to both sides of what the best trials span


def library() -> Any:
    """Return optuna, quiet; raises ProjectError where the extra is not installed."""
    try:
        import optuna
    except ImportError:
        raise ProjectError(
            "tuning needs Optuna",
            expected="the extra `tune`",
            received="no package optuna",
            remedy="python -m pip install -e '.[tune]'",
        ) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


class Stage:
    """The coarse or the fine stage of one search.

    Attributes:
        name: `coarse` or `fine`.
        study: Optuna's study.
        budget: So many trials.
    """

    def __init__(
        self, folder: Path, search: str, name: str, author: project.Project, *, maximise: bool
    ) -> None:
        """Open or join a stage; `folder` is git-ignored and shared by all processes."""
        optuna = library()
        self.name, self._author = name, author
        self._asked: project.Tuning = author.tuning
        stage = self._asked.coarse if name == "coarse" else self._asked.fine
        self.budget = stage.trials
        self._folder = folder / search
        self._folder.mkdir(parents=True, exist_ok=True)
        backend = optuna.storages.journal.JournalFileBackend(
            str(self._folder / "journal.log"),
            lock_obj=optuna.storages.journal.JournalFileOpenLock(str(self._folder / "journal.log")),
        )
        with self._claiming():
            self.study = optuna.create_study(
                storage=optuna.storages.JournalStorage(backend),
                study_name=f"{search}-{name}",
                direction="maximize" if maximise else "minimize",
                pruner=_pruner(optuna, self._asked.pruning),
                load_if_exists=True,
            )
        self._held: FileLock | None = None

    def begin(self, space: dict[str, dict[str, Any]], first: list[dict[str, Any]]) -> None:
        """Fix the space and what is tried first, once for all processes of the search."""
        with self._claiming():
            if "space" in self.study.user_attrs:
                return
            for settings in first[: self.budget]:
                self.study.enqueue_trial(settings)
            self.study.set_user_attr("space", space)

    def claim(self) -> "optuna.Trial | None":
        """Return the next trial with its settings, or None once all were handed out."""
        optuna = library()
        with self._claiming():
            self._take_over()
            number = len(self.counted)
            if number >= self.budget:
                return None
            seed = np.random.SeedSequence([self._author.seeds[0], len(self.name), number])
            self.study.sampler = optuna.samplers.TPESampler(
                seed=int(seed.generate_state(1)[0]), n_startup_trials=max(3, self.budget // 2)
            )
            trial = self.study.ask()
            self._held = FileLock(self._lock(trial.number))
            self._held.acquire(timeout=0)
            for key, parameter in self.study.user_attrs["space"].items():
                _suggest(trial, key, parameter)
        return trial

    def end(self, trial: "optuna.Trial", value: float | None, state: str, **told: Any) -> None:
        """Tell how a trial ended: `complete` with its value, `pruned` or `fail`."""
        states = library().trial.TrialState
        for key, text in told.items():
            trial.set_user_attr(key, text)
        self.study.tell(trial, value, state=getattr(states, state.upper()), skip_if_finished=True)
        self.release()

    def release(self) -> None:
        """Let another process take the trial over, where it has not ended."""
        if self._held is not None:
            self._held.release()
            self._held = None

    @property
    def counted(self) -> list[Any]:
        """Trials handed out, those of killed processes once."""
        waiting = library().trial.TrialState.WAITING
        found = self.study.get_trials(deepcopy=False)
        return [t for t in found if t.state != waiting and AGAIN not in t.user_attrs]

    @property
    def done(self) -> list[Any]:
        """Trials that ended with a value, best first."""
        sign = -1 if self.study.direction.name == "MAXIMIZE" else 1
        complete = library().trial.TrialState.COMPLETE
        found = [t for t in self.study.get_trials(deepcopy=False) if t.state == complete]
        return sorted(found, key=lambda t: (sign * t.value, t.number))

    def others_run(self) -> bool:
        """Wait a moment; return whether another process still works on a trial of this stage."""
        running = (library().trial.TrialState.RUNNING,)
        if not self.study.get_trials(deepcopy=False, states=running):
            return False
        time.sleep(_WAIT_S)
        return True

    @property
    def top(self) -> list[Any]:
        """The best third of the trials that ended with a value, at least two of them."""
        return self.done[: max(2, math.ceil(len(self.done) / 3))]

    def narrowed(self) -> dict[str, dict[str, Any]]:
        """Return the space round the best third of this stage's trials."""
        top = self.top
        space = {}
        for key, parameter in self._asked.parameters.items():
            space[key] = _narrowed(parameter, [t.params[key] for t in top])
        return space

    def _take_over(self) -> None:
        """Put the settings of killed processes back to be tried again."""
        states = library().trial.TrialState
        for trial in self.study.get_trials(deepcopy=False, states=(states.RUNNING,)):
            lock = FileLock(self._lock(trial.number))
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            with suppress(Exception):  # a trial that ended in this moment
                self.study.enqueue_trial(trial.params)
                library().trial.Trial(self.study, trial._trial_id).set_user_attr(AGAIN, True)
                self.study.tell(trial.number, state=states.FAIL)
            lock.release()

    def _lock(self, number: int) -> str:
        return str(self._folder / f"{self.name}-{number}.lock")

    def _claiming(self) -> FileLock:
        return FileLock(self._folder / "claim.lock")


def _pruner(optuna: Any, name: str) -> Any:
    if name == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=2, n_warmup_steps=1)
    if name == "hyperband":
        return optuna.pruners.HyperbandPruner()
    return optuna.pruners.NopPruner()


def _suggest(trial: "optuna.Trial", key: str, parameter: dict[str, Any]) -> Any:
    if parameter["choices"] is not None:
        return trial.suggest_categorical(key, parameter["choices"])
    low, high, log = parameter["low"], parameter["high"], parameter["log"]
    if isinstance(low, int) and isinstance(high, int):
        return trial.suggest_int(key, low, high, log=log)
    return trial.suggest_float(key, low, high, log=log)


def _narrowed(parameter: project.Parameter, values: list[Any]) -> dict[str, Any]:
    """Return a parameter whose range holds some values and a margin, within the declared one."""
    told = parameter.model_dump()
    if parameter.choices is not None:
        return told | {"choices": [c for c in parameter.choices if c in values]}
    there, back = (math.log, math.exp) if parameter.log else (float, float)
    margin = _MARGIN * (there(parameter.high) - there(parameter.low))
    low = max(parameter.low, back(there(min(values)) - margin))
    high = min(parameter.high, back(there(max(values)) + margin))
    if isinstance(parameter.low, int) and isinstance(parameter.high, int):
        low, high = math.floor(low), math.ceil(high)
    return told | {"low": low, "high": high}
