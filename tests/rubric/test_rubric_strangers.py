"""Repositories that know nothing of the contract: three shapes, each with its golden report.

A golden report holds what the grader says of a shape: without paths, times and commit names. Where
a check was changed on purpose, read the difference as a mentor would, then write them anew:

    python tests/rubric/test_rubric_strangers.py
"""

import re
import sys
import tempfile
from pathlib import Path

import pytest

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
from rubric.strangers import hydra, notebooks, science

from proofolio import files
from proofolio.rubric import grade

GOLDEN = Path(__file__).parent / "strangers" / "golden"
SHAPES = {"notebooks": notebooks, "science": science, "hydra": hydra}


def report(root):
    """Return what the grader says, without what differs from machine to machine."""
    told = grade.result(grade.examine(root))
    criteria = {
        c["code"]: {
            "status": c["status"],
            "points": c["points"],
            "message": c["message"],
            "evidence": [re.sub(r"^[0-9a-f]{8} ", "", line) for line in c["evidence"]],
        }
        for c in told["criteria"]
        if c["how"] != "human"
    }
    kept = {key: told[key] for key in ("grade", "provisional", "total", "gates", "notes")}
    return {**kept, "criteria": criteria}


@pytest.fixture(scope="module", params=SHAPES)
def shape(request, tmp_path_factory):
    root = SHAPES[request.param].write(tmp_path_factory.mktemp(request.param) / "repo")
    return request.param, report(root)


def test_the_report_is_the_golden_one(shape):
    name, told = shape
    golden = files.read_json(GOLDEN / f"{name}.json")
    for code, found in told["criteria"].items():
        assert (code, found) == (code, golden["criteria"][code])
    assert told == golden


if __name__ == "__main__":
    for name, of in SHAPES.items():
        with tempfile.TemporaryDirectory() as folder:
            files.write_json(GOLDEN / f"{name}.json", report(of.write(Path(folder) / "repo")))
