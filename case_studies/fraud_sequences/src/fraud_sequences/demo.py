"""A world of our own in the publisher's columns: to try the steps where the data is not at hand.

    python -m fraud_sequences.demo --into data/raw

Made by `proofolio_torch.events.cards`, an independent implementation of the published simulation;
other draws, so other payments. Results that are told come from the publisher's data alone: this
table has another hash, and recorded evidence refuses it.
"""

import argparse
from pathlib import Path

import pandas as pd
from proofolio_torch.events import cards as world

from fraud_sequences.data import SCENARIOS

FILE = "transactions.parquet"


def make(
    raw: Path, *, cards: int = 5000, terminals: int = 10_000, days: int = 183, seed: int = 1
) -> pd.DataFrame:
    """Write `raw/transactions.parquet` with the publisher's columns, and return it."""
    events = world.simulate(cards=cards, terminals=terminals, days=days, seed=seed)
    scenario = events["slice_scenario"].map(SCENARIOS.index)
    rows = pd.DataFrame(
        {
            "TRANSACTION_ID": range(len(events)),
            "TX_DATETIME": events["time"],
            "CUSTOMER_ID": pd.factorize(events["unit"], sort=True)[0],
            "TERMINAL_ID": pd.factorize(events["unit2"], sort=True)[0],
            "TX_AMOUNT": events["amount"],
            "TX_FRAUD": (scenario > 0).astype("int64"),
            "TX_FRAUD_SCENARIO": scenario,
        }
    )
    raw.mkdir(parents=True, exist_ok=True)
    rows.to_parquet(raw / FILE, index=False)
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=Path("data/raw"))
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    make(arguments.into, seed=arguments.seed)
