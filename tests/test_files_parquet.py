"""Scores stored byte by byte come back as they were, and take less room."""

import numpy as np
import pandas as pd

from proofolio import files


def test_scores_come_back_and_are_smaller(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.dirichlet(np.full(9, 0.2), 3000).astype(np.float32))
    frame.columns = [f"p_{k}" for k in range(9)]
    frame.insert(0, "id", [f"i{k}" for k in range(len(frame))])
    frame.insert(1, "part", "test")
    plain, split = tmp_path / "plain.parquet", tmp_path / "split.parquet"
    files.write_parquet(plain, frame)
    files.write_parquet(split, frame, list(frame.columns[2:]))
    assert all((pd.read_parquet(plain)[c] == pd.read_parquet(split)[c]).all() for c in frame)
    assert (pd.read_parquet(split)["p_3"].to_numpy() == frame["p_3"].to_numpy()).all()
    assert split.stat().st_size < 0.9 * plain.stat().st_size
