"""Hashes and counts of an events record, and rule 1 for events: nothing learns from later on.

The evidence holds the scored events alone. That the counts of training windows and the hashes of
the whole table are right takes the data; order, removal and every scored event do not.
"""

from datetime import UTC, datetime, time

import numpy as np
import pandas as pd

from proofolio import files, memo, table
from proofolio.contract import EVENT_PARTS, SplitInfo
from proofolio.splits import prequential
from proofolio.splits.text import read_table
from proofolio.verify.load import RESTORE, Evidence
from proofolio.verify.report import Report

_AGAIN = "make the split again: proofolio split"
_COLUMNS = {"fold", "role", "part", "start", "end", "n_examples", "n_positive", "n_units"}


def check(e: Evidence, report: Report) -> None:
    """Check events and windows; fills `e.parts` with the scored rows that may be relied on."""
    if e.dataset is None or e.examples is None:
        return
    _events(e, report)
    if not e.splits:
        report.note("no split is recorded yet")
    elif sum(s.purpose == "primary" for s in e.splits.values()) != 1:
        report.add("schema", "evidence/splits", "not exactly one split is primary", "name one")
    scored = np.zeros(len(e.examples), dtype=bool)
    for name, info in e.splits.items():
        found = _tables(e, report, name, info)
        if found is None:
            continue
        parts, left_out = found
        _order(e, report, parts, info)
        _left_out(e, report, parts, left_out, info)
        members = prequential.members(e.examples, parts, left_out)
        _counted(e, report, parts, members, info)
        e.parts[name] = members
        scored |= _scored(e, members)
    if e.parts and not scored.all():
        ids = ", ".join(e.examples.loc[~scored, "id"].head(3))
        what = f"{int((~scored).sum())} event(s) stand in no scored window, or are left out: {ids}"
        report.add("1", e.name(e.layout.examples), what, _AGAIN)


def _expect(report: Report, where: str, what: str, recorded: object, received: object) -> None:
    if recorded != received:
        text = f"{what} is recorded as {recorded}, the files give {received}"
        report.add("hashes", where, text, RESTORE)


def _events(e: Evidence, report: Report) -> None:
    """The scored events are in order, each once, of the past, and no more than the table holds."""
    examples, dataset, where = e.examples, e.dataset, e.name(e.layout.examples)
    twice = examples["id"].duplicated()
    if twice.any():
        ids = ", ".join(examples.loc[twice, "id"].head(3))
        report.add("hashes", where, f"ids stand twice: {ids}", _AGAIN)
    if not examples["time"].is_monotonic_increasing:
        report.add("hashes", where, "events are not sorted by time", _AGAIN)
    apart = examples["unit"] != examples["cluster"]
    if apart.any():
        report.add("1", where, f"cluster is not the unit in {int(apart.sum())} row(s)", _AGAIN)
    end = datetime.now(UTC).replace(tzinfo=None)
    if e.project is not None and e.project.as_of is not None:
        end = datetime.combine(e.project.as_of, time.max)
    late = examples["time"] > end
    if late.any():
        ids = ", ".join(examples.loc[late, "id"].head(3))
        report.add("1", where, f"events happen after {end:%Y-%m-%d}: {ids}", _AGAIN)
    counts = examples["label"].value_counts().to_dict()
    few = [k for k, n in counts.items() if n > dataset.label_counts.get(str(k), 0)]
    if few or sum(dataset.label_counts.values()) != dataset.n_examples:
        named = ", ".join(map(str, few)) or "n_examples"
        what = f"label_counts do not add up to the table: {named}"
        report.add("hashes", e.name(e.layout.dataset), what, RESTORE)
    report.note(
        "events: the whole table is not part of the evidence, so its hashes and the counts of "
        "training windows are not checkable without the data"
    )


def _tables(
    e: Evidence, report: Report, name: str, info: SplitInfo
) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Return windows and left-out units where they are those that `split.json` vouches for."""
    found = []
    for which in ("parts", "removed"):
        path = e.layout.split(name) / f"{which}.csv"
        where = e.name(path)
        if not path.is_file():
            report.add("schema", where, "the file is missing", RESTORE)
            continue
        recorded = getattr(info, f"{which}_sha256")
        _expect(report, where, f"{which}_sha256", recorded, files.sha256_file(path))
        if not report.broken("hashes", where):
            found.append(read_table(path.read_bytes()))
    where = e.name(e.layout.split(name) / "split.json")
    membership = e.dataset.membership_sha256
    _expect(report, where, "membership_sha256", info.membership_sha256, membership)
    if len(found) < 2:
        return None
    missing = (_COLUMNS - set(found[0])) | ({"fold", "unit", "known_since"} - set(found[1]))
    if missing or not info.by_time or info.windows is None:
        what = f"no windows of events: {', '.join(sorted(missing)) or 'strategy or settings'}"
        report.add("schema", where, what, _AGAIN)
        return None
    return found[0], found[1]


def _order(e: Evidence, report: Report, parts: pd.DataFrame, info: SplitInfo) -> None:
    """Training, delay and scored window follow each other; validation is over before test is."""
    where = e.name(e.layout.split(info.name) / "parts.csv")

    def wrong(what: str) -> None:
        report.add("1", where, what, _AGAIN)

    for fold, rows in parts.groupby("fold"):
        if tuple(rows["part"]) != EVENT_PARTS or rows["role"].nunique() != 1:
            wrong(f"fold {fold} is not one training, one delay and one scored window")
            return
        begins, ends = (rows[c].to_numpy(dtype="datetime64[D]") for c in ("start", "end"))
        if (begins > ends).any() or (ends[:-1] > begins[1:]).any():
            wrong(f"fold {fold} scores or waits before its training is over")
        if (ends[1] - begins[1]).astype(int) < info.windows["delay_days"]:
            wrong(f"fold {fold} waits less than the delay of {info.windows['delay_days']} days")
    scored = parts[parts["part"] == "score"]
    begins, ends = (scored[c].to_numpy(dtype="datetime64[D]") for c in ("start", "end"))
    if (ends[:-1] > begins[1:]).any():
        wrong("scored windows overlap, or folds are not in the order of time")
    tested = (scored["role"] == "test").to_numpy()
    if tested.any() and not tested.all() and ends[~tested].max() > begins[tested].min():
        wrong("a validation fold is scored after the first tested day")
    shape = ["fold", "role", "part", "start", "end"]
    expected = prequential.windows(info.windows)
    if not parts[shape].astype(str).equals(expected.astype(str)):
        wrong("the windows do not follow from the settings in split.json")


def _left_out(
    e: Evidence, report: Report, parts: pd.DataFrame, left_out: pd.DataFrame, info: SplitInfo
) -> None:
    """Who is left out is known to be compromised in time, and nobody who is known is scored."""
    where = e.name(e.layout.removed(info.name))
    for window in parts[parts["part"] == "score"].itertuples(index=False):
        own = left_out[left_out["fold"] == window.fold]
        odd = own[(own["known_since"] < window.start) | (own["known_since"] >= window.end)]
        if len(odd):
            who = odd["unit"].iloc[0]
            what = f"fold {window.fold}: {who} is left out from a day it never scores"
            report.add("1", where, what, _AGAIN)
    if e.project is None:
        report.note("project.yaml is absent: which label compromises a unit is not checkable")
        return
    positive = (e.examples["label"] == e.project.positive_class).to_numpy()
    known = prequential.removed(e.examples, positive, parts, info.windows)
    both = known.merge(left_out, on=["fold", "unit"], how="left", suffixes=("", "_recorded"))
    late = both["known_since_recorded"].fillna("9999-12-31") > both["known_since"]
    if late.any():
        first = both[late].iloc[0]
        what = f"{int(late.sum())} unit(s) known as compromised are scored: fold {first['fold']}, "
        report.add("1", where, f"{what}{first['unit']} from {first['known_since']} on", _AGAIN)


def _counted(
    e: Evidence, report: Report, parts: pd.DataFrame, members: pd.DataFrame, info: SplitInfo
) -> None:
    """Scored windows hold what they say, byte for byte."""
    where = e.name(e.layout.split(info.name) / "parts.csv")
    place = pd.Index(e.examples["id"]).get_indexer(members["id"])
    rows = e.examples[["unit", "label"]].iloc[place].assign(fold=members["fold"].to_numpy())
    for window in parts[parts["part"] == "score"].itertuples(index=False):
        own = rows[rows["fold"] == window.fold]
        received = {"n_examples": len(own), "n_units": own["unit"].nunique()}
        if e.project is not None:
            received["n_positive"] = int((own["label"] == e.project.positive_class).sum())
        for key, value in received.items():
            _expect(report, where, f"{key} of fold {window.fold}", getattr(window, key), value)
    kept = e.examples[_scored(e, members)]
    received = table.content_sha256(prequential.examples_of(kept))
    where = e.name(e.layout.split(info.name) / "split.json")
    _expect(report, where, "scored_sha256", info.scored_sha256, received)


def _scored(e: Evidence, members: pd.DataFrame) -> np.ndarray:
    """Return (n,) which examples stand in a scored window of a split."""
    return memo.once(
        ("scored", memo.token(members)),
        lambda: pd.Index(members["id"]).unique().get_indexer(e.examples["id"]) >= 0,
    )
