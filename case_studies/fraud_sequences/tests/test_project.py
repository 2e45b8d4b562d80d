"""Tests of your own code: start with what data.py promises. Yours to change."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from proofolio import project as projects
from proofolio.contract import LeakageError, TableError
from proofolio.table import check_events
from proofolio_torch.events.leaks import assert_no_future

from fraud_sequences import data, demo, events

AUTHOR = projects.load(Path(__file__).parents[1])
DELAY = AUTHOR.primary_split.delay_days
KNOWN = {"delay": DELAY, "positive": AUTHOR.positive_class}


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    demo.make(folder, cards=30, terminals=10, days=40)
    return folder


@pytest.fixture(scope="module")
def table(raw):
    return check_events(data.table(raw), classes=AUTHOR.classes)[0]


def test_table_has_one_row_per_event(raw, table):
    lines = (raw / demo.FILE).read_text(encoding="utf-8").splitlines()
    assert len(table) == len(lines) - 1 > 1000
    assert table["id"].is_unique and set(table["label"]) == set(AUTHOR.classes)


def test_parquet_is_read_like_csv(raw, table, tmp_path):
    pd.read_csv(raw / demo.FILE, parse_dates=["time"]).to_parquet(tmp_path / "events.parquet")
    same = check_events(data.table(tmp_path), classes=AUTHOR.classes)[0]
    pd.testing.assert_frame_equal(same, table)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("terminal,", "shop,", "lacks columns"),
        ("\nt0000003,", "\nt0000002,", "unique"),
        (",0,none\n", ",7,none\n", "label that is not known"),
        ("amount", "x\ny", "lacks columns"),
    ],
)
def test_a_file_that_is_not_fit_is_refused(raw, tmp_path, old, new, says):
    text = (raw / demo.FILE).read_text(encoding="utf-8").replace(old, new, 1)
    (tmp_path / "events.csv").write_text(text, encoding="utf-8")
    with pytest.raises(TableError, match=says):
        check_events(data.table(tmp_path), classes=AUTHOR.classes)


def test_demo_data_is_the_same_everywhere(raw, tmp_path):
    demo.make(tmp_path, cards=30, terminals=10, days=40)
    assert (raw / demo.FILE).read_bytes() == (tmp_path / demo.FILE).read_bytes()


def test_features_see_no_future(table):
    assert_no_future(partial(events.features, days=[1, 7, 30], **KNOWN), table, delay=DELAY * 86400)


def next_amount(frame):
    return frame["amount"].shift(-1, fill_value=0)


def share_of_all_time(frame):
    return (frame["label"] == AUTHOR.positive_class).groupby(frame["unit2"]).transform("mean")


@pytest.mark.parametrize("leak", [next_amount, share_of_all_time])
def test_a_feature_from_the_future_is_caught(table, leak):
    def features(frame):
        names, values = events.features(frame, days=[1], **KNOWN)
        return pd.DataFrame(values, columns=names).assign(leak=leak(frame).to_numpy())

    with pytest.raises(LeakageError, match="leak"):
        assert_no_future(features, table, delay=DELAY * 86400)


def test_a_risk_without_delay_is_caught(table):
    early = partial(events.features, days=[1, 7], **KNOWN | {"delay": 0})
    with pytest.raises(LeakageError, match="risk"):
        assert_no_future(early, table, delay=DELAY * 86400)


def test_histories_hold_the_past_of_one_unit(table):
    histories = events.Stream(AUTHOR, table).histories(4, [1])
    batch = histories.batch(np.arange(len(table)))
    assert (batch.length == np.minimum(table.groupby("unit").cumcount() + 1, 4)).all()
