"""Which runs are to be made: what is unfinished, what was asked for, what is made anew."""

import finished_project
import pytest

from proofolio import evidence
from proofolio.contract import ProjectError, RunError
from proofolio_torch import record


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    layout, author = finished_project.start(tmp_path_factory.mktemp("pending") / "project")
    before = record.pending(layout, author)
    finished_project.train(layout, author)
    return layout, author, before


def test_everything_is_pending_at_first_and_nothing_after(trained):
    layout, author, before = trained
    declared = [(e.name, s) for e in author.ladder for s in e.seeds or author.seeds]
    assert before == declared
    assert record.pending(layout, author) == []


def test_a_part_can_be_asked_for_anew(trained):
    layout, author, before = trained
    name, seed = before[-1]
    assert record.pending(layout, author, (name,), (seed,), again=True) == [(name, seed)]
    assert record.pending(layout, author, (name,), (seed,)) == []


def test_undeclared_names_and_seeds_are_refused(trained):
    layout, author, _ = trained
    with pytest.raises(ProjectError, match="no experiment named"):
        record.pending(layout, author, ("bset",))
    with pytest.raises(ProjectError, match="undeclared seed"):
        record.pending(layout, author, (), (99,))


def test_a_finished_run_is_recorded_anew_only_on_purpose(trained):
    layout, author, before = trained
    name, seed = before[0]
    with (
        pytest.raises(RunError, match="is finished"),
        record.recorder(layout, author, name, seed, ["x"]),
    ):
        pass
    first = evidence.finished(layout, author, name, seed)
    predictions = evidence.predictions(layout, first)
    with record.recorder(layout, author, name, seed, ["x"], again=True) as run:
        run.fit("weights", "train")
        run.finish(predictions, first.model)
    assert run.id == f"{first.id}-2"
    assert {first.id, run.id} <= {r.id for r in evidence.runs(layout)}
