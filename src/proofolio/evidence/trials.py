"""Trials of a tuning as the record has them: which count, which was best, what came of them.

A trial is a run like any other, of the configuration the search starts from with several keys
changed. It is never a candidate. What came of a search is a configuration of the ladder that takes
the keys of the best fine trial (`tuned: true`), trained with every seed like its parent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from proofolio import files, metrics, splits
from proofolio.contract import Layout, Run, RunError, Tuned
from proofolio.evidence import store
from proofolio.project import Experiment, Project
from proofolio.project.space import trial_name

if TYPE_CHECKING:
    import pandas as pd


class Pruned(Exception):
    """Raised inside a recorder's block: the trial is stopped early and recorded as pruned."""


def study(layout: Layout, project: Project) -> str:
    """Return the name of the project's search: 8 hex digits over start, space and data."""
    tuning, split = project.tuning, project.experiment(project.tuning.start).split
    told = [tuning.start, project.metric.primary, project.config(tuning.start)]
    told += [{k: p.model_dump() for k, p in tuning.parameters.items()}]
    told += [tuning.coarse.overrides, tuning.fine.overrides]
    told += [] if units(project, "coarse") is None else [units(project, "coarse")]
    told += [splits.info(layout, split).parts_sha256, store.dataset(layout).content_sha256]
    return files.sha256_json(told)[:8]


def units(project: Project, stage: str) -> float | None:
    """Return the share of the units of train that a stage learns from; None for all."""
    share = project.tuning.coarse.units
    return share if stage == "coarse" and share < 1 else None


def fewer(parts: pd.DataFrame, examples: pd.DataFrame, share: float) -> pd.DataFrame:
    """Return the parts with a share of the clusters of train, of each label at least one.

    A cluster stays whole or goes, by the hash of its name: the same ones for every trial, and among
    those of a larger share. All other parts stay as they are.
    """
    train = parts["part"] == "train"
    known = examples[examples["id"].isin(parts.loc[train, "id"])]
    first = known.sort_values("id").groupby("cluster")["label"].first()
    kept: list[str] = []
    for _, clusters in first.groupby(first):
        ranked = sorted(clusters.index, key=lambda name: files.sha256_bytes(str(name).encode()))
        kept += ranked[: math.ceil(share * len(ranked))]
    inside = known.loc[known["cluster"].isin(kept), "id"]
    return parts[~train | parts["id"].isin(inside)].reset_index(drop=True)


def experiment(project: Project, number: int, stage: str, change: dict[str, object]) -> Experiment:
    """Return the configuration of one trial; `change` may name keys that stay as they were."""
    start = project.experiment(project.tuning.start)
    return Experiment(
        name=trial_name(start.name),
        rung=start.rung,
        hypothesis=f"Trial {number} of the {stage} stage: may beat {start.name}.",
        parent=start.name,
        change=change,
        tuned=True,
        split=start.split,
    )


def recorded(runs: Iterable[Run], parent: str | None, split: str, *, until: str = "~") -> list[Run]:
    """Return the trials of a configuration that ended by a UTC time, in the order of their end."""
    found = [r for r in runs if r.is_trial and (r.parent, r.split) == (parent, split)]
    return sorted((r for r in found if r.finished <= until), key=lambda r: (r.finished, r.id))


def counted(runs: Iterable[Run], run: Run, *, until: str = "~") -> int | None:
    """Return how many trials were made for the configuration of a run; None where none were."""
    if run.tuning is None or run.is_trial:
        return None
    return len(recorded(runs, run.parent, run.split, until=until))


def value(run: Run, metric: str) -> float | None:
    """Return a run's value on val; None where it has none, as a pruned trial."""
    found = run.metrics.get("val", {}).get(metric)
    known = found is not None and found.value is not None and math.isfinite(found.value)
    return found.value if known else None


def best(found: Iterable[Run], metric: str) -> Run | None:
    """Return the fine trial with the best value on val, the first of equals."""
    sign = -1 if metrics.higher_is_better(metric) else 1
    fine = [r for r in found if r.tuning.stage == "fine" and value(r, metric) is not None]
    return min(fine, key=lambda r: sign * value(r, metric), default=None)


def origin(layout: Layout, project: Project, name: str) -> Tuned:
    """Return what a tuned configuration came of.

    Raises RunError where no fine trial of its parent is recorded, or another one is the best.
    """
    asked, data = project.experiment(name), store.dataset(layout)
    info = splits.info(layout, asked.split)
    found = recorded(store.runs(layout), asked.parent, asked.split)
    found = [run for run in found if store.is_current(run, data, info)]
    top = best(found, project.metric.primary)
    if top is None:
        raise RunError(
            f"{name} is tuned, and no fine trial of {asked.parent} is finished on this data",
            expected="trials in evidence/runs",
            received=f"{len(found)} trial(s)",
            remedy="run the step tune first; it prints the entry for the ladder",
        )
    if top.config_sha256 != files.sha256_json(project.config(name)):
        raise RunError(
            f"{name} does not take the settings of the best of {len(found)} trials",
            expected=f"change: {changed(top)} ({top.id})",
            received=f"change: {asked.change}",
            remedy="write the entry that tune prints into the ladder of project.yaml",
        )
    return Tuned(study=top.tuning.study, trials=len(found), picked=top.id)


def changed(run: Run) -> dict[str, object]:
    """Return the keys a trial changes, as `change` of the ladder names them."""
    return {change.key: change.new for change in run.changed}
