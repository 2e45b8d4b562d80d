"""Made-up card transactions, and a finished project of kind events on them, for tests."""

import atexit
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import builders
import numpy as np
import pandas as pd
import pytest

from proofolio import evidence, files, project, scoring, stages, table
from proofolio.contract import Layout, ModelInfo
from proofolio.evidence import standing

SKILL = {"rules": 0.3, "boosting": 2.0, "boosting_slow": 1.5, "detector": 1.0}
SPLIT = {
    "name": "primary",
    "strategy": "prequential",
    "start": "2018-04-12",
    "train_days": 4,
    "delay_days": 2,
    "score_days": 3,
    "step_days": 3,
    "validation_folds": 2,
    "test_folds": 2,
    "removal_days": 3,
    "rationale": "The future is scored, once its labels would have been known.",
}


def events_frame(
    *, days: int = 21, per_day: int = 90, units: int = 200, terminals: int = 60, seed: int = 0
) -> pd.DataFrame:
    """Return `days` days of events from 2018-04-01 on, sorted; about one in ten is a fraud.

    A terminal is compromised for three days, in which half of its events are frauds of scenario 2;
    large amounts are frauds of scenario 1.
    """
    rng = np.random.default_rng(seed)
    n = days * per_day
    second = np.sort(rng.integers(0, days * 86_400, n))
    unit, unit2 = rng.integers(0, units, n), rng.integers(0, terminals, n)
    amount = np.round(rng.gamma(2.0, 30.0, n), 2)
    begins = rng.integers(-3, days, size=(terminals, 2))
    age = (second // 86_400)[:, None] - begins[unit2]
    hit = ((age >= 0) & (age < 3)).any(axis=1) & (rng.random(n) < 0.5)
    scenario = np.where(amount > 200, 1, np.where(hit, 2, 0))
    time = np.datetime64("2018-04-01", "s") + second
    return pd.DataFrame(
        {
            "id": [f"t{i:05d}" for i in range(n)],
            "unit": [f"c{u:03d}" for u in unit],
            "unit2": [f"m{u:03d}" for u in unit2],
            "time": time,
            "amount": amount,
            "label": np.where(scenario > 0, "fraud", "genuine"),
            "category_channel": rng.choice(["chip", "online"], n),
            "slice_scenario": scenario.astype(str),
        }
    )


def project_dict(**changes: Any) -> dict[str, Any]:
    """Return a valid `project.yaml` of kind events as a dict."""
    base = builders.project_dict(
        kind="events",
        unit="card",
        classes=["genuine", "fraud"],
        positive_class="fraud",
        splits=[SPLIT],
        metric={"primary": "average_precision", "target": 0.5, "reason": "Few positives."},
        decision={"rule": "budget", "target": 8, "cost_false_alarm": 2.0, "reason": "Staff."},
        ladder=[
            {"name": "rules", "rung": "rules", "hypothesis": "x", "config": {"a": 1}, "seeds": [0]},
            {"name": "boosting", "rung": "trees", "hypothesis": "x", "config": {"lr": 0.1}},
            {
                "name": "boosting_slow",
                "rung": "trees",
                "hypothesis": "A smaller step helps.",
                "parent": "boosting",
                "change": {"lr": 0.01},
            },
            {
                "name": "detector",
                "rung": "unsupervised",
                "hypothesis": "Frauds are odd.",
                "config": {"b": 1},
                "seeds": [0],
            },
        ],
    )
    return base | changes


def predictions(
    parts: pd.DataFrame, examples: pd.DataFrame, *, skill: float, seed: int, score: bool = False
) -> pd.DataFrame:
    """Return made-up `p_fraud` (or `score`) of every scored event, in its fold."""
    rng = np.random.default_rng(seed)
    rows = parts.merge(examples[["id", "label"]], on="id", validate="one_to_one")
    logit = skill * (2 * (rows["label"] == "fraud") - 1) + rng.normal(0, 1.5, len(rows)) - 1
    values = logit if score else 1 / (1 + np.exp(-logit))
    return parts.assign(**{"score" if score else "p_fraud": values.astype(np.float32)})


def prepared(root: Path, **changes: Any) -> tuple[Layout, project.Project]:
    """Write a project, prepare its table and make its split."""
    import yaml

    root.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(project_dict(**changes), sort_keys=False)
    (root / "project.yaml").write_text(text, encoding="utf-8")
    table.prepare(events_frame(), Layout(root), project.load(root), progress=False)
    stages.split(root)
    return Layout(root), project.load(root)


def train(layout: Layout, author: project.Project) -> None:
    """Record every configuration and seed of the ladder with made-up predictions."""
    examples = table.read_examples(layout)
    for experiment in author.ladder:
        for seed in experiment.seeds or author.seeds:
            argv = ["python", "-m", "x"]
            with evidence.Recorder(layout, author, experiment.name, seed, argv) as run:
                run.fit("weights", "train")
                score = experiment.name == "detector"
                made = predictions(
                    run.parts, examples, skill=SKILL[experiment.name], seed=seed, score=score
                )
                run.finish(made, ModelInfo(name=experiment.name, parameters=12), {})


def trained(root: Path, **changes: Any) -> tuple[Layout, project.Project]:
    """Return a project whose ladder is trained."""
    layout, author = prepared(root, **changes)
    train(layout, author)
    return layout, author


def finish(root: Path, *, opened: bool, **changes: Any) -> tuple[Layout, project.Project]:
    """Return a project that is trained and summarised; with `opened` chosen and evaluated too."""
    with pytest.MonkeyPatch.context() as patch:  # these are about files, not about intervals
        patch.setitem(scoring.score.__kwdefaults__, "resamples", 100)
        patch.setitem(standing.DRAWN, "resamples", 100)
        layout, author = trained(root, **changes)
        stages.audit(root)
        files.write_json(layout.references, [])
        if opened:
            evidence.select(layout, author)
            evidence.open_test(layout, author, "final evaluation")
            stages.audit(root, test=True)
        evidence.summarise(layout, author)
    return layout, author


@lru_cache
def shared(*, opened: bool) -> Path:
    """Return the root of a finished project made once per process; copy it before changing it."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    finish(Path(folder) / "project", opened=opened)
    return Path(folder) / "project"
