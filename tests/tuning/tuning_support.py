"""A made-up trainer for tuning: values follow from the settings, nothing is learnt."""

import math
from pathlib import Path
from types import SimpleNamespace

import builders
from evidence import recorded

from proofolio import project
from proofolio.contract import ModelInfo

SPACE = {
    "start": "good",
    "parameters": {
        "optim.lr": {"low": 0.001, "high": 1.0, "log": True},
        "optim.width": {"low": 1, "high": 64},
    },
    "coarse": {"trials": 6, "overrides": {"optim.epochs": 2}},
    "fine": {"trials": 4},
    "minutes": 5,
    "pruning": "none",
}
COMMAND = ["tiny/__main__.py", "tune"]


def ladder():
    """The tiny ladder, with one more key to search."""
    told = builders.project_dict()["ladder"]
    told[1]["config"]["optim"]["width"] = 8
    return told


def prepared(root: Path, **tuning):
    """Return layout and project of a tiny project whose tuning is declared."""
    return recorded.prepared(root, ladder=ladder(), tuning=SPACE | tuning)


class Trainer:
    """A rung that answers the better, the nearer the learning rate is to 0.03.

    It keeps what it was asked for in `seen`; `each(run, epoch)` is called before every epoch.
    """

    def __init__(self, layout, each=None):
        self.layout, self.each, self.seen = layout, each, []

    def __call__(self, run):
        settings = run.config["optim"]
        self.seen.append(settings)
        off = abs(math.log10(settings["lr"] / 0.03))
        run.fit("weights", "train")
        for epoch in range(1, settings["epochs"] + 1):
            if self.each is not None:
                self.each(run, epoch)
            run.epoch({"epoch": epoch, "train_loss": off, "val_loss": off,
                       "val_auroc": 1 / (1 + off), "seconds": 0.1})  # fmt: skip
        stored = recorded.predicted(self.layout, run, 1.0 - off)
        return SimpleNamespace(predictions=stored, model=ModelInfo(name="made up"), runtime={})


def with_entry(root: Path, entry: dict) -> project.Project:
    """Return the project with one more configuration at the end of its ladder."""
    builders.write_project(root, ladder=[*ladder(), entry], tuning=SPACE)
    return project.load(root)
