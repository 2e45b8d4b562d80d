"""Terminal, comment and gradebook: what stands in them."""

import csv
import io

import pytest
from rubric import made_up as graded

from proofolio.rubric import report
from proofolio.rubric.report import changes, comment, terminal

WEAK = {"SL1": "fail", "BU4": "partial", "CO3": "na", "RT3": "fail"}


@pytest.fixture
def single():
    before = graded.result(graded.project("work/birds", {"RT3": "partial"}))
    return changes.attach(graded.result(graded.project("work/birds", WEAK, ["SL1"])), before)


def rows(result):
    return list(csv.DictReader(io.StringIO(report.FORMATS["csv"](result))))


def test_the_gradebook_has_a_row_a_project_and_a_column_for_everything(single):
    (row,) = rows(single)
    assert (row["path"], row["grade"], row["provisional"]) == ("work/birds", "not yet", "yes")
    assert row["total"] == str(single["projects"][0]["total"]) and row["gates"] == "SL1"
    assert (row["section SL"], row["SL1"], row["BU4"]) == ("15", "0", "1.5")
    assert (row["CO3"], row["PD4"]) == ("na", "")
    assert len(rows(graded.random_cohort(7))) == 7


def test_projects_graded_by_other_criteria_share_the_columns():
    other = graded.project("b", {})
    other["criteria"] = [{**other["criteria"][0], "code": "XX1"}]
    first, second = rows(graded.result(graded.project("a", {}), other))
    assert (first["XX1"], second["XX1"], second["SL1"]) == ("", "4", "")


@pytest.mark.parametrize("name", ["rich", "markdown"])
def test_one_project_in_text(name, single):
    page = report.FORMATS[name](single)
    for said in ("not yet", "provisional", "Split and leakage proof", "15 / 20", "What changed",
                 "What to fix first", "RT3"):  # fmt: skip
        assert said in page
    order = [page.index(s) for s in ("Gate", "Total", "What changed", "fix first", "PD1")]
    assert order == sorted(order)


@pytest.mark.parametrize("name", ["rich", "markdown"])
def test_a_cohort_in_text(name):
    result = graded.random_cohort(12)
    page = report.FORMATS[name](result)
    assert "What the class gets wrong" in page and "leaf-disease-011" in page


def test_the_terminal_keeps_to_its_width_and_writes_no_colour_into_a_file(single):
    for width in (40, 80, 120):
        page = terminal.write(single, colour=False, width=width)
        assert "\x1b" not in page
        assert max(map(len, page.splitlines())) <= width


def test_a_comment_fits_the_forge_whatever_the_cohort():
    page = report.FORMATS["markdown"](graded.random_cohort(600))
    assert len(page) <= 65_536 and "more blocks do not fit" in page


def test_code_in_a_remedy_stays_code():
    assert comment.said("run `a_b <c>` now") == "run `a_b <c>` now"
    assert comment.said("one ` alone_") == "one \\` alone\\_"
