"""Time the spine against peers: `python bench/run.py` (or `make bench`).

Each line compares two ways of doing one thing in one process, alternating, and reports the median
of the ratios. Results go to bench/results/spine.json and spine.csv with hardware and versions.
"""

import importlib.metadata
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from proofolio import duplicates, files, metrics, splits
from proofolio.project import SplitSpec

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("numpy", "pandas", "scikit-learn", "proofolio")
ROUNDS = 3


def seconds(work: Callable[[], object]) -> float:
    """Return the wall time of one call in seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(name: str, ours: Callable, peer: Callable, peer_name: str, share: float = 1.0) -> dict:
    """Return medians of alternating timings; `share` is the part of the work the peer was given."""
    pairs = [(seconds(ours), seconds(peer) / share) for _ in range(ROUNDS)]
    return {
        "name": name,
        "peer": peer_name,
        "seconds": round(statistics.median(a for a, _ in pairs), 3),
        "peer_seconds": round(statistics.median(b for _, b in pairs), 3),
        "ratio": round(statistics.median(b / a for a, b in pairs), 1),
        "peer_share_timed": share,
    }


def bootstrap() -> dict:
    """AUROC interval of 20,000 rows in 4,000 clusters, 2,000 resamples, against a plain loop."""
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(4000), 5)
    y = rng.integers(0, 2, 20_000)
    scores = rng.normal(size=20_000) + y
    rows = [np.flatnonzero(clusters == c) for c in range(4000)]

    def loop() -> None:
        for _ in range(40):
            drawn = np.concatenate([rows[c] for c in rng.integers(0, 4000, 4000)])
            roc_auc_score(y[drawn], scores[drawn])

    return compare(
        "clustered bootstrap of AUROC",
        lambda: metrics.interval("auroc", y, scores, clusters),
        loop,
        "loop over roc_auc_score",
        share=40 / 2000,
    )


def grouped_split() -> dict:
    """One grouped stratified split of 112,120 rows of 30,805 patients, against scikit-learn."""
    rng = np.random.default_rng(0)
    units = np.concatenate([np.arange(30_805), rng.integers(0, 30_805, 112_120 - 30_805)])
    label = rng.choice(["a", "b", "c"], size=len(units), p=[0.6, 0.3, 0.1])
    names = pd.Series(units).map("p{:05d}".format)
    ids = [f"x{i:06d}" for i in range(len(units))]
    table = pd.DataFrame({"id": ids, "unit": names, "cluster": names, "label": label})
    spec = SplitSpec(strategy="patient", rationale="benchmark")
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    return compare(
        "grouped stratified split",
        lambda: splits.make(table, spec),
        lambda: next(folds.split(units, label, units)),
        "StratifiedGroupKFold",
    )


def near_duplicates() -> dict:
    """Pairs within Hamming distance 4 of 20,000 hashes, against all pairs in numpy."""
    hashes = np.random.default_rng(0).integers(0, 2**63, 20_000, dtype=np.uint64)

    def all_pairs() -> None:
        for i in range(0, 2000):
            np.flatnonzero(np.bitwise_count(hashes[i] ^ hashes[i + 1 :]) <= 4)

    return compare(
        "near-duplicate hashes",
        lambda: duplicates.near_pairs(hashes, 4),
        all_pairs,
        "all pairs, vectorised per row",
        share=1 - (18 / 20) ** 2,
    )


def write(name: str, rows: list[dict], how: str) -> None:
    """Write the rows with hardware and versions to JSON and CSV, and print them."""
    report = {
        "rows": rows,
        "rounds": ROUNDS,
        "how": how,
        "hardware": {"machine": platform.machine(), "cores": os.cpu_count()},
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES}
        | {"python": platform.python_version()},
    }
    files.write_json(RESULTS / f"{name}.json", report)
    files.write_text(RESULTS / f"{name}.csv", pd.DataFrame(rows).to_csv(index=False))
    print(pd.DataFrame(rows).to_string(index=False))


def main() -> None:
    """Run every benchmark and write the results."""
    rows = [bootstrap(), grouped_split(), near_duplicates()]
    write("spine", rows, "python bench/run.py")


if __name__ == "__main__":
    main()
