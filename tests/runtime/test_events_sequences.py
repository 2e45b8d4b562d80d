"""Histories and sequences: equal to a slow reference, blind to the future, strict on tables."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from events_support import K, job, own, table
from hypothesis import given, settings
from hypothesis import strategies as st

from proofolio.contract import RunError, StaleError, TableError
from proofolio_torch import data, loop, predict
from proofolio_torch.events import sequences
from proofolio_torch.events.sequences import Histories, Scale, Sequences


def slow(events, k, row, entity="unit"):
    """One event's history from the definition: loop over the table, row by row."""
    seen, before = [], None
    for i in range(row + 1):
        event = events.iloc[i]
        if event[entity] != events[entity].iloc[row]:
            continue
        at = event["time"]
        second = at.hour * 3600 + at.minute * 60 + at.second
        hour, weekday = 2 * np.pi * second / 86400, 2 * np.pi * at.day_of_week / 7
        gap = 0.0 if before is None else (at - before).total_seconds()
        seen.append(
            [np.log1p(gap), before is None, event["amount"], np.log1p(event["amount"]),
             np.sin(hour), np.cos(hour), np.sin(weekday), np.cos(weekday)]
        )  # fmt: skip
        before = at
    seen = np.array(seen[-k:], float)
    return np.vstack([seen, np.zeros((k - len(seen), seen.shape[1]))]), len(seen)


@settings(max_examples=40, deadline=None)
@given(
    moments=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), min_size=1, max_size=25),
    k=st.integers(1, 6),
    entity=st.sampled_from(["unit", "unit2"]),
)
def test_histories_equal_the_definition(moments, k, entity):
    time = np.sort([t for t, _ in moments]) * 40_000 + 1_530_000_000
    events = pd.DataFrame(
        {
            "id": [f"e{i:02d}" for i in range(len(moments))],
            "unit": [f"c{u}" for _, u in moments],
            "unit2": [f"m{(u * 7 + i) % 3}" for i, (_, u) in enumerate(moments)],
            "time": pd.to_datetime(time, unit="s"),
            "amount": np.arange(len(moments)) * 1.5,
        }
    )
    rows = np.random.default_rng(0).permutation(len(events))
    batch = Histories(events, k, entity=entity).batch(rows)
    for i, row in enumerate(rows):
        steps, length = slow(events, k, row, entity)
        assert batch.length[i] == length
        np.testing.assert_allclose(batch.steps[i], steps, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(batch.mask.sum(1), batch.length)


def test_what_happens_later_changes_no_history():
    events, row = table(), 35
    later = events.copy()
    later.loc[row + 1 :, "amount"] += 1000
    later.loc[row + 1 :, "unit"] = events["unit"].iloc[row]
    later.loc[row + 1 :, "time"] += pd.Timedelta(days=1)
    rows = np.arange(row + 1)
    full = Histories(events, K).batch(rows)
    for other in (later, events.iloc[: row + 1]):
        for found, expected in zip(Histories(other, K).batch(rows), full, strict=True):
            np.testing.assert_array_equal(found, expected)


def test_labels_never_enter():
    events = table()
    shuffled = events.assign(label=events["label"].to_numpy()[::-1])
    a, b = Histories(events, K), Histories(shuffled, K)
    assert a.key == b.key
    np.testing.assert_array_equal(a.batch(np.arange(60)).steps, b.batch(np.arange(60)).steps)


def test_the_history_reaches_back_before_the_rows_chosen():
    events = table()
    histories = Histories(events, K)
    chosen = Sequences(histories, events["id"][50:])
    _, batch, _ = chosen.__getitems__([0])
    assert batch.length[0] > 1


def test_ties_see_what_stands_before_them():
    events = table(4, units=1).assign(time=pd.Timestamp("2018-07-01"))
    batch = Histories(events, 9).batch(np.arange(4))
    assert batch.length.tolist() == [1, 2, 3, 4]
    assert (batch.steps[3, 1:4, 0] == 0).all()  # no time has passed


def planted(events, fault):
    """Break a table in one way."""
    events = events.copy()
    if fault == "order":
        return events.iloc[::-1]
    if fault == "tie":
        events["time"] = events["time"].iloc[0]
        events.loc[[3, 4], "id"] = events["id"].iloc[[4, 3]].to_numpy()
    if fault == "twice":
        events.loc[1, ["id", "time"]] = events.loc[0, ["id", "time"]].to_numpy()
    if fault in ("time", "unit"):
        events.loc[5, fault] = None
    if fault in ("nan", "negative", "infinite"):
        events.loc[5, "amount"] = {"nan": np.nan, "negative": -1.0, "infinite": np.inf}[fault]
    if fault == "column":
        events = events.drop(columns="unit")
    return events.iloc[:0] if fault == "empty" else events


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("order", "not in order"), ("tie", "not in order"), ("twice", "not in order"),
        ("time", "missing"), ("unit", "missing"), ("nan", "amount"), ("negative", "amount"),
        ("infinite", "amount"), ("column", "unit"), ("empty", "nothing to make"),
    ],
)  # fmt: skip
def test_tables_that_are_not_fit_are_refused(fault, message):
    with pytest.raises(TableError, match=message):
        Histories(planted(table(), fault), K)


def test_wrong_arguments_are_refused():
    events = table()
    with pytest.raises(TableError, match="k=0"):
        Histories(events, 0)
    for wrong in (own(events)[:-1], np.full((60, 2), np.nan), np.ones(60)):
        with pytest.raises(TableError, match="own features"):
            Histories(events, K, own=wrong)
    histories = Histories(events, K, own=own(events))
    with pytest.raises(TableError, match="1 ids are not in the table"):
        Sequences(histories, ["t00001", "elsewhere"])
    with pytest.raises(TableError, match="labels do not fit"):
        Sequences(histories, events["id"], [0.5] * 60)
    scale = Scale.of(histories, np.arange(60))
    batch = Histories(events, K).batch(np.arange(3))
    with pytest.raises(TableError, match="differ in columns"):
        scale(sequences.Batch(*map(torch.from_numpy, batch)))


def test_a_table_without_amounts_has_one_column_less():
    events = table()
    assert "amount" not in Histories(events.drop(columns="amount"), K).names
    assert "amount" in Histories(events, K).names


def test_the_scale_is_that_of_the_rows_given():
    events = table()
    histories = Histories(events, K, own=own(events))
    rows = np.arange(10, 40)
    scale = Scale.of(histories, rows)
    batch = scale(sequences.Batch(*map(torch.from_numpy, histories.batch(rows))))
    last = batch.steps[torch.arange(30), batch.length - 1]
    place = histories.names.index("amount")
    np.testing.assert_allclose(last[:, place].mean(), 0, atol=1e-5)
    np.testing.assert_allclose(last[:, place].std(correction=0), 1, atol=1e-5)
    np.testing.assert_allclose(batch.own.mean(0), 0, atol=1e-5)
    assert scale.std[histories.names.index("first")] == 1
    capped = Scale(scale.mean, scale.std, scale.own_mean, scale.own_std, limit=0.5)
    assert capped(sequences.Batch(*map(torch.from_numpy, histories.batch(rows)))).own.max() == 0.5


def test_batches_are_whole_and_in_the_order_asked(tmp_path):
    part = job(tmp_path)["train"]
    batches = data.EpochBatches(len(part), 8, 8, 3)
    for rows, inputs, codes in data.loader(part, batches=batches):
        np.testing.assert_array_equal(codes, part.labels[rows])
        np.testing.assert_array_equal(inputs.own, part.histories.own[part.rows[rows]])


def rows_of(outcome):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in outcome.history]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    arguments = job(tmp_path_factory.mktemp("whole"))
    return loop.fit(**arguments), {k: v.clone() for k, v in arguments["model"].state_dict().items()}


def test_a_stopped_training_resumes_to_the_same_weights(whole, tmp_path):
    first = loop.fit(**job(tmp_path), stop_after_steps=7)
    assert not first.finished
    torch.manual_seed(999)
    resumed = job(tmp_path)
    outcome = loop.fit(**resumed)
    assert rows_of(outcome) == rows_of(whole[0])
    assert all(torch.equal(v, whole[1][k]) for k, v in resumed["model"].state_dict().items())


def test_a_killed_process_resumes_to_the_same_metrics(whole, tmp_path):
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "import proofolio_torch, torch; torch.set_num_threads(1)\n"
        "from events_support import job\nfrom proofolio_torch import loop\n"
        "kill = lambda steps: steps == 7 and os._exit(9)\n"
        "loop.fit(**job(sys.argv[2], on_step=kill, checkpoint_seconds=0))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, os.path.dirname(__file__), tmp_path],  # noqa: PTH120
        env=os.environ | {"OMP_NUM_THREADS": "1"}, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 9, done.stderr
    assert rows_of(loop.fit(**job(tmp_path))) == rows_of(whole[0])


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
def test_worker_processes_change_nothing(whole, tmp_path):
    assert rows_of(loop.fit(**job(tmp_path, workers=2))) == rows_of(whole[0])


def test_sequences_are_made_in_the_training_process(whole):
    assert whole[0].runtime["workers"] == 0
    assert not whole[0].runtime["compiled"]


def test_another_table_behind_the_same_ids_is_another_training(tmp_path):
    loop.fit(**job(tmp_path), stop_after_steps=2)
    events = table()
    events.loc[0, "amount"] += 1
    other = Histories(events, K, own=own(table()))
    arguments = job(tmp_path)
    part = arguments["train"]
    with pytest.raises(StaleError):
        loop.fit(**arguments | {"train": Sequences(other, part.ids, part.labels)})


def test_sequences_without_labels_are_scored_but_not_trained_on(tmp_path):
    arguments = job(tmp_path)
    part = Sequences(arguments["train"].histories, table()["id"][::-1])
    with pytest.raises(RunError, match="train needs labelled"):
        loop.fit(**arguments | {"train": part})
    options = {"runtime": arguments["runtime"], "normalise": arguments["normalise"]}
    p = predict.probabilities(arguments["model"], part, **options)
    q = predict.probabilities(arguments["model"], part, **options, batch=7)
    assert p.shape == (60, 2)
    np.testing.assert_allclose(p, q, atol=1e-6)


def test_sequences_need_no_image_library():
    code = (
        "import sys\n"
        "for name in ('cv2', 'timm', 'torchvision', 'albumentations', 'PIL'):\n"
        "    sys.modules[name] = None\n"
        "from proofolio_torch import data, device, loop, predict\n"
        "from proofolio_torch.events import networks, sequences\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
