"""The smoke run: a project of its own in `work/quick`, with few units and short trainings."""

import shutil
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from proofolio import files, project, splits
from proofolio.contract import Layout, ProjectError

FOLDS = 2  # of a cross-validation: few units of each class do not reach into more


def project_root(root: Path, *, anew: bool = False) -> Path:
    """Write `work/quick/project.yaml` beside the real one and return that folder.

    It is the project with `quick.overrides` applied to every first configuration that has the key,
    the first seed and two folds only, and the raw folder where it was. A follow-up experiment
    whose one change meets an override is left out: nothing would differ from its parent. Of events
    the folds are one validation and one test fold, which end before the first day really tested.

    Args:
        root: the real project's folder.
        anew: throw the last smoke run away, its record included: it proves nothing, and a changed
            data.py would otherwise meet evidence of other data.
    """
    layout = Layout(root)
    author = project.load(layout.root)
    quick = Layout(layout.work / "quick")
    if anew and quick.root.is_dir():
        old = tempfile.mkdtemp(prefix=".quick-", dir=layout.work)  # moved first: never half removed
        quick.root.replace(Path(old) / "quick")
        shutil.rmtree(old, ignore_errors=True)
    told = author.model_dump()
    # A split that names no fractions gets those of its strategy: write none into it.
    told["splits"] = [spec.model_dump(exclude_unset=True) for spec in author.splits]
    for spec in told["splits"]:
        if spec["strategy"] == "cross_validation":
            spec["folds"] = FOLDS
        if spec["strategy"] == "prequential":
            days = spec["train_days"] + spec["delay_days"] + spec["score_days"]
            spec["start"] = _first_tested(author) - timedelta(days)
            spec |= {"validation_folds": 1, "test_folds": 1}
    overrides = author.quick.overrides
    told["ladder"] = _ladder(told["ladder"], overrides)
    names = {None, *(e["name"] for e in told["ladder"])}
    told["fixed_comparisons"] = [name for name in author.fixed_comparisons if name in names]
    told["results"] = [r for r in told["results"] if {r["config"], r["versus"]} <= names]
    told["readings"] = {}  # of examples that a smoke run may not have
    for result in told["results"]:
        result["parameters"].pop("readings", None)
    told["tuning"] = _tuning(told["tuning"], names, overrides)
    told["seeds"] = author.seeds[:1]
    told["data"]["raw"] = (Path("..") / ".." / author.data.raw).as_posix()
    text = yaml.safe_dump(told, sort_keys=False, allow_unicode=True)
    files.write_text(quick.project, "# Written by the smoke run; never edit.\n" + text)
    return quick.root


def some_units(frame: pd.DataFrame, author: project.Project, root: Path) -> pd.DataFrame:
    """Return the rows of `quick.units` units, the same ones on every machine, none of them in test.

    The smoke run opens a test part of its own, so the real one must not be in it: units that the
    published membership or the project's recorded split puts into test are left out, and a fifth
    of the smoke run's units take the place of a published test set. Before a split is recorded
    nothing is sealed yet. Units are taken in turn from every class, each in the order of a hash of
    their names.

    Of events these are units with a positive event and units without, and of both the events before
    the first day that the real split tests.

    Args:
        frame: the author's table.
        author: the project.
        root: the real project's folder, whose split is looked at.
    """
    if author.kind == "events":
        open_rows = _before_test(frame, project.load(root))
        positive = open_rows["unit"][open_rows["label"] == author.positive_class]
        first = open_rows.drop_duplicates("unit").copy()
        first["label"] = first["unit"].isin(positive)
    else:
        open_rows = frame[~frame["unit"].isin(_sealed_units(frame, author, Layout(root)))]
        first = open_rows.drop_duplicates("unit").copy()
    first["hash"] = [files.sha256_text(str(unit)) for unit in first["unit"]]
    first = first.sort_values("hash")
    first["turn"] = first.groupby("label").cumcount()
    chosen = first.sort_values(["turn", "hash"], kind="stable").head(author.quick.units)
    rows = open_rows[open_rows["unit"].isin(chosen["unit"])].copy()
    if "official" in rows:
        held_out = chosen.loc[chosen["turn"] % 5 == 4, "unit"]
        rows["official"] = rows["unit"].isin(held_out).map({True: "test", False: "train"})
    return rows


def _first_tested(author: project.Project) -> date:
    """Return the first day that a prequential split of the project scores as test."""
    return min(
        s.start
        + timedelta(s.train_days + s.delay_days)
        - timedelta(s.step_days) * (s.test_folds - 1)
        for s in author.splits
    )


def _before_test(frame: pd.DataFrame, author: project.Project) -> pd.DataFrame:
    """Return the events before the first tested day; rows without a readable time stay."""
    time = pd.to_datetime(frame["time"], utc=True, errors="coerce")
    return frame[~(time >= pd.Timestamp(_first_tested(author), tz="UTC")).to_numpy()]


def _sealed_units(frame: pd.DataFrame, author: project.Project, layout: Layout) -> set[str]:
    """Return the units with a row in the published test set or in the recorded test part."""
    sealed = frame["official"] == "test" if "official" in frame else pd.Series(False, frame.index)
    name = author.primary_split.name
    if (layout.split(name) / "parts.csv").is_file():
        parts = splits.read(layout, name)
        sealed |= frame["id"].isin(parts.loc[parts["part"] == "test", "id"])
    return set(frame.loc[sealed, "unit"])


def _ladder(ladder: list[dict[str, Any]], overrides: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the ladder with overridden configs, without what an override leaves no change to."""
    kept: dict[str | None, dict[str, Any]] = {None: {}}  # by name; a first configuration has None
    for e in ladder:
        if e["tuned"]:  # what came of trials, which a smoke run does not have
            continue
        if e["parent"] in kept and not set(e["change"] or {}) & set(overrides):
            kept[e["name"]] = e | {"config": _overridden(e["config"], overrides), "seeds": None}
    return list(kept.values())[1:]


def _tuning(
    told: dict[str, Any] | None, names: set[str | None], overrides: dict[str, Any]
) -> dict[str, Any] | None:
    """Return a search of three trials at the smoke run's length, None without its start."""
    if told is None or told["start"] not in names:
        return None
    for stage, trials in (("coarse", 2), ("fine", 1)):
        own = told[stage]["overrides"]
        told[stage] = {
            "trials": trials,
            "overrides": own | {k: overrides[k] for k in own if k in overrides},
        }
    return told


def _overridden(config: dict[str, Any] | None, overrides: dict[str, Any]) -> dict[str, Any] | None:
    for key, value in overrides.items():
        if config is None:
            break
        try:
            config = project.set_leaf(config, key, value)
        except ProjectError:  # this rung has no such key
            continue
    return config
