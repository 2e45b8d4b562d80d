"""Doubted labels: what is planted is found, by the published rule, out of fold and nowhere else."""

import folded
import numpy as np
import pytest

from proofolio import evidence, files, table
from proofolio.contract import Layout, RunError
from proofolio.evidence import label_noise, tables

CLASSES = 5


@pytest.fixture(scope="module")
def built(tmp_path_factory, few_draws):
    layout, _ = folded.folded(tmp_path_factory.mktemp("folded") / "project")
    return layout


def planted(n=600, wrong=30):
    """Return labels, probabilities about the truth, and which labels were made wrong."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, CLASSES, n)
    y, flipped = truth.copy(), rng.choice(n, wrong, replace=False)
    y[flipped] = (y[flipped] + 1) % CLASSES
    logits = rng.normal(0, 1, (n, CLASSES)) + 4 * (truth[:, None] == np.arange(CLASSES))
    return y, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), set(flipped.tolist())


def off_diagonal(y, p):
    """Northcutt et al. (2021), eq. 1-2: counted as true class j above j's mean self-confidence."""
    threshold = np.array([p[y == j, j].mean() for j in range(p.shape[1])])
    confident = np.where(p >= threshold, p, -1.0)
    counted = confident.max(axis=1) >= 0
    return set(np.flatnonzero(counted & (confident.argmax(axis=1) != y)).tolist())


def asked(layout, name="on_patients", **changes):
    run = next(run for run in evidence.runs(layout) if run.name == name)
    inputs = {"runs": [run.id], "part": "val"} | changes.pop("inputs", {})
    return tables.RECOMPUTE[label_noise.KIND](
        layout, None, inputs, {"rows": "candidates"} | changes
    )


def test_planted_labels_are_found_by_the_published_rule():
    y, p, flipped = planted()
    told = label_noise.doubted(y, p, np.arange(len(y)).astype(str))
    found = set(told.rows.tolist())
    assert found == off_diagonal(y, p)
    assert len(found & flipped) > 0.6 * len(flipped) and len(found - flipped) <= 2
    assert np.all(np.diff(p[told.rows, y[told.rows]]) >= 0)
    assert 1 - np.trace(told.joint) == pytest.approx(len(flipped) / len(y), abs=0.02)


def test_equal_doubts_stand_by_id():
    y, p, _ = planted()
    twice = np.tile(y, 2), np.tile(p, (2, 1))
    ids = np.array([f"{k:04d}" for k in range(2 * len(y))][::-1])
    rows = label_noise.doubted(*twice, ids).rows
    assert [ids[i] for i in rows[:2]] == sorted(ids[i] for i in rows[:2])


def test_candidates_are_out_of_fold_rows_beside_both_probabilities(built):
    found = asked(built)
    run = evidence.run(built, found.inputs["runs"][0])
    stored = evidence.predictions(built, run).merge(table.read_examples(built), on="id")
    stored = stored[stored["part"] == "val"].set_index("id")
    assert found.table and found.n == len(stored) and "candidates" in found.method
    for row in found.table:
        p = float(stored.loc[row["id"], "p_sick"])
        assert row["label"] == stored.loc[row["id"], "label"] != row["decided"]
        assert row["p_label"] == pytest.approx(p if row["label"] == "sick" else 1 - p)
        assert row["p_label"] + row["p_decided"] == pytest.approx(1)
    whole, *classes = asked(built, rows="classes").table
    assert whole["candidates"] == len(found.table) == sum(row["candidates"] for row in classes)
    assert whole["estimated_share"] == found.value
    assert [row["class"] for row in classes] == ["healthy", "sick"]


def test_a_reading_stands_beside_its_candidate_and_a_result_recomputes(built):
    shown = asked(built).table[0]["id"]
    found = asked(built, readings={shown: "Two dogs."})
    assert found.table[0]["reading"] == "Two dogs."
    again = evidence.recompute(built, found)
    assert evidence.differences(found, again) == []
    edited = files.plain(found.model_dump())
    edited["table"].pop(0)
    assert evidence.differences(type(found)(**edited), again)


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("good", {}, "did not see it"),
        ("on_patients", {"inputs": {"part": "test"}}, "not opened"),
        ("on_images", {}, "demonstration"),
        ("on_patients", {"rows": "all"}, "which rows"),
        ("on_patients", {"readings": {"nobody": "Nothing."}}, "readings of ids"),
    ],
)
def test_what_is_no_doubt_is_refused(built, name, changes, message):
    assert isinstance(built, Layout)
    with pytest.raises((RunError, PermissionError, ValueError), match=message):
        asked(built, name, **changes)
