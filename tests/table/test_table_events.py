"""Tables of events: what is put in order, what is refused and how it is told, speed."""

import time
from datetime import date

import event_project
import numpy as np
import pandas as pd
import pytest

from proofolio import files, table
from proofolio.contract import TableError


def frame(**changes):
    return event_project.events_frame(days=3, per_day=20).assign(**changes)


def first(value, column="amount"):
    """Return a column of the frame with another value in its first row."""
    values = frame()[column].astype(object)
    values.iloc[0] = value
    return values


def test_unsorted_events_are_sorted_and_it_is_said():
    known, notes = table.check_events(frame())
    assert notes == [] and (known["cluster"] == known["unit"]).all()
    shuffled = frame().sample(frac=1, random_state=0)
    again, notes = table.check_events(shuffled)
    pd.testing.assert_frame_equal(again, known)
    assert notes == ["events came unsorted and were sorted by time and id"]
    assert table.content_sha256(again) == table.content_sha256(known)


def test_times_as_text_or_with_a_zone_become_utc_seconds():
    known, _ = table.check_events(frame())
    text = frame()["time"].dt.strftime("%Y-%m-%dT%H:%M:%S")
    assert table.check_events(frame(time=text))[0]["time"].equals(known["time"])
    zoned = frame()["time"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")
    assert table.check_events(frame(time=zoned))[0]["time"].equals(known["time"])
    finer = frame()["time"].astype("datetime64[ms]") + pd.Timedelta(milliseconds=250)
    cut, notes = table.check_events(frame(time=finer))
    assert cut["time"].equals(known["time"]) and "whole seconds" in notes[0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": first("t00001", "id")}, ("id: 1 row(s): row 1 't00001'", "each id once")),
        ({"id": first("a,b", "id")}, ("id: 1 row(s): row 0 'a,b'", "no comma")),
        ({"unit": first(None, "unit")}, ("unit: 1 row(s): row 0 (t00000)", "text without")),
        ({"category_channel": ""}, ("category_channel: 60 row(s)", "text without")),
        ({"label": first("theft", "label")}, ("label: 1 row(s)", "a class of project.yaml")),
        ({"amount": first(-1.0)}, ("amount: 1 row(s): row 0 (t00000) -1.0", "none negative")),
        ({"amount": first(np.nan)}, ("amount: 1 row(s)", "none negative")),
        ({"amount": first(np.inf)}, ("amount: 1 row(s)", "finite")),
        ({"time": first(pd.NaT, "time")}, ("time: 1 row(s): row 0", "ISO 8601")),
        ({"time": "01/04/2018"}, ("time: 60 row(s)", "ISO 8601")),
        ({"time": 3}, ("time: 60 row(s)", "ISO 8601")),
        ({"time": first(pd.Timestamp("2190-01-01"), "time")}, ("time: 1 row(s)", "after now")),
        ({"known_at": pd.Timestamp("2018-01-01")}, ("known_at: 60 row(s)", "at or after its ev")),
        ({"merchant": "x"}, ("unknown column(s) merchant", "slice_<name>")),
    ],
)
def test_a_breach_names_rows_what_was_expected_and_the_remedy(changes, said):
    with pytest.raises(TableError) as refusal:
        table.check_events(frame(**changes), classes=["genuine", "fraud"])
    text = str(refusal.value)
    assert all(words in text for words in (*said, "expected:", "remedy:"))


def test_missing_columns_and_events_that_stand_twice():
    with pytest.raises(TableError, match=r"missing column\(s\) time"):
        table.check_events(frame().drop(columns="time"))
    twice = pd.concat([frame(), frame().iloc[[4]].assign(id="again")])
    with pytest.raises(TableError, match=r"time: 1 row\(s\): row 60 \(again\)"):
        table.check_events(twice)
    alike = twice.assign(category_channel=["chip"] * 60 + ["other"])
    assert len(table.check_events(alike)[0]) == 61


def test_as_of_is_the_last_day_that_may_stand_there():
    assert len(table.check_events(frame(), as_of=date(2018, 4, 3))[0]) == 60
    with pytest.raises(TableError, match=r"time: 20 row\(s\)"):
        table.check_events(frame(), as_of=date(2018, 4, 2))


def test_a_label_known_after_the_last_event_is_told():
    at = frame()["time"] + pd.Timedelta(days=1)
    late = int((at > frame()["time"].max()).sum())
    notes = table.check_events(frame(known_at=at))[1]
    assert notes == [
        f"{late} label(s) became known after the last event: none of them is trained on"
    ]


def test_the_content_hash_sees_every_cell_and_survives_the_file(tmp_path):
    known, _ = table.check_events(frame())
    whole = table.content_sha256(known)
    files.write_parquet(tmp_path / "t.parquet", known)
    assert table.content_sha256(pd.read_parquet(tmp_path / "t.parquet")) == whole
    for column in known:
        other = known.copy()
        other.loc[7, column] = other.loc[8, column]
        assert (table.content_sha256(other) == whole) == (known[column][7] == known[column][8])
    moved = known.assign(unit=known["unit"].where(known.index != 3, known["unit"][3] + "x"))
    assert table.content_sha256(moved) != whole


def test_the_membership_hash_is_that_of_the_sorted_lines():
    known, _ = table.check_events(frame())
    lines = sorted(f"{r.id},{r.unit},{r.label}\n" for r in known.itertuples())
    assert table.membership_sha256(known) == files.sha256_text("".join(lines))


@pytest.mark.slow
def test_a_million_and_three_quarters_take_seconds():
    many = event_project.events_frame(days=183, per_day=9_586, units=5_000, terminals=10_000)
    many = many.assign(id=[f"t{i:07d}" for i in range(len(many))])
    started = time.process_time()
    checked, _ = table.check_events(many, classes=["genuine", "fraud"])
    assert len(checked) == 183 * 9_586 and time.process_time() - started < 15
