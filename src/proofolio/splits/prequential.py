"""Prequential splits of events: folds of a training, a delay and a scored window, in time order.

Source: Le Borgne et al. (2022), Reproducible Machine Learning for Credit Card Fraud Detection,
chapter 5, prequential validation. Windows are half open and whole UTC days; folds are numbered from
the oldest. A fold is scored by a model that saw its training window alone, whose labels are known
once the delay has passed.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from proofolio import files
from proofolio import table as table_room
from proofolio.contract import SplitError, SplitInfo
from proofolio.project import PrequentialSpec
from proofolio.splits.removal import removed, removed_rows
from proofolio.splits.text import parts_text

PART_OF = {"validation": "val", "test": "test"}  # what the scored window of a fold is called
WINDOW_KEYS = ("start", "train_days", "delay_days", "score_days", "step_days")
WINDOW_KEYS += ("validation_folds", "test_folds", "remove_known", "removal_days")
_DAY = np.timedelta64(1, "D")
_SHAPE = ["fold", "role", "part", "start", "end"]
_SCORED = ["id", "unit", "cluster", "label", "unit2", "time", "amount", "known_at"]


class PrequentialSplit(NamedTuple):
    """Windows and description of a split of events, and the rows it scores.

    `parts`: fold, role, part, start, end (dates), n_examples, n_positive, n_units. `removed`: fold,
    unit, known_since: the day from which a compromised unit is left out. `scored`: the examples of
    all scored windows, without what was left out, in the order of the table.
    """

    parts: pd.DataFrame
    info: SplitInfo
    removed: pd.DataFrame
    scored: pd.DataFrame


def make(table: pd.DataFrame, spec: PrequentialSpec, positive_class: str) -> PrequentialSplit:
    """Split a table of events as `spec` asks.

    Args:
        table: The prepared table, sorted by time and id.
        spec: Windows and folds.
        positive_class: The label that compromises a unit once it is known.

    Raises:
        SplitError: A window reaches beyond the table, or has no event of one of the classes.
    """
    settings = {key: files.plain(getattr(spec, key)) for key in WINDOW_KEYS}
    settings["start"] = spec.start.isoformat()
    shape = windows(settings)
    _demand_covered(shape, table, spec)
    positive = (table["label"] == positive_class).to_numpy()
    left_out = removed(table, positive, shape, settings)
    codes = {c: pd.factorize(table[c])[0] for c in ("unit", "unit2") if c in table}
    rows, before, scored = [], {}, []
    for window in shape.itertuples(index=False):
        mask = in_window(table, window)
        if window.part == "train":
            mask = training(table, shape, window.fold)
        elif window.part == "score":
            before[window.fold] = mask
            mask = mask.copy()
            mask[mask] = ~removed_rows(table[mask], left_out, window.fold)
            scored.append(mask)
        _demand_classes(window, mask, positive, spec)
        n_units = len(np.unique(codes["unit"][mask]))
        rows.append((int(mask.sum()), int((mask & positive).sum()), n_units))
    counts = pd.DataFrame(rows, columns=["n_examples", "n_positive", "n_units"])
    parts = pd.concat([shape, counts], axis=1)
    examples = examples_of(table[np.logical_or.reduce(scored)])
    info = SplitInfo(
        name=spec.name,
        strategy=spec.strategy,
        purpose=spec.purpose,
        unit="unit",
        stratify_by=[],
        seed=0,
        fractions={},
        rationale=spec.rationale,
        folds=spec.validation_folds + spec.test_folds,
        achieved=_achieved(parts, len(table)),
        balance=_balance(table, parts, before, positive, codes),
        membership_sha256=table_room.membership_sha256(table),
        parts_sha256=files.sha256_text(parts_text(parts)),
        windows=settings,
        removed_sha256=files.sha256_text(parts_text(left_out)),
        scored_sha256=table_room.content_sha256(examples),
    )
    return PrequentialSplit(parts, info, left_out, examples)


def windows(settings: dict[str, Any]) -> pd.DataFrame:
    """Return fold, role, part, start and end (ISO dates) of every window, from the settings alone.

    The oldest test fold's scored window minus the delay ends the newest validation fold's: by the
    first day that is tested, every validation label is known.
    """
    score, step = settings["score_days"], settings["step_days"]
    history = settings["train_days"] + settings["delay_days"]
    newest = np.datetime64(settings["start"], "D")
    tests = [newest - k * step for k in reversed(range(settings["test_folds"]))]
    last = tests[0] + settings["train_days"] - history - score
    checks = [last - k * step for k in reversed(range(settings["validation_folds"]))]
    roles = ["validation"] * len(checks) + ["test"] * len(tests)
    rows = []
    for fold, (role, start) in enumerate(zip(roles, [*checks, *tests], strict=True)):
        edges = start + np.cumsum([0, settings["train_days"], settings["delay_days"], score])
        for part, begin, end in zip(("train", "delay", "score"), edges, edges[1:], strict=False):
            rows.append((fold, role, part, str(begin), str(end)))
    return pd.DataFrame(rows, columns=_SHAPE)


def in_window(events: pd.DataFrame, window: Any) -> np.ndarray:
    """Return which events (n,) lie in a window with `start` and `end`, half open."""
    time = events["time"].to_numpy()
    return (time >= np.datetime64(window.start)) & (time < np.datetime64(window.end))


def training(table: pd.DataFrame, parts: pd.DataFrame, fold: int) -> np.ndarray:
    """Return which rows (n,) of the table fold `fold` may learn from.

    They lie in its training window, and their label is known when its first day is scored.
    """
    (window,) = parts[(parts["fold"] == fold) & (parts["part"] == "train")].itertuples(index=False)
    begins = _score_start(parts, fold)
    return in_window(table, window) & _known(table, begins)


def members(scored: pd.DataFrame, parts: pd.DataFrame, left_out: pd.DataFrame) -> pd.DataFrame:
    """Return id, part and fold of what a split scores, sorted by fold: its rows among `scored`."""
    found = [pd.DataFrame({"id": [], "part": [], "fold": []})]
    for window in parts[parts["part"] == "score"].itertuples(index=False):
        mask = in_window(scored, window)
        mask[mask] = ~removed_rows(scored[mask], left_out, window.fold)
        ids = scored["id"].to_numpy(dtype=object)[mask]
        one = {"id": ids, "part": PART_OF[window.role], "fold": int(window.fold)}
        found.append(pd.DataFrame(one))
    together = pd.concat(found[1:] or found, ignore_index=True)
    return together.astype({"id": "str", "part": "str", "fold": "int64"})


def examples_of(events: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of events that `examples.parquet` holds."""
    slices = sorted(c for c in events if c.startswith("slice_"))
    return events[[c for c in _SCORED if c in events] + slices].reset_index(drop=True)


def _known(table: pd.DataFrame, at: np.datetime64) -> np.ndarray:
    """Return whose label (n,) is known at a time; without `known_at` the delay sees to it."""
    if "known_at" not in table:
        return np.ones(len(table), dtype=bool)
    return table["known_at"].to_numpy() <= at


def _score_start(parts: pd.DataFrame, fold: int) -> np.datetime64:
    own = parts[(parts["fold"] == fold) & (parts["part"] == "score")]
    return np.datetime64(own["start"].iloc[0])


def _demand_covered(shape: pd.DataFrame, table: pd.DataFrame, spec: PrequentialSpec) -> None:
    """Refuse windows that begin before the first event or end after the day of the last."""
    first, last = (table["time"].iloc[i] for i in (0, -1))
    begins, ends = shape["start"].min(), shape["end"].max()
    if np.datetime64(begins) < first.to_datetime64().astype("datetime64[D]") or (
        np.datetime64(ends) > last.to_datetime64().astype("datetime64[D]") + _DAY
    ):
        raise SplitError(
            f"split {spec.name}: its windows reach beyond the table",
            expected=f"windows within {first:%Y-%m-%d} to {last:%Y-%m-%d}",
            received=f"{begins} to {ends}, the last day excluded",
            remedy="move start, or take fewer folds or shorter windows in project.yaml",
        )


def _demand_classes(
    window: Any, mask: np.ndarray, positive: np.ndarray, spec: PrequentialSpec
) -> None:
    """Refuse a training or scored window without an event of either class."""
    have = {"positive": int((mask & positive).sum()), "other": int((mask & ~positive).sum())}
    if window.part != "delay" and not all(have.values()):
        raise SplitError(
            f"split {spec.name}: fold {window.fold} ({window.role}) has a {window.part} window "
            "without one of the classes",
            expected="events of both classes in every training and scored window",
            received=f"{window.start} to {window.end}: "
            + ", ".join(f"{n:,} {name}" for name, n in have.items()),
            remedy="take longer windows, or another start, in project.yaml",
        )


def _achieved(parts: pd.DataFrame, total: int) -> dict[str, float]:
    """Return the share of all events that the scored windows of val and test hold."""
    scored = parts[parts["part"] == "score"].groupby("role")["n_examples"].sum()
    return {PART_OF[role]: round(n / total, 6) for role, n in scored.items()}


def _balance(
    table: pd.DataFrame,
    parts: pd.DataFrame,
    before: dict[int, np.ndarray],
    positive: np.ndarray,
    codes: dict[str, np.ndarray],
) -> dict[str, dict[str, float]]:
    """Return per fold what the scored window held before units were left out, and who is new.

    `new_units` and `new_units2`: the share of its units that its training window lacks.
    """
    told: dict[str, dict[str, float]] = {}
    for fold, mask in before.items():
        fold_name = f"fold_{fold}"
        told.setdefault("rows_before_removal", {})[fold_name] = int(mask.sum())
        told.setdefault("positives_before_removal", {})[fold_name] = int((mask & positive).sum())
        learnt = training(table, parts, fold)
        for column, names in codes.items():
            new = ~np.isin(np.unique(names[mask]), names[learnt])
            key = f"new_{column.replace('unit', 'units')}"
            told.setdefault(key, {})[fold_name] = round(float(new.mean()), 6)
    return told
