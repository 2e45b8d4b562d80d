"""Reading runs back: one, all, the ones that count now; and copying the author's conclusions."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from proofolio import files, memo, splits
from proofolio.contract import Dataset, Layout, Run, RunError, SplitInfo, StaleError
from proofolio.evidence import log
from proofolio.project import Project

if TYPE_CHECKING:
    import pandas as pd


def run(layout: Layout, run_id: str) -> Run:
    """Return one recorded run; raises RunError with the known ids."""
    return memo.once(("run", layout.root, run_id), lambda: _run(layout, run_id))


def _run(layout: Layout, run_id: str) -> Run:
    path = layout.run(run_id) / "run.json"
    if not path.is_file():
        known = sorted(p.parent.name for p in layout.runs.glob("*/run.json"))
        raise RunError(
            f"no run {run_id!r} is recorded",
            expected=", ".join(known) or "no run yet",
            remedy="train first, or name a recorded run",
        )
    return Run.model_validate(files.read_json(path))


def runs(layout: Layout) -> list[Run]:
    """Return every recorded run, finished or failed, sorted by id."""
    paths = sorted(layout.runs.glob("*/run.json"))
    return [*memo.once(("runs", layout.root), lambda: [run(layout, p.parent.name) for p in paths])]


def write(layout: Layout, record: Run) -> bool:
    """Write a run's `run.json`; return whether it changed."""
    return files.write_json(layout.run(record.id) / "run.json", record.as_json())


def dataset(layout: Layout) -> Dataset:
    """Return `dataset.json`; raises StaleError where the table was never prepared."""
    if not layout.dataset.is_file():
        raise StaleError("evidence/dataset.json is missing", remedy="run the prepare step first")
    read = lambda: Dataset.model_validate(files.read_json(layout.dataset))  # noqa: E731
    return memo.once(("dataset", layout.root), read)


def base_id(
    layout: Layout, project: Project, name: str, seed: int, units: float | None = None
) -> str:
    """Return the id of a configuration and seed on the present data and split, without attempt.

    `units` is the share of train that a coarse trial learns from, None for all.
    """
    info = splits.info(layout, project.experiment(name).split)
    inputs = [project.config(name), seed, info.parts_sha256, dataset(layout).content_sha256]
    inputs += [] if units is None else [units]
    return f"{name}-s{seed}-{files.sha256_json(inputs)[:8]}"


def attempts(run_ids: Iterable[str], base: str) -> list[str]:
    """Return the attempts of `base` (base, base-2, base-3 ...) among `run_ids`, in order."""
    pattern = re.compile(re.escape(base) + r"(?:-(\d+))?")
    found = {run_id: pattern.fullmatch(run_id) for run_id in run_ids}
    return sorted((r for r, m in found.items() if m), key=lambda r: int(found[r][1] or 1))


def finished(layout: Layout, project: Project, name: str, seed: int) -> Run | None:
    """Return the last finished run of a configuration and seed on the present data, or None.

    A changed config, table or split gives another id, so older runs no longer count.
    """
    folders = [p.parent.name for p in layout.runs.glob("*/run.json")]
    found = [run(layout, i) for i in attempts(folders, base_id(layout, project, name, seed))]
    done = [r for r in found if r.status == "finished"]
    if not done:
        return None
    heal(layout, done[-1])
    return done[-1]


def heal(layout: Layout, record: Run) -> None:
    """Add the closing line that a kill between `run.json` and the log left out."""
    opened = {e["id"] for e in log.entries(layout)}
    if record.id in opened and log.closing(layout, record.id) is None:
        log.append(layout, line(record, record.status, record.finished))


def line(record: Run, status: str, time: str) -> dict[str, object]:
    """Return a log line about a run, without its link to the line before."""
    kept = {key: getattr(record, key) for key in ("id", "name", "seed", "config_sha256")}
    return kept | {"status": status, "time": time}


def is_current(record: Run, data: Dataset, info: SplitInfo) -> bool:
    """Whether a run was made on the present table and split."""
    return (record.membership_sha256, record.content_sha256, record.parts_sha256) == (
        data.membership_sha256,
        data.content_sha256,
        info.parts_sha256,
    )


def configurations(layout: Layout, split: str, *, until: str | None = None) -> dict[str, list[Run]]:
    """Return the finished runs that count on a split: by configuration name, one run per seed.

    From evidence alone. Runs on older data or parts do not count; of two configs under one name
    the one that ended last in the log counts; of several attempts of a seed the last. Given
    `until` (UTC time), runs that finished later do not count. Trials of tuning never count.
    """
    key = ("configurations", layout.root, split, until)
    found = memo.once(key, lambda: _configurations(layout, split, until))
    return {name: [*records] for name, records in found.items()}


def _configurations(layout: Layout, split: str, until: str | None) -> dict[str, list[Run]]:
    data, info = dataset(layout), splits.info(layout, split)
    ended = [e["id"] for e in log.entries(layout) if e.get("status") == "finished"]
    place = {run_id: number for number, run_id in enumerate(ended)}
    usable = [
        r
        for r in runs(layout)
        if r.status == "finished" and r.split == split and not r.is_trial
        if is_current(r, data, info)
        if until is None or r.finished <= until
    ]
    usable.sort(key=lambda r: place.get(r.id, len(place)))
    latest = {r.name: r.config_sha256 for r in usable}
    by_seed = {(r.name, r.seed): r for r in usable if r.config_sha256 == latest[r.name]}
    return {
        name: [by_seed[key] for key in sorted(by_seed) if key[0] == name] for name in sorted(latest)
    }


def predictions(layout: Layout, record: Run) -> "pd.DataFrame":
    """Return a run's stored predictions; raises StaleError where the file was edited."""
    import pandas as pd

    path = layout.run(record.id) / "predictions.parquet"
    if record.predictions == "not kept" or not path.is_file():
        raise StaleError(
            f"run {record.id}: its predictions are not kept",
            remedy="restore predictions.parquet from git, or record the run again",
        )
    received = memo.once(("sha256", path), lambda: files.sha256_file(path))
    if received != record.predictions_sha256:
        raise StaleError(
            f"run {record.id}: predictions.parquet was edited after the run",
            expected=f"sha256 {record.predictions_sha256}",
            received=f"sha256 {received}",
            remedy="restore it from git",
        )
    return memo.once(("frame", path), lambda: pd.read_parquet(path))


def conclude(layout: Layout, project: Project) -> int:
    """Copy the author's conclusions from `project.yaml` into the runs; return how many changed."""
    conclusions = {e.name: e.conclusion for e in project.ladder}
    changed = 0
    for record in runs(layout):
        if record.name in conclusions and record.conclusion != conclusions[record.name]:
            record.conclusion = conclusions[record.name]
            changed += write(layout, record)
    return changed
