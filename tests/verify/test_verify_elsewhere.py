"""Planted faults about comparisons of another split in a selection."""

import shutil

import pytest
from evidence import recorded, test_evidence_elsewhere
from verify.proven import edit_json, few_resamples, table_record

from proofolio import evidence, verify
from proofolio.contract import Layout


@pytest.fixture(scope="module")
def sound_elsewhere(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        few_resamples(patch)
        root = tmp_path_factory.mktemp("elsewhere") / "tiny"
        layout, author = recorded.trained(root, **test_evidence_elsewhere.told())
        table_record(layout)
        (root / ".gitignore").write_text("work/\ndata/\n")
        evidence.select(layout, author)
        evidence.open_test(layout, author, "final evaluation")
        evidence.summarise(layout, author)
        return root


def faults(root, change, tmp_path):
    copy = shutil.copytree(root, tmp_path / "tiny", symlinks=True)
    edit_json(Layout(copy).selection, change)
    return " | ".join(p.what for p in verify.run(copy).problems)


def candidate(value):
    return next(c for c in value["candidates"] if c["name"] == "elsewhere")


def test_a_sound_comparison_has_no_problem(sound_elsewhere):
    assert verify.run(sound_elsewhere).problems == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: candidate(v).pop("split"), "another split than it says"),
        (lambda v: candidate(v).update(split="primary"), "no comparison of a robustness split"),
        (lambda v: v["fixed_comparisons"].remove("elsewhere"), "is no fixed comparison"),
        (lambda v: v["choice"].update(ties=["elsewhere"]), "cannot be chosen"),
        (lambda v: candidate(v).update(value=0.999), "its runs give"),
    ],
)
def test_planted_faults_are_seen(sound_elsewhere, tmp_path, change, message):
    assert message in faults(sound_elsewhere, change, tmp_path)
