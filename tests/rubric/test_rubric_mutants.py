"""The grader is graded: each planted fault turns its criterion red, and what follows by a rule."""

import pytest
from rubric import graded, mutants, projects
from rubric.faults import FAULTS, RULES

from proofolio.rubric import answers, grade
from proofolio.rubric.criteria import rubric

SLOW = ("medical_imaging",)


def _planted(fault):
    marks = [pytest.mark.slow] if fault.project in SLOW else []
    return pytest.param(fault, id=fault.id, marks=marks)


@pytest.fixture(scope="session")
def grader(tmp_path_factory):
    """Lays, plants and grades; what is made once is kept for the session."""
    return mutants.Grader(tmp_path_factory.mktemp("mutants"))


@pytest.mark.parametrize("fault", [_planted(fault) for fault in FAULTS])
def test_a_planted_fault_turns_its_criterion_red(fault, grader):
    if why := projects.why_not(fault.project):
        pytest.skip(why)
    found = grader.see(fault)
    wanted = mutants.expected(fault)
    assert set(found.red) == set(wanted.red)
    assert found.red[fault.code] == fault.status
    assert wanted.gates <= found.gates <= wanted.gates | fault.following


def test_every_criterion_that_no_person_judges_has_a_fault():
    asked = {c.code for c in rubric().criteria if c.how != "human"}
    assert {fault.code for fault in FAULTS} == asked
    assert {c.code for c in rubric().criteria if c.gate} <= {f.code for f in FAULTS if f.gate}


def test_every_rule_of_what_follows_is_used_and_says_why():
    assert {name for fault in FAULTS for name in fault.follows} == set(RULES)
    assert all(len(why) > 60 for _, why in RULES.values())


def test_the_published_table_is_what_the_tests_see():
    """The tests above hold that what is expected is what is seen, so the page rests on the same."""
    remedy = "write it anew: cd tests && python -m rubric.mutants"
    made = mutants.page({fault: mutants.expected(fault) for fault in FAULTS})
    assert mutants.PAGE.read_text(encoding="utf-8") == made, remedy


def test_a_fault_that_turns_another_criterion_red_is_seen():
    fault = FAULTS[0]
    wanted = mutants.expected(fault)
    assert mutants.agrees(fault, wanted)
    other = mutants.Seen(wanted.red | {"TO1": "fail"}, wanted.gates)
    assert not mutants.agrees(fault, other)
    assert not mutants.agrees(fault, mutants.Seen({}, frozenset()))
    assert not mutants.agrees(fault, mutants.Seen(wanted.red, frozenset({"BU2"})))


def test_an_events_project_earns_every_automatic_point(grader):
    assert grader.whole("events") == mutants.Seen({}, frozenset())


@pytest.mark.parametrize("left", sorted(graded.CODES_OF_HUMANS))
def test_one_unanswered_human_criterion_leaves_the_grade_provisional(left, whole):
    found = grade.examine(whole)

    def answered(codes):
        levels = {code: {"level": 3} for code in codes}
        told = answers.Answers.model_validate(
            {"schema": 1, "grader": "A. Mentor", "projects": {str(whole): levels}}
        )
        return grade.result(found, [told])

    open_ = answered(graded.CODES_OF_HUMANS - {left})
    assert open_["provisional"]
    assert [c["code"] for c in open_["criteria"] if c["status"] == "human"] == [left]
    assert not answered(graded.CODES_OF_HUMANS)["provisional"]
