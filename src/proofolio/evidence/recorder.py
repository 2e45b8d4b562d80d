"""The recorder around one run: what was asked, fitted, predicted and measured, written once, whole.

A run that ends by an error is recorded as failed (by `Pruned`, as pruned); one that is killed or
interrupted leaves what it had in the work folder and is resumed by the next recorder of that run.
"""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from proofolio import files, scoring, splits, table
from proofolio.contract import Fitted, Layout, ModelInfo, Run, RunError, Tuned
from proofolio.evidence import attempt, changes, handed_in, history, log, provenance, store, trials
from proofolio.project import Project

if TYPE_CHECKING:
    import pandas as pd

_LONGEST_ERROR = 2000  # characters of an error kept in run.json


class Recorder:
    """Context manager that records one configuration and seed of the ladder.

    Attributes:
        id: Run id, `<name>-s<seed>-<8 hex digits over config, seed, parts and content>`.
        config: The resolved configuration, dotted leaves of plain JSON values.
        seed: The seed, one of the project's.
        split: What is known of the split (`SplitInfo`).
        classes: Those of the split, in order.
        parts: Frame id, part, note [, fold]; of events what is scored: id, part, fold.
        work: Git-ignored folder for weights and resumable state.
        resumed: Whether an interrupted attempt is being continued.
    """

    def __init__(
        self,
        layout: Layout,
        project: Project,
        experiment_name: str,
        seed: int,
        argv: Sequence[str],
        *,
        again: bool = False,
        trial: Tuned | None = None,
    ) -> None:
        """Check that the run may be made; nothing is written before the `with` block begins.

        Args:
            layout: The project's paths.
            project: The project, with the experiment in its ladder.
            experiment_name: Name of the configuration.
            seed: One of the experiment's seeds.
            argv: The command line, normalised before it is stored.
            again: Make a new attempt of a run that is already finished.
            trial: What it is in a search, for one of its trials.

        Raises:
            ProjectError: Unknown experiment.
            RunError: Undeclared seed; not exactly one key changed against the parent; tuned, and
                not the best recorded trial.
            StaleError: The split no longer matches its hashes or the table.
        """
        self._layout, self._project, self._again = layout, project, again
        self._experiment = project.experiment(experiment_name)
        self._changed = changes.check_experiment(project, experiment_name, seed)
        tuned = self._experiment.tuned and trial is None
        self._tuning = trials.origin(layout, project, experiment_name) if tuned else trial
        self.seed, self.config = seed, project.config(experiment_name)
        self.split = splits.info(layout, self._experiment.split)
        self.parts = splits.read(layout, self._experiment.split)
        self.classes = self.split.classes or project.classes
        units = trial.units if trial else None
        if units is not None:
            self.parts = trials.fewer(self.parts, table.read_examples(layout), units)
        self._base = store.base_id(layout, project, experiment_name, seed, units)
        self._argv = provenance.normalised_argv(argv, layout.root)
        self._fitted: dict[tuple[str, str], Fitted] = {}
        self._attempt: attempt.Attempt | None = None
        self._recorded = False

    def __enter__(self) -> Self:
        self._attempt = attempt.Attempt.open(self._layout, self._base, again=self._again)
        try:
            self.id, self.work = self._attempt.id, self._attempt.work
            self.resumed = self._attempt.resumed
            self.work.mkdir(parents=True, exist_ok=True)
            self._attempt.sweep()
            self._git = provenance.git_state(self._layout)
            self._source = provenance.source_sha256(self._layout.root)
            log.append(self._layout, self._line("resumed" if self.resumed else "started"))
        except BaseException:
            self._attempt.release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        try:
            if self._recorded:
                return
            if error is not None and not isinstance(error, Exception):  # interrupted: resumable
                self._attempt.tick()
                return
            said = f"{kind.__name__}: {error}" if kind else "the block ended without finish()"
            status = "pruned" if isinstance(error, trials.Pruned) else "failed"
            self._end_early(status, provenance.without_paths(said, self._layout.root))
            if error is None:
                raise RunError(
                    f"run {self.id} ended without predictions",
                    expected="Recorder.finish(predictions, model, runtime) inside the with block",
                    remedy="call finish; this attempt is recorded as failed",
                )
        finally:
            self._attempt.release()

    def fit(self, step: str, part: str) -> None:
        """Record that `step` was fitted on `part`; raises RunError where rule 5 forbids it.

        The step's name decides: see `proofolio.evidence.step_part`.
        """
        expected = changes.step_part(step, self.split.fitting_part)
        if part != expected:
            raise RunError(
                f"{step} may not be fitted on {part}",
                expected=expected,
                received=part,
                remedy="weights and transforms use train, stopping and choice val, calibration "
                "and thresholds calib (events: val); name the step after what it does",
            )
        self._fitted[step, part] = Fitted(step=step, part=part)

    def epoch(self, row: dict[str, Any]) -> None:
        """Keep one epoch's row of the learning curve; a resumed epoch replaces itself and later."""
        history.record(self.work / "history.csv", row, self._project.metric.primary)
        self._attempt.tick()

    def finish(
        self,
        predictions: pd.DataFrame,
        model: ModelInfo,
        runtime: dict[str, Any] | None = None,
    ) -> Run:
        """Check, calibrate, measure on val and calib, and write the run; test stays unscored.

        Args:
            predictions: id, part, [fold], p_<class>... over every id of val, calib, test and,
                where the split has it, ood. Events: each id of val and test in its fold.
            model: What was fitted.
            runtime: Device, dtype, layout, batch split, processes, with reasons; its keys gpu,
                cuda and cudnn go to the environment.

        Raises:
            RunError: Predictions do not cover the split row by row; called twice.
            SealError: Predictions carry labels.
        """
        if self._recorded:
            raise RunError(f"run {self.id} is already finished", remedy="call finish once")
        project = self._project
        named = {"classes": self.classes, "positive_class": project.positive_class}
        stored = handed_in.check(predictions, self.parts, **named)
        examples, rule = table.read_examples(self._layout), project.decision
        fitting = {"rule": rule, "fitting_part": self.split.fitting_part}
        calibration, decision, metrics = scoring.judged(stored, examples, **named, **fitting)
        fitted_on = {"calibration": calibration.fitted_on, "threshold": decision.fitted_on}
        for step, part in fitted_on.items():
            if part:
                self.fit(step, part)
        folder = self._layout.run(self.id)
        scores = [c for c in stored if c not in ("id", "part", "fold")]
        scores = scores if len(scores) > 1 or self.split.by_time else []  # few rows save little
        ids = ["id"] if self.split.by_time else []
        files.write_parquet(folder / "predictions.parquet", stored, scores, ids)
        return self._write(
            status="finished",
            runtime=runtime or {},
            model=model,
            calibration=calibration,
            decision=decision,
            predictions_sha256=files.sha256_file(folder / "predictions.parquet"),
            metrics=metrics,
        )

    def _end_early(self, status: str, said: str) -> None:
        (self._layout.run(self.id) / "predictions.parquet").unlink(missing_ok=True)
        self._write(status=status, error=said[:_LONGEST_ERROR], runtime={}, predictions="not kept")

    def _write(self, *, runtime: dict[str, Any], **outcome: Any) -> Run:
        """Write history, then `run.json`, then the closing line; return the run."""
        experiment, data = self._experiment, store.dataset(self._layout)
        kept = {k: v for k, v in runtime.items() if k not in provenance.HARDWARE}
        record = Run(
            id=self.id,
            name=experiment.name,
            rung=experiment.rung,
            split=experiment.split,
            hypothesis=experiment.hypothesis,
            conclusion=experiment.conclusion,
            parent=experiment.parent,
            changed=self._changed,
            config=self.config,
            config_sha256=files.sha256_json(self.config),
            seed=self.seed,
            fitted=[self._fitted[key] for key in sorted(self._fitted)],
            runtime=files.plain(kept),
            argv=self._argv,
            started=self._attempt.started,
            finished=provenance.utc_now(),
            wall_seconds=round(self._attempt.seconds(), 3),
            git=self._git,
            source_sha256=self._source,
            membership_sha256=data.membership_sha256,
            content_sha256=data.content_sha256,
            parts_sha256=self.split.parts_sha256,
            environment=provenance.environment(self._layout.root, runtime),
            classes=self.classes,
            positive_class=self._project.positive_class,
            tuning=self._tuning,
            **outcome,
        )
        primary, folder = self._project.metric.primary, self._layout.run(self.id)
        history.write(folder / "history.csv", history.read(self.work / "history.csv"), primary)
        store.write(self._layout, record)
        log.append(self._layout, store.line(record, record.status, record.finished))
        self._recorded = True
        return record

    def _line(self, status: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self._experiment.name,
            "seed": self.seed,
            "config_sha256": files.sha256_json(self.config),
            "status": status,
            "time": self._attempt.started if status == "started" else provenance.utc_now(),
        }
