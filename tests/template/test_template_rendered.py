"""What is generated: these files and no others, all of it parses, lints and says what was asked."""

import ast
import re
import subprocess
import sys
import tomllib
from html import unescape

import markdown
import pytest
import yaml
from copier import run_copy
from mkdocs.utils import yaml_load
from rendering import ROOT, render, source

from proofolio import claims, project

SHARED = [
    ".copier-answers.yml",
    ".gitattributes",
    ".gitignore",
    ".pre-commit-config.yaml",
    ".github/ISSUE_TEMPLATE/review_request.yml",
    ".github/PULL_REQUEST_TEMPLATE.md",
    ".github/workflows/ci.yml",
    ".github/workflows/pages.yml",
    "LICENSE",
    "README.md",
    "constraints.txt",
    "environment.yml",
    "mkdocs.yml",
    "project.yaml",
    "pyproject.toml",
    "docs/_overrides/links.py",
    "docs/_overrides/main.html",
    "docs/gpu.md",
    "docs/index.md",
    "docs/stylesheets/proofolio.css",
    "notebooks/01_explore.py",
    "notebooks/02_errors.py",
    "src/PACKAGE/__init__.py",
    "src/PACKAGE/__main__.py",
    "src/PACKAGE/data.py",
    "src/PACKAGE/demo.py",
    "src/PACKAGE/evaluate.py",
    "src/PACKAGE/explore.py",
    "src/PACKAGE/models.py",
    "src/PACKAGE/train.py",
    "src/PACKAGE/tune.py",
    "tests/test_contract.py",
    "tests/test_project.py",
]
FILES = {
    "image": [
        *SHARED,
        "docs/operation.md",
        "src/PACKAGE/dataset.py",
        "src/PACKAGE/operation.py",
        "src/PACKAGE/sheets.py",
    ],
    "events": [*SHARED, "src/PACKAGE/events.py"],
}
NASTY = {
    "project_name": '"It\'s" {{ 7*7 }} {% raw %} \\n <b> & `a` *b* _c_ [d](e) | # - ~ $x$ 😀 Ünï',
    "package_name": "abcdefghij_abcdefghij_abcdefghij_abcdefg",
    "description": "- say: \"no\" \\ 'yes' #1 {x} {{x}} %} <!--claim a b-->1<!--/claim--> \\u0041",
    "author_name": '- O\'Brien "Bob" \\ {{ x }} <a@b.c> 日本',
    "repository_url": "https://example.org/~me/p_q.git",
    "unit": "abcdefghi abcdefghi abcdefghij",
    "split_strategy": "official",
    "license": "Apache-2.0",
    "proofolio_requirement": "proofolio[image] @ git+https://example.org/o/p@v1.0",
}
PLAIN = {
    "project_name": "-",
    "package_name": "a",
    "description": "---",
    "author_name": "null",
    "unit": "no",
    "split_strategy": "temporal",
    "license": "proprietary",
}
OTHERS = [
    {"split_strategy": "grouped", "license": "BSD-3-Clause"},
    {"split_strategy": "stratified", "description": "yes", "project_name": "1.0"},
]


def of_events(answers):
    """The same answers for events, of which the strategy is not asked."""
    kept = {k: v for k, v in answers.items() if k != "split_strategy"}
    return {k: v.replace("[image]", "[events]") for k, v in kept.items()} | {"kind": "events"}


CASES = [{}, NASTY, PLAIN, *OTHERS, *map(of_events, ({}, NASTY, PLAIN))]


def named(answers):
    return f"{answers.get('kind', 'image')}-{len(answers)}"


@pytest.fixture(scope="module", params=CASES, ids=named)
def rendered(request, tmp_path_factory):
    return render(tmp_path_factory.mktemp("rendered"), **request.param), request.param


def files_of(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_these_files_and_no_others(rendered):
    folder, answers = rendered
    author = project.load(folder)
    package, files = answers.get("package_name", author.package), FILES[author.kind]
    assert files_of(folder) == sorted(name.replace("PACKAGE", package) for name in files)
    assert len(files) <= 45
    assert not [p for p in folder.rglob("*") if p.is_dir() and not any(p.iterdir())]


def test_no_braces_are_left(of_kind):
    for name in files_of(of_kind):
        text = (of_kind / name).read_text(encoding="utf-8").replace("${{", "")
        if name != "docs/_overrides/main.html":  # mkdocs' own Jinja
            assert "{{" not in text and "{%" not in text, name


def test_everything_parses(rendered):
    folder, _ = rendered
    for name in files_of(folder):
        text = (folder / name).read_text(encoding="utf-8")
        if name.endswith(".py"):
            ast.parse(text)
        elif name.endswith((".yml", ".yaml")):
            assert yaml_load(text) if name == "mkdocs.yml" else yaml.safe_load(text)
        elif name.endswith(".toml"):
            assert tomllib.loads(text)


def test_the_site_names_the_what_if_page_of_events_alone(of_kind):
    nav = yaml_load((of_kind / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    events = project.load(of_kind).kind == "events"
    assert ({"What if": "result/what_if.md"} in nav) is events
    assert {"Result": "result/index.md"} in nav


def test_answers_arrive_unchanged(rendered):
    folder, answers = rendered
    stored = yaml.safe_load((folder / ".copier-answers.yml").read_text(encoding="utf-8"))
    author = project.load(folder)
    stated = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    site = yaml_load((folder / "mkdocs.yml").read_text(encoding="utf-8"))
    assert {k: stored[k] for k in answers} == answers
    assert author.title == site["site_name"] == stored["project_name"]
    assert author.summary == stated["description"] == stored["description"]
    assert author.authors == [stored["author_name"]] == [stated["authors"][0]["name"]]
    assert author.primary_split.strategy == stored.get("split_strategy", "prequential")
    assert author.kind == stored["kind"] == answers.get("kind", "image")
    assert author.unit == stored["unit"]
    assert stated["dependencies"] == [stored["proofolio_requirement"]]
    assert stored["author_name"] in (folder / "LICENSE").read_text(encoding="utf-8")


def test_project_answers_every_card_question_or_says_todo(of_kind):
    author = project.load(of_kind)
    for card, answers in (("model", author.model_card), ("data", author.data_card)):
        asked = yaml.safe_load(
            (ROOT / f"src/proofolio/cards/{card}_questions.yaml").read_text(encoding="utf-8")
        )
        assert {entry["key"] for entry in asked} == set(answers)


def test_lint_is_clean(rendered):
    folder, _ = rendered
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", "."],
            cwd=folder,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout


def test_text_survives_markdown(rendered):
    folder, answers = rendered
    text = (folder / "README.md").read_text(encoding="utf-8")
    html = markdown.markdown(text, extensions=["attr_list", "tables"])
    heading = re.sub(r"<[^>]+>", "", re.search(r"<h1>(.*?)</h1>", html, re.S)[1])
    title = answers.get("project_name", "My project")
    assert unescape(heading) == title
    assert next(c.subject for c in claims.parse(text).claims) == "model:champion"


def test_printed_numbers_say_not_measured(rendered):
    folder, _ = rendered
    assert [str(p) for p in claims.check(folder, strict=True)] == []


def test_modules_stay_short(of_kind):
    for path in (of_kind / "src").rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 150, path.name


def test_every_module_says_what_it_is_for_and_how_to_run_it(of_kind):
    for path in (of_kind / "src").rglob("*.py"):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert said, path.name
        assert "python " in said or path.name == "__init__.py", path.name


def test_hooks_are_local(generated):
    hooks = yaml.safe_load((generated / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repo["repo"] for repo in hooks["repos"]] == ["local"]


def test_an_update_leaves_what_is_yours(tmp_path):
    render(tmp_path)
    (tmp_path / "README.md").write_text("mine\n")
    (tmp_path / "src/my_project/data.py").write_text("mine = 1\n")
    (tmp_path / "tests/test_contract.py").write_text("broken\n")
    run_copy(source(), tmp_path, defaults=True, quiet=True, overwrite=True)
    assert (tmp_path / "README.md").read_text() == "mine\n"
    assert (tmp_path / "src/my_project/data.py").read_text() == "mine = 1\n"
    assert "def test_" in (tmp_path / "tests/test_contract.py").read_text()
