"""What is refused before and after a split is made: fractions, classes, crossings."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from proofolio.contract import LeakageError, SplitError, SplitInfo
from proofolio.project import SplitSpec
from proofolio.splits.allocate import crossed
from proofolio.splits.crossing import aligned, crossings

EVERY_PART = ("train", "val", "calib", "test")
# Which parts `fractions` must name, and what stands in for them where the author names none.
FRACTIONS: dict[str, dict[str, float]] = {
    "official": {"train": 0.8, "val": 0.1, "calib": 0.1},  # of what is not the published test
    "cross_validation": {"train": 0.8, "test": 0.2},  # train is what the folds share
}
SHOWN = 5  # offenders listed in a message; the count is always whole


def listed(values: Iterable[object]) -> str:
    """Return the first few values and how many there are in all."""
    names = [str(v) for v in values]
    more = f", ... ({len(names):,} in all)" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def fractions_of(spec: SplitSpec) -> dict[str, float]:
    """Return the checked fractions of a split; raises SplitError where they are not usable."""
    default = _default(spec)
    if default is not None and "fractions" not in spec.model_fields_set:
        return dict(default)
    wanted = tuple(default or EVERY_PART)
    expected = f"a positive fraction for each of {', '.join(wanted)}, summing to 1"
    received = ", ".join(f"{part}: {share}" for part, share in spec.fractions.items())
    faults = {
        "names unknown parts": set(spec.fractions) - set(wanted),
        "leaves out parts": set(wanted) - set(spec.fractions),
        "has shares that are not positive": {k for k, v in spec.fractions.items() if not v > 0},
    }
    for fault, names in faults.items():
        if names:
            raise SplitError(
                f"split {spec.name}: fractions {fault}: {', '.join(sorted(names))}",
                expected=expected + _why(spec),
                received=received,
                remedy=f"correct splits.{spec.name}.fractions in project.yaml",
            )
    if abs(sum(spec.fractions.values()) - 1) > 1e-6:
        raise SplitError(
            f"split {spec.name}: fractions sum to {sum(spec.fractions.values()):g}",
            expected=expected,
            received=received,
            remedy=f"correct splits.{spec.name}.fractions in project.yaml",
        )
    return {part: spec.fractions[part] for part in wanted}


def published_holdout(spec: SplitSpec) -> bool:
    """Whether folds keep the published test as hold-out; raises SplitError for other strategies."""
    if spec.holdout == "official" and spec.strategy != "cross_validation":
        raise SplitError(
            f"split {spec.name}: holdout has no meaning for strategy {spec.strategy}",
            expected="holdout beside strategy cross_validation alone",
            received=f"holdout: {spec.holdout}",
            remedy="leave holdout out; strategy official keeps the published test by itself",
        )
    return spec.holdout == "official"


def _default(spec: SplitSpec) -> dict[str, float] | None:
    return {"train": 1.0} if published_holdout(spec) else FRACTIONS.get(spec.strategy)


def _why(spec: SplitSpec) -> str:
    if published_holdout(spec):
        return " (the folds share all that is not the published test)"
    return {
        "official": " (of what is not the published test)",
        "cross_validation": " (train is what the folds share, test the final hold-out)",
    }.get(spec.strategy, "")


def require_columns(table: pd.DataFrame, spec: SplitSpec, needed: Sequence[str]) -> None:
    """Refuse a table that lacks a column or repeats an id; raises SplitError."""
    missing = [c for c in needed if c not in table.columns]
    if missing:
        raise SplitError(
            f"split {spec.name} ({spec.strategy}) needs columns that the table lacks: "
            f"{', '.join(missing)}",
            expected=", ".join(needed),
            received=", ".join(map(str, table.columns)),
            remedy="add the column in data.py, or change stratify_by or strategy in project.yaml",
        )
    if table["id"].duplicated().any():
        raise SplitError(
            "the table repeats ids",
            received=listed(table.loc[table["id"].duplicated(), "id"]),
            remedy="give every example its own id in data.py",
        )


def require_clusters(n_clusters: int, wanted: int, spec: SplitSpec) -> None:
    """Refuse fewer clusters than parts; raises SplitError."""
    if n_clusters < wanted:
        raise SplitError(
            f"split {spec.name}: {n_clusters} cluster(s) cannot fill {wanted} parts",
            expected=f"at least {wanted} clusters (units joined by shared duplicates)",
            received=f"{n_clusters} cluster(s)",
            remedy="bring more units; if units are few because `unit` is too coarse or duplicates "
            "chain them together, look at evidence/duplicates.csv and the unit in data.py",
        )


def require_classes(
    table: pd.DataFrame, part: np.ndarray, names: Sequence[str], spec: SplitSpec
) -> None:
    """Refuse a part that some label does not reach.

    Args:
        table: the examples, with unit and label.
        part: part name of each row, shape (n,).
        names: the parts that must hold every label.
        spec: the split, for the message.

    Raises:
        SplitError: names the label, the part, and how many units the label has.
    """
    counted = crossed(table["label"], part)
    for label in counted.index:
        for name in names:
            if name in counted.columns and counted.loc[label, name] > 0:
                continue
            rows = table[table["label"] == label]
            raise SplitError(
                f"split {spec.name}: class {label!r} would be absent from part {name!r}",
                expected=f"every class in each of {', '.join(names)}",
                received=f"class {label!r} has {rows['unit'].nunique()} unit(s) in "
                f"{rows['cluster'].nunique()} cluster(s), {len(rows)} example(s)",
                remedy="bring more units of this class, merge or leave out the class in data.py, "
                "or change the fractions, folds or strategy in project.yaml",
            )


def _require_turns(parts: pd.DataFrame, info: SplitInfo) -> None:
    """Refuse folds that an example misses, or in which it is not held out exactly once."""
    part = parts["part"].to_numpy(dtype=object)
    turning = (parts["fold"] >= 0).to_numpy()
    ids, code = np.unique(parts["id"].to_numpy(dtype=object), return_inverse=True)
    rows, apart, held = (
        np.bincount(code[mask], minlength=len(ids))
        for mask in (turning, ~turning, turning & (part == "heldout"))
    )
    odd = (apart > 0) != (rows == 0)  # neither here nor there, or both
    odd |= (rows > 0) & ((rows != info.folds) | (held != 1))
    expected = np.where(
        turning, np.isin(part, ["train", "heldout"]), np.isin(part, ["test", "excluded"])
    )
    odd[code[~expected]] = True
    wrong = ids[odd]
    if len(wrong):
        raise SplitError(
            f"split {info.name}: {len(wrong):,} example(s) do not take their turn",
            expected=f"heldout in one of {info.folds} folds and train in the others, or fold -1",
            received=listed(wrong),
            remedy="make the split again from the present table: proofolio split PROJECT",
        )


def _require_same(parts: pd.DataFrame, examples: pd.DataFrame, info: SplitInfo) -> None:
    """Refuse parts that miss an example, name a stranger, or name one twice (in one fold)."""
    known, used = (pd.Index(f["id"].to_numpy(dtype=object)) for f in (examples, parts))
    keys = ["id", "fold"] if "fold" in parts else ["id"]
    twice = used[parts.duplicated(keys).to_numpy()]
    unknown = [*known.symmetric_difference(used), *twice, *known[known.duplicated()]]
    if unknown:
        raise SplitError(
            f"split {info.name}: parts do not name every example once",
            received=listed(unknown),
            remedy="make the split again from the present table: proofolio split PROJECT",
        )


def assert_disjoint(parts: pd.DataFrame, examples: pd.DataFrame, info: SplitInfo) -> None:
    """Prove that no unit and no cluster stands in two parts (cross-validation: within a fold).

    Args:
        parts: id, part [, fold].
        examples: id, unit, cluster of every example.
        info: the split; a demonstration split is exempt, it crosses on purpose.

    Raises:
        SplitError: an id of `parts` is not in `examples`, or the other way round; an example is
            not held out in exactly one fold.
        LeakageError: lists the first offending units or clusters, and how many there are.
    """
    if not (aligned(parts, examples) and examples["id"].is_unique):
        _require_same(parts, examples, info)
    if "fold" in parts:
        _require_turns(parts, info)
    if info.purpose == "demonstration":
        return
    for column in ("unit", "cluster"):
        crossed = crossings(parts, examples, column)
        if len(crossed):
            names = crossed[column].astype(str) + " (" + crossed["parts"] + ")"
            raise LeakageError(
                f"split {info.name}: {crossed[column].nunique():,} {column}(s) in two parts",
                expected=f"every {column} in one part",
                received=listed(names),
                remedy="make the split again with proofolio split PROJECT; "
                "never edit parts.csv by hand",
            )
