"""Slices of the table as results read them: values of rows, and values of classes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from proofolio import errors, scoring, table
from proofolio.contract import Layout, RunError
from proofolio.evidence.building import Inputs

if TYPE_CHECKING:
    import pandas as pd

REMEDY = "correct parameters of this result in project.yaml"


def values(frame: "pd.DataFrame", name: str) -> "pd.Series":
    """Return the values (n,) of a slice as text, "missing" where there is none.

    Raises:
        RunError: The table has no such slice.
    """
    column = f"{errors.SLICE}{name}"
    if column not in frame:
        raise RunError(
            f"the table has no slice {name!r}",
            expected=", ".join(names(frame)) or "a slice_<name> column in the prepared table",
            received=name,
            remedy=REMEDY,
        )
    return frame[column].fillna("missing").astype(str)


def restricted(data: Sequence[scoring.Joined], parameters: Inputs) -> list[scoring.Joined]:
    """Return the rows of `parameters.value` (one, or a list) of slice `parameters.slice`, or all.

    Raises:
        RunError: The table has no such slice, or no row of these values is scored.
    """
    name, asked = parameters.get("slice"), parameters.get("value")
    if name is None:
        return list(data)
    wanted = [str(v) for v in (asked if isinstance(asked, list) else [asked])]
    found = values(data[0].rows, name)
    kept = found.isin(wanted).to_numpy()
    if not kept.any():
        raise RunError(
            f"no scored row has {name} {', '.join(wanted)}",
            expected=", ".join(sorted(found.unique())),
            received=", ".join(wanted),
            remedy=REMEDY,
        )
    return [some.take(kept) for some in data]


def names(frame: "pd.DataFrame") -> list[str]:
    """Return the names of the slices of a table, sorted."""
    return sorted(c.removeprefix(errors.SLICE) for c in frame if c.startswith(errors.SLICE))


def of_classes(examples: "pd.DataFrame", classes: Sequence[str], name: str) -> list[str]:
    """Return the value (k,) of a slice for each class, in the order of `classes`.

    Raises:
        RunError: A class has several values, or no example; or all classes have the same.
    """
    of_label = values(examples, name).groupby(examples["label"]).unique()
    found = {c: sorted(of_label[c]) if c in of_label else [] for c in classes}
    unfit = [f"{c}: {', '.join(of) or 'no example'}" for c, of in found.items() if len(of) != 1]
    if not unfit and len({of[0] for of in found.values()}) == 1:
        unfit = [f"{found[classes[0]][0]} for every class"]
    if unfit:
        raise RunError(
            f"slice {name} is no level of the classes",
            expected="one value per class over all examples, and two values or more",
            received="; ".join(unfit[:5]) + (f" and {len(unfit) - 5} more" * (len(unfit) > 5)),
            remedy="name a slice that is a function of the label, or mend it in data.py",
        )
    return [of[0] for of in found.values()]


def of_run(layout: Layout, classes: Sequence[str], name: str) -> list[str]:
    """Return `of_classes` by the project's examples."""
    return of_classes(table.read_examples(layout), classes, name)
