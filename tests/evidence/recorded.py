"""A prepared project with a split, and runs of it, for the tests of the evidence room."""

from pathlib import Path

import builders

from proofolio import evidence, files, project, splits, table
from proofolio.contract import Dataset, Layout, ModelInfo

COMMAND = ["/opt/somewhere/src/tiny/__main__.py", "train"]
SKILL = {"prior": 0.0, "good": 2.0, "good_slow": 1.0}


def prepared(root: Path, **changes) -> tuple[Layout, project.Project]:
    """Return a project whose table and splits are recorded, without runs and without git."""
    builders.write_project(root, **changes)
    layout, author = Layout(root), project.load(root)
    frame = builders.example_frame()
    columns = ["id", "unit", "cluster", "label", "slice_site"]
    files.write_parquet(layout.examples, frame[columns])
    data = Dataset(
        **author.data.model_dump(exclude={"raw"}),
        n_examples=len(frame),
        n_units=frame["unit"].nunique(),
        n_clusters=frame["cluster"].nunique(),
        unit=author.unit,
        label_counts=frame["label"].value_counts().to_dict(),
        columns={},
        membership_sha256=table.membership_sha256(frame),
        content_sha256=table.content_sha256(frame),
    )
    files.write_json(layout.dataset, data.model_dump())
    for spec in author.splits:
        splits.write(layout, splits.make(frame, spec))
    return layout, author


def predicted(layout: Layout, recorder: evidence.Recorder, skill: float):
    """Return predictions of a made-up model for a recorder's split."""
    examples = table.read_examples(layout)
    return builders.predictions(recorder.parts, examples, skill=skill, seed=recorder.seed)


def train(layout: Layout, author: project.Project, name: str, seed: int, **options):
    """Record one finished run of a made-up model."""
    with evidence.Recorder(layout, author, name, seed, COMMAND, **options) as recorder:
        recorder.fit("weights", "train")
        recorder.epoch({"epoch": 1, "train_loss": 0.5, "val_loss": 0.6, "seconds": 0.1})
        stored = predicted(layout, recorder, SKILL.get(name, 1.5))
        return recorder.finish(stored, ModelInfo(name=name), {"device": "cpu", "gpu": None})


def trained(root: Path, **changes) -> tuple[Layout, project.Project]:
    """Return a prepared project with every run of its ladder finished."""
    layout, author = prepared(root, **changes)
    for experiment in author.ladder:
        for seed in experiment.seeds or author.seeds:
            train(layout, author, experiment.name, seed)
    return layout, author
