"""Time splits, intervals and look-alikes: `python bench/spine.py [--large]` (or `make bench`).

- Grouped split: 10^4, 10^5 and with --large 10^6 rows into 60, 10, 10 and 20 %, against ten folds
  of scikit-learn's StratifiedGroupKFold joined 6 : 1 : 1 : 2. Timed twice: the assignment alone,
  which is what the peer does, and all of `splits.make`, which also sorts, hashes, counts the
  balance and proves that nothing crosses. `worst_share` is the largest difference of a part's share
  of a label from the label's share of all rows, in percentage points.
- Bootstrap: 2,000 resamples of clusters, against a loop over scikit-learn's function; for AUROC,
  average precision and log loss.
- Near-duplicates: hashes within Hamming distance 4, against all pairs, vectorised per row.

Results go to bench/results/spine.json and spine.csv with hardware and versions.
"""

import sys
from collections.abc import Callable
from functools import partial
from itertools import chain, count

import numpy as np
import pandas as pd
from run import compare, race, write
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from proofolio import duplicates, metrics, splits
from proofolio.project import SplitSpec

SHARES = {"train": 0.6, "val": 0.1, "calib": 0.1, "test": 0.2}
TENTHS = np.repeat(np.arange(4), [6, 1, 1, 2])  # the part of each of the peer's ten folds
PEERS = {"auroc": roc_auc_score, "average_precision": average_precision_score, "log_loss": log_loss}
RESAMPLES, PEER_RESAMPLES, PEER_HASHES = 2000, 40, 2000


def examples(rows: int) -> pd.DataFrame:
    """Return a table like the NIH chest X-rays': 3.6 images a patient, most patients with few."""
    rng, patients = np.random.default_rng(0), rows * 30_805 // 112_120
    often = rng.pareto(1.5, patients)
    more = rng.choice(patients, rows - patients, p=often / often.sum())
    unit = np.concatenate([np.arange(patients), more])
    names = pd.Series(unit).map("p{:07d}".format)
    label = rng.choice(["a", "b", "c"], size=rows, p=[0.6, 0.3, 0.1])
    ids = pd.Series(np.arange(rows)).map("x{:08d}".format)
    return pd.DataFrame({"id": ids, "unit": names, "cluster": names, "label": label})


def worst_share(label: pd.Series, part: np.ndarray) -> float:
    """Return how far a label's share of a part is from its share of all, at most, in points."""
    apart = pd.crosstab(label.to_numpy(), part, normalize="columns")
    whole = label.value_counts(normalize=True).sort_index()
    return round(float(apart.sub(whole.to_numpy(), axis=0).abs().to_numpy().max() * 100), 3)


def assigned(table: pd.DataFrame) -> np.ndarray:
    """Return the part of each row by the engine of every split."""
    rows = splits.encode(table, "cluster", ["label"])
    part = splits.allocate(rows, list(SHARES.values()), np.random.default_rng(0))
    return part[rows.cluster]


def joined_folds(table: pd.DataFrame) -> np.ndarray:
    """Return the part of each row by ten folds of scikit-learn."""
    folds, part = StratifiedGroupKFold(10, shuffle=True, random_state=0), np.empty(len(table), int)
    for fold, (_, held) in enumerate(folds.split(table, table["label"], table["cluster"])):
        part[held] = TENTHS[fold]
    return part


def grouped_split(rows: int) -> list[dict]:
    """The assignment, then all of `splits.make`, of a table of `rows` rows; one peer for both."""
    table, parts = examples(rows), {}
    spec = SplitSpec(strategy="patient", rationale="benchmark", fractions=SHARES)
    found = race(
        {
            f"grouped split, {rows:,} rows": lambda: parts.update(ours=assigned(table)),
            f"grouped split, checked and hashed, {rows:,} rows": lambda: splits.make(table, spec),
        },
        {
            "StratifiedGroupKFold, 10 folds joined": (
                lambda: parts.update(peer=joined_folds(table)),
                1.0,
            )
        },
        size=rows,
        aim=20,
    )
    balance = {
        "worst_share": worst_share(table["label"], parts["ours"]),
        "peer_worst_share": worst_share(table["label"], parts["peer"]),
    }
    return [row | balance for row in found]


def bootstrap(rows: int) -> list[dict]:
    """Intervals of three metrics of `rows` rows in clusters of five, each against its own loop."""
    rng, number = np.random.default_rng(0), rows // 5
    clusters = np.repeat(np.arange(number), 5)
    y = rng.integers(0, 2, rows)
    scores = 1 / (1 + np.exp(-rng.normal(size=rows) - y))
    of = np.arange(rows).reshape(number, 5)
    seeds = count()  # an interval that was drawn before is remembered: each round draws another

    def ours(name: str) -> None:
        metrics.interval(name, y, scores, clusters, resamples=RESAMPLES, seed=next(seeds))

    def loop(peer: Callable) -> None:
        for _ in range(PEER_RESAMPLES):
            drawn = of[rng.integers(0, number, number)].ravel()
            peer(y[drawn], scores[drawn])

    return [
        compare(
            f"clustered bootstrap of {peer.__name__}, {rows:,} rows",
            partial(ours, name),
            partial(loop, peer),
            f"loop over {peer.__name__}",
            PEER_RESAMPLES / RESAMPLES,
            size=rows,
            **({"aim": 50} if name == "auroc" else {}),
        )
        for name, peer in PEERS.items()
    ]


def near_duplicates(number: int) -> dict:
    """Pairs of `number` random hashes, a hundredth of them planted copies with two bits changed."""
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**63, number, dtype=np.uint64)
    copies = hashes[: number // 100] ^ np.uint64(0b1001)
    hashes = rng.permutation(np.concatenate([hashes[: number - len(copies)], copies]))
    timed = min(PEER_HASHES, number)

    def all_pairs() -> int:
        return sum(
            len(np.flatnonzero(np.bitwise_count(hashes[i] ^ hashes[i + 1 :]) <= 4))
            for i in range(timed)
        )

    return compare(
        f"near-duplicates, {number:,} hashes",
        lambda: duplicates.near_pairs(hashes, 4),
        all_pairs,
        "all pairs, vectorised per row",
        1 - (1 - timed / number) ** 2,
        size=number,
        aim=1,
    )


def main(split=(10**4, 10**5), interval=(5_000, 20_000, 80_000), hashes=(5_000, 20_000, 80_000)):
    """Run every benchmark and write the results."""
    if "--large" in sys.argv[1:]:
        split = (*split, 10**6)
    rows = chain(
        chain.from_iterable(map(grouped_split, split)),
        chain.from_iterable(map(bootstrap, interval)),
        map(near_duplicates, hashes),
    )
    write("spine", rows, "python " + " ".join(["bench/spine.py", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
