"""From the publisher's transactions to the table. Try it: `python -m fraud_sequences prepare`.

The simulated card payments of Le Borgne, Siblini, Lebichot and Bontempi (2022). Two forms give the
same table: one Parquet file of all days, or one CSV or Parquet file per day, named as published
(2018-04-01.csv). The publisher's own daily files are pickles. A pickle runs code when it is read,
and no hash of the single files is published, so none is read here, not by a restricted reader
either: export them once in a sandbox (`EXPORT`) and put the exports beside them.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from proofolio.contract import TableError
from proofolio_torch.events import windows

HOME = "https://github.com/Fraud-Detection-Handbook/simulated-data-raw"
EXPORT = (
    "in a container without network that sees nothing but a copy of the folder, run pandas on each "
    "file: pd.read_pickle(p).to_csv(p.with_suffix('.csv'), index=False); copy the .csv files here"
)
KINDS = {  # columns that are read, and the sort of number each holds
    "TRANSACTION_ID": "int64",
    "TX_DATETIME": "datetime64[s]",
    "CUSTOMER_ID": "int64",
    "TERMINAL_ID": "int64",
    "TX_AMOUNT": "float64",
    "TX_FRAUD": "int64",
    "TX_FRAUD_SCENARIO": "int64",
}
SCENARIOS = ("none", "amount", "terminal", "card")  # 0 to 3 in the publisher's column
GIVEAWAY = 220  # of the simulation: whoever pays more is a fraud
RISK = "unit2_risk_30d"


def fetch(raw: Path) -> None:
    """Link `raw` to a copy that stands beside the repository; without one say where to get it."""
    shared = Path(__file__).resolve().parents[5] / "shared" / "data" / "fraud_handbook"
    if not shared.is_dir():
        raise TableError(
            "there are no transactions to read",
            expected=f"{raw.name}/transactions.parquet, or a file for every day",
            received="an empty or absent folder",
            remedy=f"clone {HOME} and {EXPORT}; or, to try the steps on a world of our own, "
            "python -m fraud_sequences.demo",
        )
    raw.parent.mkdir(parents=True, exist_ok=True)
    raw.symlink_to(shared, target_is_directory=True)


def table(raw: Path) -> pd.DataFrame:
    """Return one row per payment: id, unit (customer), unit2 (terminal), time, amount, label.

    Slices too; they serve reports alone, and no model sees them: `scenario`; `amount`, the
    giveaway; `terminal`, whether fraud is known there from the 30 days that ended 7 days ago;
    `card`, whether a fraud is the customer's first.

    Raises:
        TableError: no file, a pickle without export, a missing column, or values that cannot be.
    """
    if not (raw.is_dir() and any(raw.iterdir())):
        fetch(raw)
    rows = pd.concat([read(path) for path in found(raw)], ignore_index=True)
    _demand(rows)
    rows = rows.sort_values("TRANSACTION_ID", ignore_index=True)
    fraud = rows["TX_FRAUD"] == 1
    events = pd.DataFrame(
        {
            "id": _named("t", rows["TRANSACTION_ID"], 7),
            "unit": _named("c", rows["CUSTOMER_ID"], 4),
            "unit2": _named("m", rows["TERMINAL_ID"], 4),
            "time": rows["TX_DATETIME"],
            "amount": rows["TX_AMOUNT"],
            "label": pd.Series(np.where(fraud, "fraud", "genuine"), dtype="str"),
            "slice_scenario": _chosen(rows["TX_FRAUD_SCENARIO"], SCENARIOS),
            "slice_amount": _chosen(
                rows["TX_AMOUNT"] > GIVEAWAY, (f"up to {GIVEAWAY}", f"above {GIVEAWAY}")
            ),
        }
    ).sort_values(["time", "id"], ignore_index=True)
    again = events["label"].eq("fraud").groupby(events["unit"]).cumsum() > 1
    kind = np.where(events["label"] == "fraud", 1 + again, 0)
    return events.assign(
        slice_terminal=_chosen(_known_at_terminal(events), ("no fraud known", "fraud known")),
        slice_card=_chosen(kind, ("genuine", "first fraud", "later fraud")),
    )


def found(raw: Path) -> list[Path]:
    """Return the one file of all days, or else a file per day, sorted; refuse pickles alone."""
    whole = raw / "transactions.parquet"
    if whole.is_file():
        return [whole]
    paths = {p.stem: p for p in sorted(raw.iterdir()) if p.suffix in (".csv", ".parquet")}
    pickles = sorted(p.name for p in raw.iterdir() if p.suffix in (".pkl", ".pickle"))
    left = [name for name in pickles if Path(name).stem not in paths]
    if left or not paths:
        raise TableError(
            f"{len(left)} day(s) are there as a pickle alone" if left else "no file can be read",
            expected="transactions.parquet, or <day>.csv or <day>.parquet for every day",
            received=", ".join(left[:3]) or "other files",
            remedy=f"a pickle runs code when it is read, so none is: {EXPORT}",
        )
    return list(paths.values())


def read(path: Path) -> pd.DataFrame:
    """Return the wanted columns of one file; raises TableError for a missing or unreadable one."""
    parquet = path.suffix == ".parquet"
    frame = pd.read_parquet(path) if parquet else pd.read_csv(path, dtype="str")
    absent = [name for name in KINDS if name not in frame]
    try:
        return frame[list(KINDS)].astype(KINDS)
    except (KeyError, TypeError, ValueError) as error:
        said = "without " + ", ".join(absent) if absent else str(error)
    raise TableError(
        f"{path.name} cannot be read",
        expected=", ".join(f"{name} ({kind})" for name, kind in KINDS.items()),
        received=said[:300],
        remedy="export the publisher's columns unchanged",
    )


def _demand(rows: pd.DataFrame) -> None:
    """Refuse labels and scenarios that do not fit each other; times and ids are checked later."""
    scenario, fraud = rows["TX_FRAUD_SCENARIO"], rows["TX_FRAUD"]
    wrong = ~scenario.between(0, 3) | ~fraud.isin([0, 1]) | ((scenario > 0) != (fraud == 1))
    if wrong.any():
        raise TableError(
            f"{int(wrong.sum())} payments have a fraud flag and a scenario that do not fit",
            expected="TX_FRAUD 0 with scenario 0, or 1 with scenario 1 to 3",
            received=str(rows.loc[wrong, "TRANSACTION_ID"].head(3).tolist()),
            remedy="export the publisher's columns unchanged",
        )


def _known_at_terminal(events: pd.DataFrame) -> np.ndarray:
    """Return for each event (n,) whether fraud is known at its terminal, 30 days back."""
    names, values = windows.features(events, windows.Windows(entity=(), second=(30 * windows.DAY,)))
    return values[:, names.index(RISK)] > 0


def _named(letter: str, numbers: pd.Series, digits: int) -> pd.Series:
    return letter + numbers.astype("str").str.zfill(digits)


def _chosen(codes: np.ndarray, names: tuple[str, ...]) -> pd.Series:
    return pd.Series(np.array(names, dtype=object)[np.asarray(codes, np.int64)], dtype="str")
