"""A small finished project for tests of cards and pages: real evidence, made without pictures."""

import atexit
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

import builders

from proofolio import evidence, files, project, splits
from proofolio.contract import Finding, Layout, ModelInfo

SKILL = {"prior": 0.0, "good": 1.5, "good_slow": 1.2}
REFERENCE = {
    "id": "paper",
    "value": 0.968,
    "metric": "auroc",
    "data": "its own test set",
    "protocol": "one opening",
    "source": "A. Author, https://example.org/a_paper",
    "comparable": "partly",
    "why": "other patients",
}


def start(root: Path, **changes: object) -> tuple[Layout, project.Project]:
    """Write a project with its table and split, but no run."""
    from proofolio import table

    builders.write_project(root, **changes)
    layout, author = Layout(root), project.load(root)
    examples = builders.example_frame(units=90)
    columns = ["id", "unit", "cluster", "label", "slice_site"]
    files.write_parquet(layout.examples, examples[columns].sort_values("id"))
    contract = {"evidence_contract": 1, "kind": "image", "project": author.name}
    files.write_json(layout.contract, contract | {"demo_data": author.demo_data})
    info = author.data.model_dump(exclude={"raw"})
    counts = {
        "n_examples": len(examples),
        "n_units": examples["unit"].nunique(),
        "n_clusters": examples["cluster"].nunique(),
        "unit": author.unit,
        "label_counts": examples["label"].value_counts().sort_index().to_dict(),
        "columns": {name: "str" for name in columns},
        "membership_sha256": table.membership_sha256(examples),
        "content_sha256": table.content_sha256(examples),
        "preprocessing_sha256": None,
    }
    files.write_json(layout.dataset, info | counts)
    splits.write(layout, splits.make(examples, author.primary_split))
    return layout, author


def train(layout: Layout, author: project.Project) -> None:
    """Record every configuration and seed of the ladder with made-up predictions and history."""
    import pandas as pd

    examples = pd.read_parquet(layout.examples)
    for experiment in author.ladder:
        for seed in experiment.seeds or author.seeds:
            with evidence.Recorder(
                layout, author, experiment.name, seed, ["python", "-m", "x"]
            ) as run:
                run.fit("weights", "train")
                for epoch in range(1, 4):
                    loss = {"train_loss": 1 / epoch, "val_loss": 0.1 + 1 / epoch}
                    value = {f"val_{author.metric.primary}": 0.9 - 0.3 / epoch}
                    run.epoch({"epoch": epoch, **loss, **value})
                made = builders.predictions(
                    run.parts, examples, skill=SKILL[experiment.name], seed=seed
                )
                run.finish(made, ModelInfo(name=experiment.name, parameters=1234), {})


def audited(layout: Layout) -> None:
    """Write findings as the audit does: one warning, one pass."""
    found = [
        Finding(
            check="shortcut",
            split="primary",
            status="warn",
            statistic=0.71,
            ci_low=0.65,
            ci_high=0.77,
            n=100,
            explanation="File statistics alone reach AUROC 0.71.",
        ),
        Finding(
            check="unit_overlap", split="primary", status="pass", statistic=0.0, explanation="No."
        ),
    ]
    files.write_json(layout.audit, {"findings": [f.model_dump() for f in found]})


def finish(root: Path, *, opened: bool, **changes: object) -> tuple[Layout, project.Project]:
    """Return a project that is trained and summarised; with `opened` chosen and evaluated too."""
    layout, author = start(root, **({"references": [REFERENCE]} | changes))
    train(layout, author)
    audited(layout)
    files.write_json(layout.references, [r.model_dump() for r in author.references])
    if opened:
        evidence.select(layout, author)
        evidence.open_test(layout, author, "final evaluation")
    evidence.summarise(layout, author)
    return layout, author


@lru_cache
def shared(*, opened: bool) -> tuple[Layout, project.Project]:
    """Return a finished project made once per process; copy its folder before changing it."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return finish(Path(folder) / "project", opened=opened)


def pages_text(index):
    """Return the text of a project's result pages, the first screen's page first."""
    from proofolio.pages.page import CHAPTERS

    names = [index.name, *(chapter.name for chapter in CHAPTERS)]
    return "\n".join((index.parent / name).read_text() for name in names)
