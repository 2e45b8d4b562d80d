"""The smoke run: a project of its own in `work/quick`, with few units and short trainings."""

from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from proofolio import files, project
from proofolio.contract import Layout, ProjectError


def project_root(root: Path) -> Path:
    """Write `work/quick/project.yaml` beside the real one and return that folder.

    It is the project with `quick.overrides` applied to every first configuration that has the key,
    the first seed only, and the raw folder where it was. A follow-up experiment whose one change
    meets an override is left out: nothing would differ from its parent.
    """
    layout = Layout(root)
    author = project.load(layout.root)
    quick = Layout(layout.work / "quick")
    told = author.model_dump()
    overrides = author.quick.overrides
    told["ladder"] = [
        experiment | {"config": _overridden(experiment["config"], overrides), "seeds": None}
        for experiment in told["ladder"]
        if not set(experiment["change"] or {}) & set(overrides)
    ]
    kept = {experiment["name"] for experiment in told["ladder"]}
    told["ladder"] = [e for e in told["ladder"] if e["parent"] is None or e["parent"] in kept]
    told["seeds"] = author.seeds[:1]
    told["data"]["raw"] = (Path("..") / ".." / author.data.raw).as_posix()
    text = yaml.safe_dump(told, sort_keys=False, allow_unicode=True)
    files.write_text(quick.project, "# Written by the smoke run; never edit.\n" + text)
    return quick.root


def some_units(frame: pd.DataFrame, author: project.Project) -> pd.DataFrame:
    """Return the rows of `quick.units` units, the same ones on every machine.

    Units are taken in turn from every class (and side of a published split), each in the order of
    a hash of their names, so that no part of the smoke run lacks a class.
    """
    groups = [column for column in ("label", "official") if column in frame]
    first = frame.drop_duplicates("unit").copy()
    first["hash"] = [files.sha256_text(str(unit)) for unit in first["unit"]]
    first = first.sort_values("hash")
    first["turn"] = first.groupby(groups).cumcount()
    chosen = first.sort_values(["turn", "hash"], kind="stable")["unit"].head(author.quick.units)
    return frame[frame["unit"].isin(set(chosen))]


def _overridden(config: dict[str, Any] | None, overrides: dict[str, Any]) -> dict[str, Any] | None:
    for key, value in overrides.items():
        if config is None:
            break
        try:
            config = project.set_leaf(config, key, value)
        except ProjectError:  # this rung has no such key
            continue
    return config
