"""Live features equal batch features to the last bit; memory is bounded; misuse is refused."""

import numpy as np
import pandas as pd
import pytest
from event_tables import table
from hypothesis import given, settings
from hypothesis import strategies as st

from proofolio.contract import TableError
from proofolio_torch.events.live import Live
from proofolio_torch.events.windows import DAY, Windows, features

HOUR = 3600


def replay(events: pd.DataFrame, windows: Windows, *, cut: int | None = None) -> np.ndarray:
    """Feed events and labels in the order in which a service would get them."""
    live, rows = Live(windows), []
    told: list[tuple[pd.Timestamp | None, str, str]] = []
    for i, event in enumerate(events.itertuples()):
        while told and told[0][0] <= event.time:
            known, name, label = told.pop(0)
            live.learn(name, label, None if "known_at" not in events else known)
        if i == cut:
            live = Live.restore(live.snapshot())
        rows.append(live.add(event.id, event.unit, event.time, event.amount, event.unit2))
        known = event.known_at if "known_at" in events else event.time
        if not (pd.isna(known) or pd.isna(event.label)):
            told = sorted([*told, (known, event.id, event.label)])
            if "known_at" not in events:  # the delay is up later: may be told at once
                live.learn(*told.pop()[1:])
    return np.array(rows)


@st.composite
def cases(draw):
    n = draw(st.integers(1, 40))
    gaps = draw(
        st.lists(
            st.sampled_from([0, 0, 1, 59, HOUR, DAY, 9 * DAY, 50 * DAY]), min_size=n, max_size=n
        )
    )
    time = np.datetime64("2020-02-27T22:00:00", "s") + np.cumsum(gaps)
    pick = lambda values: draw(st.lists(st.sampled_from(values), min_size=n, max_size=n))  # noqa: E731
    frame = pd.DataFrame(
        {
            "id": [f"{i:03d}" for i in range(n)],
            "unit": pick(["a", "b"]),
            "unit2": pick(["x", "y"]),
            "time": time,
            "amount": draw(
                st.lists(st.floats(0, 1e6, allow_subnormal=False), min_size=n, max_size=n)
            ),
            "label": pd.Series(pick(["fraud", "genuine", "fraud", None]), dtype=object),
        }
    )
    if draw(st.booleans()):
        wait = pick([0, 1, HOUR, DAY, 2 * DAY, 30 * DAY, None])
        wait = pd.to_timedelta(pd.Series(wait, dtype=float), unit="s")
        frame["known_at"] = (frame["time"] + wait).astype("datetime64[s]")
    lengths = st.lists(
        st.sampled_from([1, 60, HOUR, DAY, 30 * DAY, 400 * DAY]), min_size=1, unique=True
    )
    delay = draw(st.sampled_from([0, 1, HOUR, DAY, 7 * DAY]))
    windows = Windows(tuple(draw(lengths)), tuple(draw(lengths)), delay=delay, night=(22, 6))
    return frame, windows, draw(st.integers(0, n))


@settings(max_examples=300, deadline=None)
@given(cases())
def test_live_is_batch(case):
    events, windows, cut = case
    _, expected = features(events, windows)
    assert np.array_equal(replay(events, windows, cut=cut), expected)


@pytest.mark.parametrize("late", [False, True])
def test_live_is_batch_on_a_longer_table(late):
    events = table(3000, days=120, units=20, late=late)
    _, expected = features(events)
    assert np.array_equal(replay(events, Windows(), cut=1500), expected)


def test_memory_is_bounded():
    windows = Windows((HOUR,), (DAY,), delay=DAY)
    live, most = Live(windows), 0
    for i in range(5000):
        live.add(f"{i:05d}", f"c{i % 50}", i * 300, 1.0, f"m{i}")
        most = max(most, len(live))
    assert most <= windows.reach / 300 + 1
    assert len(live._seconds) <= most and sum(len(x.events) for x in live._units.values()) <= most


def test_a_snapshot_needs_no_pickle(tmp_path):
    events = table(300, days=20)
    live = Live()
    for e in events[:200].itertuples():
        live.add(e.id, e.unit, e.time, e.amount, e.unit2)
        live.learn(e.id, e.label)
    np.savez(tmp_path / "state.npz", **live.snapshot())
    with np.load(tmp_path / "state.npz", allow_pickle=False) as state:
        again = Live.restore(state)
    for e in events[200:].itertuples():
        row = (e.id, e.unit, e.time, e.amount, e.unit2)
        assert np.array_equal(live.add(*row), again.add(*row))
    assert len(Live.restore(Live().snapshot())) == 0


@pytest.fixture
def started() -> Live:
    live = Live(Windows((DAY,), (DAY,), delay=HOUR))
    live.add("b", "c", 1000, 1.0, "m")
    return live


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (("a", "c", 1000, 1.0, "m"), "out of order"),
        (("c", "c", 999, 1.0, "m"), "out of order"),
        (("b", "c", 1001, 1.0, "m"), "added before"),
        (("c", "", 1001, 1.0, "m"), "lacks an entity"),
        (("c", "c", 1001, 1.0, None), "lacks an entity"),
        (("c", "c", 1001, -1.0, "m"), "amount"),
        (("c", "c", 1001, float("nan"), "m"), "amount"),
        (("c", "c", "soon", 1.0, "m"), "time"),
        (("c", "c", float("nan"), 1.0, "m"), "time"),
        (("c", "c", np.datetime64("2020-01-01T00:00:00.5"), 1.0, "m"), "time"),
    ],
)
def test_a_wrong_event_is_refused_and_changes_nothing(started, event, words):
    with pytest.raises(TableError, match=words) as refusal:
        started.add(*event)
    assert all(f"{part}:" in str(refusal.value) for part in ("expected", "received", "remedy"))
    assert len(started) == 1
    assert started.add("c", "c", 1000, 3.0, "m")[3] == 2.0  # still two events, mean of 1 and 3


def test_a_label_that_comes_too_late_is_refused(started):
    started.add("c", "c", 1000 + HOUR, 1.0, "m")
    with pytest.raises(TableError, match="too late"):
        started.learn("b", "fraud")
    assert started.learn("b", "fraud", 1001 + HOUR)
    with pytest.raises(TableError, match="second label"):
        started.learn("b", "fraud", 1001 + HOUR)
    assert started.add("d", "c", 1001 + HOUR, 1.0, "m")[-1] == 1.0


def test_a_label_cannot_be_known_before_its_event(started):
    with pytest.raises(TableError, match="known before"):
        started.learn("b", "fraud", 999)


def test_a_label_of_a_forgotten_event_changes_nothing(started):
    started.add("z", "c", 1000 + 30 * DAY, 1.0, "m")
    assert not started.learn("b", "fraud", 1000 + 30 * DAY)


def test_in_the_order_of_arrival_ties_need_no_sorted_ids():
    events = table(800, days=20)
    _, expected = features(events)
    names = {name: f"{i % 7}{name}" for i, name in enumerate(events["id"])}
    live, rows = Live(Windows(), arrival=True), []
    for i, e in enumerate(events.itertuples()):
        if i == 400:
            live = Live.restore(live.snapshot())
        rows.append(live.add(names[e.id], e.unit, e.time, e.amount, e.unit2))
        live.learn(names[e.id], e.label)
    assert np.array_equal(np.array(rows), expected)
    with pytest.raises(TableError, match="out of order"):
        live.add("late", "c1", live.now - 1, 1.0, "m1")


def test_a_check_changes_nothing(started):
    assert started.check("c", "c", 1001, 1.0, "m") == 1001
    with pytest.raises(TableError, match="out of order"):
        started.check("a", "c", 1000, 1.0, "m")
    assert (len(started), started.now) == (1, 1000)
