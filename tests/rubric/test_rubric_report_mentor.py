"""What mentors hold in hand: answers, the criteria page, the sheet; all current."""

import shutil
from pathlib import Path

import jsonschema
import pytest
import yaml
from rubric.tags import tags

from proofolio import files
from proofolio.contract import ProjectError
from proofolio.rubric import answers, report
from proofolio.rubric.criteria import rubric
from proofolio.rubric.report import guide, sheet, site, sources, view

DOCS = Path(__file__).parents[2] / "docs" / "rubric"
AWKWARD = ["cohort/bird calls", 'quote"s: #x', "line\nbreak", "yes", "- item", "漢字"]
GOOD = """
schema: 1
grader: Ann
projects:
  cohort/birds:
    PD4: {level: 2, note: Names a user.}
    EL5: {level: , note: }
"""


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_the_template_is_read_back_empty_for_any_name(tmp_path):
    path = write(tmp_path / "a.yaml", answers.template(AWKWARD, "Ann: the first"))
    found = answers.read(path)
    assert found.grader == "Ann: the first" and list(found.projects) == AWKWARD
    for project in AWKWARD:
        assert list(found.projects[project]) == [c.code for c in answers.questions()]
        assert found.of(project) == {} and found.entry(project) is None


def test_the_template_asks_with_question_evidence_and_levels():
    flat = " ".join(answers.template(["a"]).replace("#", " ").split())
    for criterion in answers.questions():
        for said in (criterion.title, criterion.question, criterion.evidence, *criterion.levels):
            assert " ".join(said.split()) in flat
    lines = answers.template(["a"]).splitlines()
    assert max(map(len, lines)) <= 100


def test_answers_are_found_by_path_name_or_last_part(tmp_path):
    found = answers.read(write(tmp_path / "a.yaml", GOOD))
    assert found.entry("cohort/birds") == {
        "grader": "Ann", "levels": {"PD4": 2}, "notes": {"PD4": "Names a user."},
    }  # fmt: skip
    assert found.of("elsewhere", "cohort/birds") and not found.of("elsewhere/birds")
    short = answers.read(write(tmp_path / "b.yaml", GOOD.replace("cohort/birds", "birds")))
    assert short.of("elsewhere/birds")["PD4"].level == 2
    for path in ("/srv/cohort/birds", "./cohort/birds/", "cohort/birds"):
        assert found.of(path) and short.of(path)
    assert not short.of("elsewhere/seabirds") and not found.of("birds")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("level: 2", "level: 4", "PD4.level"),
        ("level: 2", "level: -1", "PD4.level"),
        ("level: 2", "level: true", "PD4.level"),
        ("level: 2", "level: 2.0", "PD4.level"),
        ("level: 2", "level: two", "PD4.level"),
        ("level: 2", "level: 2, mark: 3", "PD4.mark"),
        ("note: Names a user.", "note: 3", "PD4.note"),
        ("EL5", "EL7", "EL7 \\(meant EL5\\?\\)"),
        ("EL5", "SL1", "SL1"),
        ("EL5", "PD4", "PD4 more than once"),
        ("schema: 1", "schema: 2", "schema"),
        ("grader: Ann", "grader: ''", "grader"),
        ("grader: Ann\n", "", "grader"),
        ("projects:\n", "projects: [\n", "not valid YAML"),
        ("grader: Ann", "grader: Ann\nother: &a [*a]", "other|loop|itself"),
        ("grader: Ann", "grader: !!python/name:os.system", "not valid YAML"),
        ("schema: 1", "- 1", "not valid YAML"),
    ],
)
def test_a_wrong_answer_is_refused_by_name(tmp_path, old, new, said):
    assert old in GOOD
    with pytest.raises(ProjectError, match=said):
        answers.read(write(tmp_path / "a.yaml", GOOD.replace(old, new)))


def test_a_file_that_is_missing_empty_no_text_or_too_long_is_refused(tmp_path):
    binary = tmp_path / "b.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    long = write(tmp_path / "l.yaml", "# " + "x" * 1_000_001)
    for path in (tmp_path / "none.yaml", write(tmp_path / "e.yaml", ""), binary, long):
        with pytest.raises(ProjectError, match="answers cannot be read"):
            answers.read(path)


def test_the_page_has_every_criterion_with_its_anchor_and_text():
    page = guide.page()
    for criterion in rubric().criteria:
        assert f"{{ #{criterion.code.lower()} }}" in page
        for name in criterion.guide:
            assert f"(../guides/{name}.md)" in page
        for said in (criterion.title, criterion.why, criterion.fix, criterion.evidence):
            assert guide.said(said) in page
        for level in criterion.levels or ():
            assert guide.said(level) in page


def test_every_source_of_a_criterion_is_a_named_work():
    named = {sources.work(s) for c in rubric().criteria for s in c.sources}
    assert named == set(sources.SOURCES)
    assert all(url.startswith("https://") for _, url in sources.SOURCES.values())


def test_the_sheet_has_every_criterion_and_asks_nobody_else():
    page = sheet.page()
    found = tags(page)
    assert found.tags.count("tr") == len(rubric().criteria) + len(rubric().sections)
    for criterion in rubric().criteria:
        assert f">{criterion.code}<" in page
    assert not [a for a in found.attributes if a[1] in ("src", "href") and a[2] != "data:,"]


def test_the_pages_of_the_site_are_current():
    assert site.stale(DOCS) == [], "run python -m proofolio.rubric.report.site"


@pytest.mark.parametrize("name", ["index.md", "sheet.html", "mentor.md"])
def test_a_stale_page_is_seen_and_written_anew(tmp_path, name, capsys):
    folder = tmp_path / "rubric"
    shutil.copytree(DOCS, folder)
    path = folder / name
    text = path.read_text(encoding="utf-8")
    write(path, text.replace("Names", "Named").replace("points", "marks").replace("| PD4", "| P"))
    if name == "mentor.md":
        write(path, text.replace("<!-- example -->", "<!-- example -->\nolder"))
    assert site.main([str(folder), "--check"]) == 1
    assert capsys.readouterr().out == f"{path}: stale\n"
    assert site.main([str(folder)]) == 0 and site.main([str(folder), "--check"]) == 0
    assert path.read_text(encoding="utf-8") == text


def test_the_guide_keeps_the_place_of_its_example(tmp_path):
    folder = tmp_path / "rubric"
    shutil.copytree(DOCS, folder)
    write(folder / "mentor.md", "# no place\n")
    with pytest.raises(ProjectError, match="no place for the example"):
        site.pages(folder)


@pytest.mark.slow
def test_the_worked_example_is_what_the_grader_says_of_its_project():
    """Messages may count what grows (commits); each criterion's status may not differ."""
    from proofolio.rubric import command

    kept = files.read_json(DOCS / "example" / "result.json")
    jsonschema.validate(kept, report.schema())
    (before,) = kept["projects"]
    given = [DOCS / "example" / "answers.yaml"]
    now = command.run([DOCS.parents[1] / before["path"]], answers=given, use_cache=False)
    (after,) = now["projects"]
    for code, was in view.by_code(before).items():
        found = view.by_code(after)[code]
        assert (code, found["status"], found["points"]) == (code, was["status"], was["points"])
    assert (after["grade"], after["total"]) == (before["grade"], before["total"])


def test_the_worked_example_answers_every_question():
    (judged,) = answers.read(DOCS / "example" / "answers.yaml").projects.values()
    assert list(judged) == [c.code for c in answers.questions()]
    assert all(a.level is not None and a.note for a in judged.values())
    assert yaml.safe_load((DOCS / "example" / "answers.yaml").read_text())["schema"] == 1
