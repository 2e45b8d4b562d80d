"""Tables for the tests of splits: any shape of units, clusters, labels and times."""

import numpy as np
import pandas as pd

from proofolio import files
from proofolio.contract import Layout
from proofolio.project import SplitSpec
from proofolio.table import membership_sha256


def spec(strategy: str = "patient", **changes) -> SplitSpec:
    return SplitSpec(strategy=strategy, rationale="test", **changes)


def made_table(seed: int = 0, *, units: int = 60, most: int = 5, labels: int = 2) -> pd.DataFrame:
    """Units of 1 to `most` rows; labels vary within a unit; a tenth of the units are linked."""
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(units), rng.integers(1, most + 1, units))
    cluster = np.where(rng.random(units) < 0.1, np.maximum(np.arange(units) - 1, 0), range(units))
    for u in range(units):  # chains of links end at the smallest unit
        cluster[u] = cluster[cluster[u]]
    main = rng.integers(0, labels, units)[unit]
    label = np.where(rng.random(len(unit)) < 0.8, main, rng.integers(0, labels, len(unit)))
    return pd.DataFrame(
        {
            "id": [f"i{k:04d}" for k in rng.permutation(len(unit))],
            "unit": [f"u{u:03d}" for u in unit],
            "cluster": [f"u{cluster[u]:03d}" for u in unit],
            "label": [f"class {v}" for v in label],
            "slice_site": np.where(unit % 3 == 0, "south", "north"),
        }
    )


def single_rows(counts: dict[str, int]) -> pd.DataFrame:
    """One row per unit; so many of each label."""
    label = [name for name, n in counts.items() for _ in range(n)]
    names = [f"u{k:05d}" for k in range(len(label))]
    return pd.DataFrame({"id": names, "unit": names, "cluster": names, "label": label})


def record_dataset(layout: Layout, table: pd.DataFrame) -> None:
    """Write the one field of dataset.json that splits read."""
    files.write_json(layout.dataset, {"membership_sha256": membership_sha256(table)})
