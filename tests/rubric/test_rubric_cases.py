"""The three case studies: no gate, and each point that a machine gives is earned or explained."""

from pathlib import Path

import pytest

from proofolio.rubric import grade, reasons
from proofolio.rubric.history import History
from proofolio.rubric.subject import Subject
from proofolio.rubric.tree import Tree

CASES = Path(__file__).parents[2] / "case_studies"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dog_breeds", "fraud_sequences", "medical_imaging"])
def test_a_case_study_earns_every_point_or_says_why_not(name):
    """Fraud takes minutes: its predictions are half a million rows a run."""
    root = CASES / name
    history = History(root)
    if history.head is None or (history.top / ".git" / "shallow").exists():
        pytest.skip(f"needs a checkout with its whole history: {history.why or 'it is shallow'}")
    told = grade.result(grade.examine(root))
    written = reasons.written(Subject(Tree(root), history))
    short = {
        c["code"]: c["message"]
        for c in told["criteria"]
        if c["status"] in ("partial", "fail") and c["code"] not in written
    }
    assert told["gates"] == [] and short == {}
    assert told["grade"] in ("strong", "exemplary")
    met = {c["code"] for c in told["criteria"] if c["status"] == "pass"}
    assert not met & set(written), "a reason for what is met by now: take it out"
