"""Both cards from real evidence: sealed and opened, answered and not, demo and not."""

import re
import shutil

import finished_project
import pytest
import yaml

from proofolio import cards, claims, project
from proofolio.contract import Layout, ProjectError


@pytest.fixture(scope="module")
def sealed():
    return cards.texts(*finished_project.shared(opened=False))


@pytest.fixture(scope="module")
def opened():
    return cards.texts(*finished_project.shared(opened=True))


def copied(tmp_path, opened=False):
    layout, _ = finished_project.shared(opened=opened)
    shutil.copytree(layout.root, tmp_path / "copy", ignore=shutil.ignore_patterns(".git"))
    return Layout(tmp_path / "copy")


def answered(layout, **changes):
    data = yaml.safe_load(layout.project.read_text()) | changes
    return project.Project.model_validate(data)


def front(card):
    return yaml.safe_load(re.match(r"---\n(.*?)\n---\n", card, re.DOTALL)[1])


def section(card, title):
    return re.search(rf"^##+ {title}\n(.*?)(?=^##|\Z)", card, re.DOTALL | re.MULTILINE)[1]


def test_before_the_opening_only_val_is_told(sealed):
    card = sealed["MODEL_CARD.md"]
    assert "sealed" in section(card, "How often the test set was opened")
    assert " test." not in " ".join(re.findall(r"<!--claim .*?-->", card))
    split = front(card)["model-index"][0]["results"][0]["dataset"]["split"]
    assert split == "validation"


def test_after_the_opening_test_is_told_and_the_opening_counted(opened):
    card = opened["MODEL_CARD.md"]
    assert "**once**" in section(card, "How often the test set was opened")
    assert "final evaluation" in section(card, "How often the test set was opened")
    assert re.search(r"test\.auroc \.3f ci-->0\.\d{3} \(95% CI", card)
    assert front(card)["model-index"][0]["results"][0]["dataset"]["split"] == "test"


def test_the_model_index_is_the_deployed_run(opened):
    layout, _ = finished_project.shared(opened=True)
    facts = cards.model.Facts(layout, project.load(layout.root))
    measured = facts.chosen.metrics["test"]
    index = front(opened["MODEL_CARD.md"])["model-index"][0]["results"][0]["metrics"]
    assert {m["type"] for m in index} == {n for n in measured if not n.endswith("_raw")}
    for entry in index:
        assert entry["value"] == pytest.approx(measured[entry["type"]].value, abs=5e-5)


@pytest.mark.parametrize("name", ["MODEL_CARD.md", "DATA_CARD.md"])
def test_every_claim_is_filled_and_nothing_else_is_a_typed_measurement(tmp_path, name):
    layout = copied(tmp_path)
    assert cards.write(layout, project.load(layout.root))
    assert "--><!--/claim-->" not in (layout.root / name).read_text()
    assert claims.check(layout.root, strict=True) == []
    assert not cards.write(layout, project.load(layout.root))


def test_an_edited_number_in_a_card_is_seen(tmp_path):
    layout = copied(tmp_path)
    cards.write(layout, project.load(layout.root))
    text = layout.model_card.read_text()
    edited = re.sub(r"(val\.auroc \.3f ci-->)0\.\d", r"\g<1>0.1", text, count=1)
    layout.model_card.write_text(edited)
    assert any("val.auroc" in p.what for p in claims.check(layout.root))


def test_an_edited_front_matter_is_seen(tmp_path):
    layout = copied(tmp_path)
    cards.write(layout, project.load(layout.root))
    text = layout.model_card.read_text()
    edited = re.sub(r"(type: auroc\n\s+value: )[\d.]+", r"\g<1>0.1234", text, count=1)
    assert edited != text
    layout.model_card.write_text(edited)
    assert any("auroc" in p.what for p in claims.check(layout.root))


@pytest.mark.parametrize("card", ["model_card", "data_card"])
def test_questions_are_counted_and_shown(sealed, card):
    asked = cards.questions(card)
    text = sealed[f"{card.upper()}.md"]
    open_ones = [q for q in asked if not q.recorded]
    assert f"**{len(open_ones)} of {len(asked)} questions" in text
    assert all(f"`{q.key}`" in text for q in open_ones)
    assert text.count("*not answered*") == len(open_ones)
    assert all(q.question in text for q in asked)


@pytest.mark.parametrize("card", ["model_card", "data_card"])
def test_answers_are_taken_and_placeholders_are_not(card):
    layout, _ = finished_project.shared(opened=False)
    first, second, *_ = (q.key for q in cards.questions(card) if not q.recorded)
    author = answered(layout, **{card: {first: "We *know* <it>.", second: "TODO: write"}})
    text = cards.texts(layout, author)[f"{card.upper()}.md"]
    assert "We \\*know\\* &lt;it&gt;." in text
    assert "TODO" not in text
    total = len(cards.questions(card))
    missing = sum(not q.recorded for q in cards.questions(card)) - 1
    assert f"**{missing} of {total} questions" in text


def test_an_unknown_question_is_refused():
    layout, _ = finished_project.shared(opened=False)
    with pytest.raises(ProjectError, match="intended_ues"):
        cards.texts(layout, answered(layout, model_card={"intended_ues": "x"}))


def test_keys_are_unique_and_sections_are_those_of_the_sources():
    for card in ("model_card", "data_card"):
        keys = [q.key for q in cards.questions(card)]
        assert len(keys) == len(set(keys))
    sections = dict.fromkeys(q.section for q in cards.questions("data_card"))
    assert len(sections) == 7


def test_recorded_questions_all_have_a_writer():
    recorded = {q.key for q in cards.questions("data_card") if q.recorded}
    assert recorded == set(cards.data._RECORDED)


def test_demo_data_is_said_loudly_and_only_then(sealed):
    layout, _ = finished_project.shared(opened=False)
    real = cards.texts(layout, answered(layout, demo_data=False))
    for name, text in sealed.items():
        assert "**DEMO DATA.**" in text[:2500]
        assert "DEMO DATA" not in real[name]
    assert "demo-data" in front(sealed["MODEL_CARD.md"])["tags"]
    assert "demo-data" not in front(real["MODEL_CARD.md"])["tags"]


def test_a_project_without_runs_says_not_measured(tmp_path):
    layout, author = finished_project.start(tmp_path / "new")
    made = cards.texts(layout, author)
    assert "Not measured yet" in made["MODEL_CARD.md"]
    assert "model-index" not in made["MODEL_CARD.md"]


def test_hostile_project_texts_leave_the_claims_whole():
    layout, author = finished_project.shared(opened=False)
    evil = "--> <!--claim dataset n_examples | `x` \n# no\n<script>"
    problem = author.problem.model_dump() | {"limit": evil, "statement": evil}
    made = cards.texts(layout, answered(layout, problem=problem, title=evil, unit_note=evil))
    for text in made.values():
        assert "<script>" not in text
        assert not claims.parse(text).faults
