"""Tables and duplicate lists for the tests of the audit."""

import numpy as np
import pandas as pd
from builders import example_frame

from proofolio import splits
from proofolio.audit import findings
from proofolio.project import SplitSpec

CLASSES = ["healthy", "sick"]


def spec(strategy: str = "patient", **changes) -> SplitSpec:
    return SplitSpec(strategy=strategy, rationale="test", **changes)


def table_of(*, units: int = 200, per_unit: int = 3, seed: int = 0) -> pd.DataFrame:
    """A clean table with file statistics that know nothing of the label; width is constant."""
    rng = np.random.default_rng(seed)
    frame = example_frame(units=units, per_unit=per_unit)
    n = len(frame)
    base = rng.normal(size=units).repeat(per_unit)  # statistics of a patient's images are alike
    return frame.assign(
        bytes=(20_000 + 3_000 * base + 500 * rng.normal(size=n)).astype(int),
        width=224,
        height=rng.integers(200, 260, n),
        quality=np.where(rng.random(n) < 0.5, np.nan, 75.0),
        brightness=rng.normal(120, 20, n),
        contrast=rng.normal(40, 5, n),
        border=rng.normal(60, 20, n),
    )


def pairs_of(*rows: tuple[str, str, str, int]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["a", "b", "kind", "distance"])
    return frame.astype({"a": str, "b": str, "kind": str})


def audited(table, made=None, *, pairs=None, classes=CLASSES, test=False, wanted=None):
    """Return the findings of one split by (check): made from the table where none is given."""
    split = made or splits.make(table, wanted or spec())
    pairs = pairs_of() if pairs is None else pairs
    found = findings(table, [(split.info, split.parts)], pairs, classes, test=test)
    assert len({f.check for f in found}) == len(found)
    return {f.check: f for f in found}


def moved(split, ids, part: str):
    """Return the split with some ids put into another part."""
    parts = split.parts.copy()
    parts.loc[parts["id"].isin(list(ids)), "part"] = part
    return splits.Split(parts, split.info)


def ids_in(split, table, part: str) -> pd.DataFrame:
    return split.parts[split.parts["part"] == part].merge(table, on="id")
