"""Questions: at most ten, each with help and default; a refused answer is explained."""

import keyword
import re
import sys

import pytest
import yaml
from rendering import ROOT, render

QUESTIONS = {
    name: value
    for name, value in yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8")).items()
    if not name.startswith("_")
}
REFUSED = {
    "project_name": ["", "  ", "two\nlines", "bell\x07", "delete\x7f", "line\u2028", "x" * 81],
    "package_name": [
        "",
        "class",
        "match",
        "json",
        "con",
        "com1",
        "torch",
        "proofolio",
        "tests",
        "Upper",
        "1st",
        "_a",
        "a_",
        "a__b",
        "a-b",
        "größe",
        "a\n",
        "x" * 41,
    ],
    "description": ["", "two\nlines", "turned \u202e round", "x" * 301],
    "author_name": [" ", "two\nlines", "x" * 101],
    "repository_url": ["http://a.b/c", "https://a b", 'https://a"b', "https://u:p@a/b", "x\n"],
    "kind": ["audio"],
    "unit": ["", "Patient", "-a", "a  b", "a\n", "päckchen", "x" * 31],
    "split_strategy": ["random", "prequential"],
    "license": ["GPL-3.0"],
    "proofolio_requirement": ["", "numpy", "proofolio; x", "proofolio @ ../x", 'proofolio"', "a\n"],
}
ACCEPTED = {
    "proofolio_requirement": [
        "proofolio",
        "proofolio[image]>=0.1,<1",
        "proofolio[image, docs]==0.1.*",
        "proofolio[image] @ git+https://example.org/o/p@v1.0",
        "proofolio[image] @ file:///a/folder%20name",
        "proofolio[events]",
    ],
    "kind": ["image", "events"],
    "repository_url": ["", "https://example.org/o/p", "https://example.org:8443/~me/p.git"],
    "unit": ["plant", "field trial", "camera-day"],
}


def cases(answers: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, values in answers.items() for value in values]


def test_at_most_ten_questions_with_help_and_default():
    assert 1 <= len(QUESTIONS) <= 10
    for name, question in QUESTIONS.items():
        assert question["help"] and "default" in question, name
        assert "choices" in question or "validator" in question, name


def test_nothing_needs_trust():
    settings = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    assert not {"_tasks", "_migrations", "_jinja_extensions"} & set(settings)
    assert settings["_min_copier_version"] == "9.17.2"


def test_every_question_is_refused_something():
    assert set(REFUSED) == set(QUESTIONS)


@pytest.mark.parametrize(("name", "value"), cases(REFUSED), ids=repr)
def test_refused_answers_are_explained(name, value, tmp_path):
    with pytest.raises(ValueError) as refusal:
        render(tmp_path / "project", **{name: value})
    said = " ".join(str(refusal.value).split())
    assert len(said) > 40 or name in ("kind", "license", "split_strategy"), said
    assert not (tmp_path / "project").exists()


@pytest.mark.parametrize("strategy", ["patient", "temporal"])
def test_events_have_one_strategy(strategy, tmp_path):
    with pytest.raises(ValueError, match="Events are split by prequential"):
        render(tmp_path / "project", kind="events", split_strategy=strategy)


def test_defaults_follow_the_kind(tmp_path):
    for kind, unit, words in (("image", "patient", "image"), ("events", "card", "events")):
        root = render(tmp_path / kind, kind=kind)
        stored = yaml.safe_load((root / ".copier-answers.yml").read_text(encoding="utf-8"))
        assert stored["unit"] == unit and stored["proofolio_requirement"] == f"proofolio[{kind}]"
        assert re.search(words, stored["description"])
        assert ("split_strategy" in stored) == (kind == "image")


@pytest.mark.parametrize(("name", "value"), cases(ACCEPTED), ids=repr)
def test_accepted_answers(name, value, tmp_path):
    render(tmp_path / "project", **{name: value})
    assert (tmp_path / "project" / "project.yaml").is_file()


def test_words_that_python_knows_are_refused():
    validator = QUESTIONS["package_name"]["validator"]
    names = {*sys.stdlib_module_names, *keyword.kwlist, *keyword.softkwlist}
    plain = {n for n in names if n.isidentifier() and n == n.lower() and not n.startswith("_")}
    new = {"annotationlib"}  # later than the newest Python the list was made for
    missing = {n for n in plain - new if f" {n} " not in validator and f" {n}'" not in validator}
    assert not missing


@pytest.mark.parametrize(
    ("title", "package"),
    [
        ("Chest X-rays, 2nd try", "chest_x_rays_2nd_try"),
        ("2024: a year", "a_year"),
        ("日本", "my_project"),
        ("Name " * 15, "name_name_name_name_name_name_name_name"),
    ],
)
def test_package_name_follows_from_the_title(title, package, tmp_path):
    render(tmp_path, project_name=title)
    assert [p.name for p in (tmp_path / "src").iterdir()] == [package]
