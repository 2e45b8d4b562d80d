"""Any answer at all: it is refused in the words of its question, or everything rendered holds."""

import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import checked
import pytest
import yaml
from answers import NASTY
from copier import run_copy
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mkdocs.exceptions import ConfigurationError
from rendering import ROOT, render, source

QUESTIONS = {
    name: value
    for name, value in yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8")).items()
    if not name.startswith("_")
}
LINE = [  # what breaks a format when it is not quoted, in pieces that join to worse
    *"'\"`\\{}[]()<>|&*_#~$%!?@:;,=+-/.^",
    *("'''", '"""', "\\n", "\\u0041", "\\x00", "\\", "{{ 7*7 }}", "{% raw %}", "{% endif %}", "{#"),
    *("#}", "${{ x }}", "---", "...", "- ", ": ", " #", "<!--claim a b-->1<!--/claim-->", "-->"),
    *("--help", "-e .", "null", "yes", "1.0", "0x1", "1e3", "2024-01-01", "=1+1", "{#id .class}"),
    *("<script>", "</h1>", "&amp;", "[d](e)", "![i](j)", "http://a.b", "a@b.c", "$x$", "~~x~~"),
    *("é", "e\u0301", "ß", "日本", "😀", "\U0010fffd", "\u00a0", "\u200b", "\u200d", "İ", "א"),
    *("word", "con", "class", " ", "  "),
]
BROKEN = [
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\x1b[31m",
    "\x7f",
    "\x85",
    "\u2028",
    "\u202e",
    "\ufeff",
    "\ud800",
]
NAMES = [
    "con",
    "aux",
    "nul",
    "com1",
    "lpt9",
    "class",
    "match",
    "none",
    "True",
    "json",
    "torch",
    "src",
    "proofolio",
    "__init__",
    "CON",
    "my-package",
    "../up",
    "/tmp",
    "a/b",
    "c:\\x",
    "größe",
    "1a",
]
MORE = {
    "repository_url": ["https://", "https://a/b", "http://a", "https://a/?q", "git@a:b"],
    "unit": ["patient", "field trial", "camera-day", "unit-", "Unit"],
    "split_strategy": ["patient", "grouped", "prequential", "random"],
    "license": ["MIT", "proprietary", "GPL-3.0"],
    "kind": ["image", "events", "audio"],
    "proofolio_requirement": ["proofolio", "proofolio>=0.1", "proofolio @ ../x", "numpy"],
}
LONGEST = {"project_name": 80, "description": 300, "author_name": 100}
QUICK = settings(  # without shrinking: what fails is short already, and every try renders a project
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def joined(pieces, longest):
    """One line of at most `longest` characters, not empty."""
    made = st.lists(
        st.sampled_from(pieces)
        | st.characters(min_codepoint=32, exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp", "Cn"]),
        min_size=1,
        max_size=12,
    ).map("".join)
    return made.map(lambda text: text[:longest]).filter(str.strip)


LINES = st.fixed_dictionaries({k: joined(LINE, longest) for k, longest in LONGEST.items()})
ANYTHING = st.one_of(
    st.lists(st.sampled_from(LINE + BROKEN), max_size=6).map("".join),
    st.text(max_size=20),
    st.sampled_from(NAMES),
    st.integers(1, 500).map("long ".__mul__),
)
WILD = st.sampled_from(sorted(QUESTIONS)).flatmap(
    lambda name: st.tuples(
        st.just(name), st.sampled_from(MORE[name]) | ANYTHING if name in MORE else ANYTHING
    )
)


def sentences(name):
    """The literal parts of a question's validator, as a refusal shows them."""
    pieces = re.split(r"{%.*?%}|{{.*?}}", QUESTIONS[name].get("validator", ""), flags=re.S)
    return [" ".join(piece.split()) for piece in pieces if len(piece.split()) > 3]


def refusal_is_explained(refusal, name):
    said = " ".join(str(refusal).split())
    derived = {"project_name": "package_name"}.get(name, name)  # from a title such as CON
    (asked,) = [q for q in {name, derived} if f"'{q}'" in said] or [None]
    assert asked, said
    assert any(piece in said for piece in [*sentences(asked), "Invalid choice"]), said


def everything_holds(folder, answers):
    checked.these_files_and_no_others(folder)
    checked.everything_parses(folder)
    checked.answers_arrive_unchanged(folder, answers)
    checked.title_survives_markdown(folder)
    checked.code_lints(folder)


@settings(QUICK, max_examples=50)
@given(answers=LINES, kind=st.sampled_from(["image", "events"]))
def test_any_line_of_text_is_taken_and_holds(answers, kind):
    answers |= {"kind": kind}
    with TemporaryDirectory() as folder:
        everything_holds(render(Path(folder, "project"), **answers), answers)


@settings(QUICK, max_examples=150)
@given(wild=WILD)
def test_anything_is_refused_in_the_questions_words_or_holds(wild):
    name, value = wild
    with TemporaryDirectory() as temporary:
        folder = Path(temporary, "project")
        try:
            render(folder, **{name: value})
        except ValueError as refusal:
            refusal_is_explained(refusal, name)
            assert not folder.exists()
        else:
            everything_holds(folder, {name: value})


QUOTED = "| to_json(ensure_ascii=False) }}"


@pytest.mark.parametrize(
    ("file", "said", "instead"),
    [
        ("pyproject.toml.jinja", "{{ description " + QUOTED, '"{{ description }}"'),
        ("mkdocs.yml.jinja", "{{ project_name " + QUOTED, "{{ project_name }}"),
        ("README.md.jinja", "# {{ md(project_name) }}", "# {{ project_name }}"),
        ("LICENSE.jinja", "{{ author_name }}", "{{ author_name | upper }}"),
    ],
)
def test_an_answer_that_is_not_quoted_would_be_seen(file, said, instead, tmp_path):
    shutil.copytree(source(), tmp_path / "source")
    planted = tmp_path / "source/template" / file
    text = planted.read_text(encoding="utf-8")
    assert said in text
    planted.write_text(text.replace(said, instead), encoding="utf-8")
    folder = tmp_path / "project"
    run_copy(str(tmp_path / "source"), folder, data=NASTY, defaults=True, quiet=True)
    with pytest.raises((AssertionError, ValueError, yaml.YAMLError, ConfigurationError)):
        everything_holds(folder, NASTY)
