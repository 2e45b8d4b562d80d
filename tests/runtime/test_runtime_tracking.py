"""Epochs in a tracker: only where it is asked for, and the training is the same without."""

import sys

import pytest
from accelerate.tracking import GeneralTracker
from runtime_support import job

from proofolio.contract import ProjectError
from proofolio_torch import loop, tracking


class Fake(GeneralTracker):
    """A tracker that keeps what it is told."""

    name, requires_logging_directory, main_process_only = "fake", False, True

    def __init__(self):
        super().__init__()
        self.config, self.rows, self.finished = None, [], 0

    @property
    def tracker(self):
        return self

    def store_init_configuration(self, values):
        self.config = values

    def log(self, values, step=None, **_):
        self.rows.append((step, values))

    def finish(self):
        self.finished += 1


@pytest.fixture
def unset(monkeypatch):
    monkeypatch.delenv(tracking.VARIABLE, raising=False)


def test_epochs_reach_the_tracker_and_change_nothing(images, pictures, tmp_path, unset):
    quiet = loop.fit(**job(images, pictures[1], tmp_path / "quiet"))
    fake, config = Fake(), {"optim": {"lr": 0.01}, "sizes": [], "note": None}
    with tracking.showing(fake, "tiny", "run-s0-1", config):
        shown = loop.fit(**job(images, pictures[1], tmp_path / "run-s0-1"))
    assert [step for step, _ in fake.rows] == [1, 2, 3] and fake.finished == 1
    assert fake.config == {"optim.lr": 0.01, "sizes": "[]", "note": "None"}
    told = [{"epoch": step} | row for step, row in fake.rows]
    assert told == shown.history
    drop = [{k: v for k, v in row.items() if k != "seconds"} for row in shown.history]
    assert drop == [{k: v for k, v in row.items() if k != "seconds"} for row in quiet.history]


def test_a_resumed_training_shows_only_its_new_epochs(images, pictures, tmp_path, unset):
    fake = Fake()
    with tracking.showing(fake, "tiny", "tiny", {}):
        loop.fit(**job(images, pictures[1], tmp_path), stop_after_steps=4)
        assert [step for step, _ in fake.rows] == [1]
        loop.fit(**job(images, pictures[1], tmp_path))
    assert [step for step, _ in fake.rows] == [1, 2, 3] and fake.finished == 2


def test_nothing_is_asked_for_by_itself(unset):
    assert tracking.wanted(None) is None and tracking.asked() is None
    assert "trackio" not in sys.modules


def test_the_environment_wins(monkeypatch):
    monkeypatch.setattr(tracking.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setenv(tracking.VARIABLE, "none")
    assert tracking.wanted("trackio") is None
    monkeypatch.setenv(tracking.VARIABLE, "trackio")
    assert tracking.wanted(None) == "trackio"


def test_a_tracker_that_is_unknown_or_not_there_is_refused(monkeypatch):
    monkeypatch.setenv(tracking.VARIABLE, "wandb")
    with pytest.raises(ProjectError, match="no such tracker"):
        tracking.wanted(None)
    monkeypatch.delenv(tracking.VARIABLE)
    monkeypatch.setattr(tracking.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ProjectError, match=r"\[tracking\]"):
        tracking.wanted("trackio")
