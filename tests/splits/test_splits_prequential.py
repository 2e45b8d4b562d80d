"""Prequential splits: the order of windows, who is left out, and the published fold facts."""

from pathlib import Path

import event_project
import numpy as np
import pandas as pd
import pytest

from proofolio import splits, table
from proofolio.contract import SplitError, StaleError
from proofolio.project import PrequentialSpec
from proofolio.splits import prequential

PUBLISHED = Path(__file__).parents[2] / "../shared/data/fraud_handbook/transactions.parquet"


def spec(**changes):
    return PrequentialSpec(**(event_project.SPLIT | changes))


def known(**changes):
    return table.check_events(event_project.events_frame().assign(**changes))[0]


@pytest.fixture(scope="module")
def made():
    return splits.make(known(), spec(), positive_class="fraud")


def test_windows_follow_each_other_and_validation_is_over_before_test(made):
    parts = made.parts
    assert list(parts["part"]) == ["train", "delay", "score"] * 4
    assert list(parts["role"]) == ["validation"] * 6 + ["test"] * 6
    newest = parts[parts["fold"] == 3].set_index("part")
    assert newest.loc["train", "start"] == "2018-04-12"
    assert (newest.loc["score", "start"], newest.loc["score", "end"]) == (
        "2018-04-18",
        "2018-04-21",
    )
    scored = parts[parts["part"] == "score"].set_index("fold")
    # every label of validation is known on the first tested day
    assert pd.Timestamp(scored.loc[1, "end"]) + pd.Timedelta(days=2) == pd.Timestamp(
        scored.loc[2, "start"]
    )


def test_counts_and_rows_follow_from_table_and_spec(made):
    events = known()
    for window in made.parts.itertuples():
        rows = events[(events["time"] >= window.start) & (events["time"] < window.end)]
        if window.part == "score":
            gone = made.removed[made.removed["fold"] == window.fold].set_index("unit")[
                "known_since"
            ]
            day = rows["time"].dt.strftime("%Y-%m-%d")
            rows = rows[day < rows["unit"].map(gone).fillna("9999")]
            own = splits.prequential.members(made.scored, made.parts, made.removed)
            assert set(own.loc[own["fold"] == window.fold, "id"]) == set(rows["id"])
        if window.part == "train":
            learnt = splits.training(events, made.parts, window.fold)
            assert set(events["id"][learnt]) == set(rows["id"])
        assert window.n_examples == len(rows)
        assert window.n_positive == (rows["label"] == "fraud").sum()
        assert window.n_units == rows["unit"].nunique()


def test_a_unit_is_left_out_by_the_day_its_fraud_is_known(made):
    """Day by day, as the Handbook tells it: frauds from the removal start to delay + 1 days ago."""
    events = known()
    fraud, day = events["label"] == "fraud", events["time"].dt.normalize()
    for fold in range(4):
        window = made.parts[(made.parts["fold"] == fold) & (made.parts["part"] == "score")].iloc[0]
        begins = pd.Timestamp(window["start"])
        for k in range(3):
            today = begins + pd.Timedelta(days=k)
            known_then = events[
                fraud
                & (day >= begins - pd.Timedelta(days=2 + 3))
                & (day <= today - pd.Timedelta(days=2 + 1))
            ]["unit"]
            own = made.removed[made.removed["fold"] == fold]
            gone = own[own["known_since"] <= f"{today:%Y-%m-%d}"]["unit"]
            assert set(gone) == set(known_then)


def test_removal_looks_back_the_same_days_whatever_the_training(made):
    longer = splits.make(known(), spec(train_days=5, start="2018-04-11", validation_folds=1),
                         positive_class="fraud")  # fmt: skip
    by_day = [
        s.removed[s.removed["fold"] == s.removed["fold"].max()].drop(columns="fold")
        for s in (made, longer)
    ]
    pd.testing.assert_frame_equal(*(f.reset_index(drop=True) for f in by_day))
    kept = splits.make(known(), spec(remove_known=False), positive_class="fraud")
    assert not len(kept.removed) and len(kept.scored) > len(made.scored)


def test_a_label_that_comes_late_is_neither_learnt_from_nor_known():
    events = known()
    late = events.assign(known_at=(events["time"] + pd.Timedelta(days=30)).astype("datetime64[s]"))
    with pytest.raises(SplitError, match="train window without one of the classes"):
        splits.make(late, spec(), positive_class="fraud")
    at = (events["time"].dt.normalize() + pd.Timedelta(days=3)).astype("datetime64[s]")
    same = splits.make(events.assign(known_at=at), spec(), positive_class="fraud")
    assert same.removed.equals(splits.make(events, spec(), positive_class="fraud").removed)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"start": "2018-04-16"}, "reach beyond the table"),
        ({"validation_folds": 4}, "reach beyond the table"),
    ],
)
def test_windows_outside_the_table_are_refused(changes, said):
    with pytest.raises(SplitError, match=said):
        splits.make(known(), spec(**changes), positive_class="fraud")
    with pytest.raises(ValueError, match="scored twice"):
        spec(step_days=1)


def test_a_written_split_reads_back_as_the_scored_rows(tmp_path):
    layout, _ = event_project.prepared(tmp_path / "project")
    parts = splits.read(layout, "primary")
    assert list(parts) == ["id", "part", "fold"] and set(parts["part"]) == {"val", "test"}
    assert set(parts["id"]) == set(table.read_examples(layout)["id"])
    assert splits.windows(layout, "primary")["n_examples"].dtype == np.int64
    before = layout.examples.read_bytes()
    events = table.read(layout)
    assert not splits.write(layout, splits.make(events, spec(), positive_class="fraud"))
    other = spec(name="shorter", purpose="robustness", validation_folds=1)
    splits.write(layout, splits.make(events, other, positive_class="fraud"))
    assert layout.examples.read_bytes() == before  # the other scores some of the same events
    path = layout.removed("primary")
    path.write_text(path.read_text().replace("c0", "c1", 1))
    with pytest.raises(StaleError, match=r"removed.csv was changed"):
        splits.read(layout, "primary")


# Measured from the published data: training rows and frauds, scored ones before and after removal,
# cards with a fraud among them, frauds by scenario; test folds from the newest on, then validation.
FACTS = """
2018-08-29 67049 594 66670 627 57604 422 316 23 310 89
2018-08-22 67080 568 67131 604 58337 408 294 43 251 114
2018-08-15 66975 626 67049 594 57937 387 286 27 265 95
2018-08-08 67240 598 67080 568 58264 385 278 20 281 84
2018-07-25 66928 633 67240 598 58505 374 278 28 241 105
2018-07-18 66954 600 66824 536 57931 351 257 40 220 91
2018-07-11 67574 611 66928 633 57800 411 277 26 261 124
2018-07-04 66864 633 66954 600 57182 416 292 29 269 118
"""


@pytest.mark.data
@pytest.mark.skipif(not PUBLISHED.is_file(), reason="needs ../shared/data")
def test_the_published_fold_facts_come_out():
    raw = pd.read_parquet(PUBLISHED)
    frame = pd.DataFrame(
        {
            "id": "t" + raw["TRANSACTION_ID"].astype(str).str.zfill(7),
            "unit": raw["CUSTOMER_ID"].astype(str),
            "unit2": raw["TERMINAL_ID"].astype(str),
            "time": raw["TX_DATETIME"],
            "amount": raw["TX_AMOUNT"],
            "label": np.where(raw["TX_FRAUD"] == 1, "fraud", "genuine"),
            "slice_scenario": raw["TX_FRAUD_SCENARIO"].astype(str),
        }
    )
    week = {f"{name}_days": 7 for name in ("train", "delay", "score", "step", "removal")}
    asked = spec(**week, start="2018-08-15", validation_folds=4, test_folds=4)
    made = splits.make(table.check_events(frame)[0], asked, positive_class="fraud")
    members = prequential.members(made.scored, made.parts, made.removed).set_index("id")["fold"]
    fold_of = made.scored["id"].map(members)
    lines = []
    for fold in reversed(range(8)):
        train, _, score = made.parts[made.parts["fold"] == fold].itertuples()
        before = [made.info.balance[f"{k}_before_removal"][f"fold_{fold}"]
                  for k in ("rows", "positives")]  # fmt: skip
        frauds = made.scored[(fold_of == fold) & (made.scored["label"] == "fraud")]
        facts = [train.n_examples, train.n_positive, *map(int, before), score.n_examples]
        facts += [score.n_positive, frauds["unit"].nunique()]
        facts += [int((frauds["slice_scenario"] == s).sum()) for s in "123"]
        lines.append(" ".join(map(str, [score.start, *facts])))
    assert lines == FACTS.strip().splitlines()
