"""A small finished project on the simulator, in the form of this one, for tests of serving."""

import contextlib
import io
from datetime import date
from pathlib import Path

import pytest
import yaml
from proofolio import evidence, project, scoring, stages, table
from proofolio.contract import Layout
from proofolio_torch import record

from fraud_sequences import data, demo, events, features, models

CONFIGS = {
    "rules": {"days": [1, 7], "train_days": 14, "quantile": 0.99, "risk": 0.2},
    "boosting": {
        "days": [1, 7], "train_days": 14, "trees": 25, "depth": 3, "lr": 0.3, "bins": 256,
    },
    "gru": {
        "days": [1, 7], "train_days": 14, "features": True, "k": 4, "hidden": 8, "head": 8,
        "dropout": 0.0, "epochs": 1, "batch": 256, "lr": 0.01, "weight_decay": 0.01,
    },
}  # fmt: skip
DAYS = 63  # of simulated payments: two weeks to learn from, a delay, three scored weeks


def make(root: Path, template: Path, names: tuple[str, ...] = tuple(CONFIGS)) -> Layout:
    """Write, prepare, split and train a project in `root`, with the answers of `template`."""
    told = project.load(template).model_dump()
    told["splits"] = [spec.model_dump(exclude_unset=True) for spec in project.load(template).splits]
    told["splits"][0] |= {
        "start": date(2018, 5, 5), "train_days": 14, "validation_folds": 2, "test_folds": 1,
    }  # fmt: skip
    told["ladder"] = [
        {"name": n, "rung": n, "hypothesis": "x", "config": CONFIGS[n], "seeds": [0]} for n in names
    ]
    told |= {"seeds": [0], "fixed_comparisons": [], "results": [], "references": []}
    told["decision"]["target"] = 10
    root.mkdir(parents=True)
    (root / "project.yaml").write_text(yaml.safe_dump(told, sort_keys=False), encoding="utf-8")
    (root / ".gitignore").write_text("/data/\nwork/\n", encoding="utf-8")
    demo.make(root / "data" / "raw", cards=250, terminals=120, days=DAYS, seed=3)
    layout, author = Layout(root), project.load(root)
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.setitem(scoring.score.__kwdefaults__, "resamples", 100)
        stages.prepare(root, data.table(root / "data" / "raw"))
        stages.split(root)
        stages.audit(root)
        train(layout, author, names)
    return layout


def train(layout: Layout, author: project.Project, names: tuple[str, ...]) -> None:
    """Record a run of each configuration."""
    stream = features.Stream(author, table.read(layout))
    for name in names:
        with record.recorder(layout, author, name, 0, ["python", "-m", "x"]) as run:
            for fold in record.folds(run):
                outcome = models.LADDER[name](events.Study(layout, author, stream, fold))
                fold.finish(outcome.predictions, outcome.model, outcome.runtime)


def selected(layout: Layout) -> str:
    """Choose the configuration that is best on val; return its name."""
    return evidence.select(layout, project.load(layout.root)).choice.name
