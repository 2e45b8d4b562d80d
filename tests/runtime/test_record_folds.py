"""Folds of a cross-validation, handed to a rung one at a time and recorded as one run."""

import builders
import finished_project
import numpy as np
import pytest

from proofolio import evidence, splits, verify
from proofolio.contract import ModelInfo, RunError
from proofolio_torch import record

CROSSED = {"name": "cv", "strategy": "cross_validation", "purpose": "robustness", "folds": 3}
PRIMARY = {"name": "primary", "strategy": "patient", "rationale": "Images correlate."}
MODEL = ModelInfo(name="a line", parameters=2)


@pytest.fixture
def started(tmp_path):
    """A project with folds that keep a published test, and one configuration on each split."""
    common = {"rung": "line", "hypothesis": "It ranks.", "config": {"c": 1}, "seeds": [0]}
    layout, author = finished_project.start(
        tmp_path / "project",
        splits=[PRIMARY, CROSSED | {"holdout": "official", "rationale": "A second look."}],
        ladder=[common | {"name": "plain"}, common | {"name": "folded", "split": "cv"}],
    )
    frame = builders.example_frame(units=90)
    frame["official"] = np.where(frame["unit"].str[1:].astype(int) < 12, "test", "train")
    splits.write(layout, splits.make(frame, author.splits[1]))
    return layout, author, frame.set_index("id")


def scored(fold, label):
    """What a rung hands in of one fold: every row that is not its train, by name."""
    rows = fold.parts[fold.parts["part"].isin(["val", "calib", "test"])]
    chance = np.random.default_rng(int(rows["part"].eq("val").sum())).normal(size=len(rows))
    p = 1 / (1 + np.exp(-chance - (rows["id"].map(label) == "sick")))
    return rows[["id", "part"]].assign(p_sick=p.to_numpy())


def test_a_run_on_parts_is_handed_to_its_rung_as_it_is(started):
    layout, author, _ = started
    with record.recorder(layout, author, "plain", 0, ["x"]) as run:
        assert record.folds(run) == [run]
        stored = evidence.Recorder.finish  # nothing is put between a rung and its recorder
        assert run.finish.__func__ is stored
        run.finish(scored(run, {}), MODEL)


def test_folds_become_one_run_that_scores_every_row_out_of_fold(started):
    layout, author, frame = started
    with record.recorder(layout, author, "folded", 0, ["x"]) as run:
        folds = record.folds(run)
        for fold in folds:
            train, val = (
                set(fold.parts.loc[fold.parts["part"] == p, "id"]) for p in ("train", "val")
            )
            units = frame["unit"]
            assert train and val and not set(units[[*train]]) & set(units[[*val]])
            assert fold.seed == run.seed and fold.config == run.config and fold.work != run.work
            fold.fit("weights", "train")
            fold.finish(scored(fold, frame["label"]), MODEL)
    made = evidence.finished(layout, author, "folded", 0)
    stored = evidence.predictions(layout, made)
    val, test = (stored[stored["part"] == part] for part in ("val", "test"))
    turning = frame.index[frame["official"] == "train"]
    assert sorted(val["id"]) == sorted(turning) and set(val["fold"]) == {0, 1, 2}
    assert test.groupby("id")["fold"].nunique().eq(3).all()  # each fold's model scores the hold-out
    assert set(made.metrics) == {"val"} and made.metrics["val"]["auroc"].n == len(turning)
    assert not {p.rule for p in verify.run(layout.root).problems} & {"1", "2", "3", "5"}


def test_a_fold_that_is_left_out_or_scores_foreign_rows_is_refused(started):
    layout, author, frame = started
    with (
        pytest.raises(RunError, match="ended without predictions"),
        record.recorder(layout, author, "folded", 0, ["x"]) as run,
    ):
        record.folds(run)[0].finish(scored(record.folds(run)[0], frame["label"]), MODEL)
    with (
        pytest.raises(RunError, match="not scored"),
        record.recorder(layout, author, "folded", 0, ["x"]) as run,
    ):
        for fold in record.folds(run):
            fold.finish(scored(fold, frame["label"]).iloc[1:], MODEL)
