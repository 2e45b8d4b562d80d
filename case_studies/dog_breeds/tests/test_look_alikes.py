"""Breeds taken for each other, doubted labels, nearest training pictures: what is asked, kept."""

import itertools

import numpy as np
import pytest
from PIL import Image
from proofolio import evidence, table
from proofolio import project as projects
from proofolio.contract import Layout, ProjectError
from proofolio.evidence.confused import BETWEEN
from test_contract import ROOT

from dog_breeds import backbone, breeds, neighbours, pairs

AUTHOR = projects.load(ROOT)
LAYOUT = Layout(ROOT)
LEADING = "frozen_lite2-s1-e9526892"


def asked(kind):
    return {r.name: r for r in AUTHOR.results if r.kind == kind}


def test_what_a_judge_looks_at_names_pairs_of_breeds_once():
    told = [r.parameters["notes"] for r in asked("confused_pairs").values()]
    assert told and all(notes == told[0] for notes in told)
    named = [frozenset(pair.split(BETWEEN)) for pair in told[0]]
    assert len(set(named)) == len(named)
    assert set(named) <= {frozenset(p) for p in itertools.combinations(breeds.FCI, 2)}
    assert all(text.strip().endswith(".") and len(text) < 200 for text in told[0].values())


def test_labels_are_doubted_out_of_fold_and_the_official_test_stays_apart():
    for result in asked("label_noise").values():
        experiment = AUTHOR.experiment(result.config)
        (split,) = [s for s in AUTHOR.splits if s.name == experiment.split]
        assert (split.strategy, split.holdout) == ("cross_validation", "official")
        assert split.purpose == "robustness" and split.classes == [*breeds.FCI]
        assert result.part == "val" and AUTHOR.primary_split.name != split.name


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The recorded leading run in a folder of its own, with made-up features and pictures."""
    for name in ("project.yaml", "evidence"):
        (tmp_path / name).symlink_to(ROOT / name)
    examples = table.read_examples(LAYOUT)
    rng = np.random.default_rng(0)
    made = dict(zip(examples["id"], rng.normal(size=(len(examples), 6)), strict=True))

    class Made:
        def rows(self, ids):
            return np.stack([made[name] for name in ids])

    class Runtime:
        def as_dict(self):
            return {}

    (tmp_path / "data" / "raw" / "images").mkdir(parents=True)
    (tmp_path / "data" / "table.parquet").write_bytes(b"")
    monkeypatch.setattr(table, "read", lambda layout: examples)
    monkeypatch.setattr(backbone, "features", lambda study: (Made(), None, Runtime()))
    kept = {}
    monkeypatch.setattr(
        evidence.results, "write", lambda _, name, result: kept.update({name: result})
    )
    return tmp_path, kept


@pytest.mark.skipif(not LAYOUT.run(LEADING).is_dir(), reason="the run is not recorded")
def test_neighbours_of_val_are_told_and_labels_of_test_stay_sealed(project, monkeypatch):
    root, kept = project
    monkeypatch.setattr(neighbours, "_opened", lambda layout, run: False)
    neighbours.record(root, "python -m dog_breeds neighbours", LEADING, k=5)
    shown, spread = kept["neighbours_val"], kept["neighbour_similarity_val"]
    assert len(shown.table) == 5 and {row["same_class"] for row in shown.table} <= {"yes", "no"}
    sure = [row["probability"] for row in shown.table]
    assert sure == sorted(sure, reverse=True)
    by_part = {row["part"]: row for row in spread.table}
    assert by_part["test"]["same_class"] is None and by_part["val"]["same_class"] is not None
    test = evidence.predictions(LAYOUT, evidence.run(LAYOUT, LEADING)).query("part == 'test'")
    assert not {row["id"] for row in shown.table} & set(test["id"])
    assert shown.how and shown.hardware


@pytest.mark.skipif(not LAYOUT.runs.is_dir(), reason="no run is recorded")
def test_a_run_without_backbone_has_no_neighbours(project):
    run = next(run for run in evidence.runs(LAYOUT) if run.name == "prior")
    with pytest.raises(ProjectError, match="no backbone"):
        neighbours.record(project[0], "", run.id)


def test_a_line_stands_misjudged_pictures_between_typical_ones(tmp_path):
    import pandas as pd

    (tmp_path / "project.yaml").symlink_to(ROOT / "project.yaml")
    folder = tmp_path / AUTHOR.data.raw / "images"
    folder.mkdir(parents=True)
    rows = [
        ("beagle_1", "beagle", "basset_hound", 0.9),
        ("basset_hound_1", "basset_hound", "beagle", 0.6),
        ("beagle_2", "beagle", "beagle", 0.99),
        ("beagle_3", "beagle", "beagle", 0.5),
        ("beagle_4", "beagle", "pug", 0.95),
        ("basset_hound_2", "basset_hound", "basset_hound", 0.8),
    ]
    frame = pd.DataFrame(rows, columns=["id", "label", "decided", "probability"])
    for name in frame["id"]:
        Image.fromarray(np.full((8, 8, 3), 90, np.uint8)).save(folder / f"{name}.jpg")
    line = pairs._line(tmp_path, "basset_hound / beagle", frame, frame)
    titles = [None if place is None else place[1].splitlines()[0] for place in line]
    assert titles == ["typical", None, "beagle_1", "basset_hound_1", None, "typical", "typical"]
    assert line[2][1].endswith("said: basset_hound") and line[0][0].shape == (8, 8, 3)
