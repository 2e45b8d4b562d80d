import time

import numpy as np
import pandas as pd
import pytest
from split_tables import spec

from proofolio import splits


def large_table() -> pd.DataFrame:
    """As many rows and patients as the NIH chest X-ray collection: 112,120 and 30,805."""
    rng = np.random.default_rng(0)
    often = rng.pareto(1.5, 30_805)  # most patients have one image, some more than a hundred
    more = rng.choice(30_805, 112_120 - 30_805, p=often / often.sum())
    unit = np.concatenate([np.arange(30_805), more])
    risk = rng.beta(1, 3, 30_805)[unit]
    frame = pd.DataFrame(
        {
            "id": [f"{k:08d}.png" for k in range(len(unit))],
            "unit": [f"p{u:05d}" for u in unit],
            "label": np.where(rng.random(len(unit)) < risk, "finding", "none"),
        }
    )
    return frame.assign(cluster=frame["unit"])


@pytest.mark.alone
def test_large_grouped_split_is_fast_and_balanced():
    table = large_table()
    started = time.process_time()
    rows = splits.encode(table, "cluster", ["label"])
    part = splits.allocate(rows, [0.6, 0.1, 0.1, 0.2], np.random.default_rng(0))
    engine = time.process_time() - started
    info = splits.make(table, spec()).info
    whole = time.process_time() - started
    assert engine < 2, "StratifiedGroupKFold needs 9-10 s for this table"
    assert whole < 8
    assert len(part) == table["cluster"].nunique()
    assert max(abs(info.achieved[k] - v) for k, v in info.fractions.items()) < 0.001
    shares = info.balance["label=finding"].values()
    assert max(shares) - min(shares) < 0.001
