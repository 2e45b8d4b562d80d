"""What the page and the model card tell of decisions, differences, hardware and pictures."""

import json
import re
import shutil

import finished_project
import many_classes
import pandas as pd
import pytest

from proofolio import cards, claims, evidence, figures, files, pages, project
from proofolio.contract import Layout, ProjectError, Result
from proofolio.project import AskedResult

KINDS = ("threshold_transfer", "cost", "decision_curve", "risk_coverage", "conformal")
LEAK = {"config": "good", "versus": "good_slow", "part": "val", "metric": "auroc", "runs": []}


@pytest.fixture
def copy(tmp_path):
    def copied(opened=True):
        layout, _ = finished_project.shared(opened=opened)
        shutil.copytree(layout.root, tmp_path / "copy", ignore=shutil.ignore_patterns(".git"))
        return Layout(tmp_path / "copy"), project.load(tmp_path / "copy")

    return copied


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    layout, author = finished_project.shared(opened=True)
    return finished_project.pages_text(
        pages.write(layout, author, tmp_path_factory.mktemp("into") / "case")
    )


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    return many_classes.finish(tmp_path_factory.mktemp("three") / "project", opened=True)


def section(text, title):
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


def recorded(kind, value, low, high, inputs, rows):
    ends = {"value": value, "ci_low": low, "ci_high": high, "level": 0.95}
    return Result(kind=kind, inputs=inputs, table=rows, method="m", how="recomputed", **ends)


def side(name, value, **more):
    ends = {"value_ci_low": value - 0.01, "value_ci_high": value + 0.01}
    return {"which": name, "value": value} | ends | more


def bound(layout, text):
    files.write_text(layout.root / "docs" / "shown.md", text)
    return claims.check(layout.root, strict=True)


@pytest.mark.parametrize("kind", KINDS)
def test_every_policy_has_its_table_on_the_part_that_speaks_and_how_to_read_it(page, kind):
    told = section(page, "What a probability means")
    before, after = told.split(f"<!--claims {kind}_test-->")
    assert before.rstrip().splitlines()[-1].startswith("**")
    assert after.lstrip().startswith("|")
    assert f"<!--claims {kind}_val-->" not in told


def test_before_the_opening_policies_are_told_on_val_and_nothing_is_carried_over(copy):
    layout, author = copy(opened=False)
    text = finished_project.pages_text(pages.write(layout, author))
    told = section(text, "What a probability means")
    assert all(f"<!--claims {kind}_val-->" in told for kind in KINDS)
    assert "_test" not in " ".join(re.findall(r"<!--claims? (.*?)-->", text))
    assert "carry over?" not in text
    assert "score_shift" not in text


def test_without_results_nothing_is_printed_about_them(copy):
    layout, author = copy()
    for kind in (*KINDS, "mistakes"):
        for path in layout.results.glob(f"{kind}_*.json"):
            path.unlink()
    text = finished_project.pages_text(pages.write(layout, author))
    card = cards.texts(layout, author)["MODEL_CARD.md"]
    for word in (
        "abstention policy",
        "keep their promise",
        "surest of",
        "By cost",
        "Leaks and drift",
    ):
        assert word not in text
    assert "**Abstention.**" not in card
    assert "figure-decision-curve" not in text


def test_the_card_tells_decision_abstention_and_sets_in_bound_sentences(copy):
    layout, author = copy()
    cards.write(layout, author)
    card = (layout.root / "MODEL_CARD.md").read_text()
    told = section(card, "Calibration and threshold")
    for word, result in (
        ("Decision", "threshold_transfer_test"),
        ("Abstention", "risk_coverage_test"),
        ("Conformal sets", "conformal_test"),
    ):
        line = next(line for line in told.splitlines() if line.startswith(f"**{word}.**"))
        assert f"<!--claim result:{result} table." in line
    assert bound(layout, "") == []


def test_mistakes_show_what_a_person_saw(copy):
    layout, author = copy()
    path = layout.result("mistakes_test")
    result = json.loads(path.read_text())
    result["table"][0]["reading"] = "blurred | <b>, sensitivity 0.9"
    path.write_text(json.dumps(result))
    text = finished_project.pages_text(pages.write(layout, author))
    told = section(text, "Where it is wrong")
    assert "the last column says what one sees" in told
    assert r"blurred \| &lt;b>" in told
    assert bound(layout, text) == []


def test_an_experiment_is_set_beside_its_parent_once(page, copy):
    layout, author = copy(opened=False)
    text = finished_project.pages_text(pages.write(layout, author))
    log = section(text, "Experiments log")
    assert "result:difference_good_slow_vs_good_val value ." in log
    assert "difference_good_slow_vs_good" not in section(text, "The ladder")
    assert "difference_good_vs_prior_val" in section(text, "The ladder")
    assert log.count("**Against its parent:**") == 1
    files.write_json(
        layout.result("difference_good_slow_vs_good_test"),
        recorded("paired_difference", 0.1, 0.0, 0.2, LEAK | {"part": "test"}, None).model_dump(),
    )
    assert "_vs_good_test" not in finished_project.pages_text(pages.write(layout, author))


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.01, 0.03, "above zero"), (-0.03, 0.03, "includes zero"), (-0.03, -0.01, "below zero")],
)
def test_leaks_and_drift_are_told_with_where_their_interval_lies(copy, low, high, said):
    layout, author = copy()
    rows = [side("good", 0.9), side("good_slow", 0.88)]
    leak = recorded("leak_comparison", (low + high) / 2, low, high, LEAK, rows)
    files.write_json(layout.result("by_image"), leak.model_dump())
    inputs = LEAK | {"versus": "good", "part": "test", "versus_part": "val"}
    rows = [side("good", 0.9, part="test"), side("good", 0.95, part="val")]
    drift = recorded("drift", (low + high) / 2, low, high, inputs, rows)
    files.write_json(layout.result("test_below_val"), drift.model_dump())
    text = finished_project.pages_text(pages.write(layout, author))
    told = section(text, "Leaks and drift")
    assert told.count(said) == 2
    assert "result:by_image table.1.value .3f ci-->0.880 (95% CI 0.870-0.890)" in told
    assert "`good` on test" in told
    assert bound(layout, text) == []


def test_a_drift_to_test_stays_unseen_while_test_is_sealed(copy):
    layout, author = copy(opened=False)
    inputs = LEAK | {"versus": "good", "versus_part": "test"}
    drift = recorded("drift", 0.1, 0.0, 0.2, inputs, [side("good", 0.9), side("good", 0.8)])
    files.write_json(layout.result("early"), drift.model_dump())
    assert "Leaks and drift" not in finished_project.pages_text(pages.write(layout, author))


def test_pictures_stand_with_their_captions_and_stay_where_they_are(copy):
    layout, author = copy()
    index = pages.write(layout, author)
    told = section(finished_project.pages_text(index), "Where it is wrong")
    assert "built without them" in told and author.data.how_to_get.rstrip(". ") in told
    folder = index.parent / "sheets"
    folder.mkdir()
    (folder / "a b.webp").write_bytes(b"png")
    (folder / "misses.webp").write_bytes(b"png")
    files.write_json(folder / "captions.json", {"misses.webp": 'Misses, "sensitivity" 0.9 <b>'})
    text = finished_project.pages_text(pages.write(layout, author))
    told = section(text, "Where it is wrong")
    assert "built without them" not in told
    assert "![a b](sheets/a%20b.webp){ loading=lazy }" in told  # MkDocs mends Markdown alone
    assert "![Misses, &#34;sensitivity&#34; 0.9 &#60;b&#62;](sheets/misses.webp)" in told
    assert "<figcaption>Misses, &quot;sensitivity&quot; 0.9 &lt;b&gt;</figcaption>" in told
    assert (folder / "misses.webp").is_file()
    assert bound(layout, text) == []
    files.write_json(folder / "captions.json", ["misses.webp"])
    with pytest.raises(ProjectError, match="captions"):
        pages.write(layout, author)


def test_the_sheet_says_which_configuration_used_a_gpu(copy):
    layout, author = copy()
    assert "Every run was computed on a CPU." in finished_project.pages_text(
        pages.write(layout, author)
    )
    for path in layout.runs.glob("good-*/run.json"):
        run = json.loads(path.read_text())
        run["runtime"]["device"] = "cuda"
        run["environment"]["gpu"] = "A Fast One 80"
        path.write_text(json.dumps(run))
    told = section(finished_project.pages_text(pages.write(layout, author)), "The chosen run")
    assert "A GPU was used for `good`; the other runs" in told
    assert re.search(r"environment\.gpu-->A Fast One 80<", told)
    assert told.count("environment.gpu-->") == 2  # the chosen run's own row, and its row here


def test_more_than_two_classes_are_told_without_a_threshold(three):
    layout, author = three
    text = finished_project.pages_text(pages.write(layout, author))
    assert "<!--claims risk_coverage_test-->" in text
    assert "<!--claims conformal_test-->" in text
    assert "several classes" in text
    assert "figure-decision-curve" not in text
    assert bound(layout, text) == []
    drawn = {d.name: d for d in figures.collect(figures.Facts(layout, author))}
    assert {"risk_coverage_test", "calibration_transfer", "score_shift"} <= set(drawn)
    assert set(drawn["score_shift"].table["group"]) == {"north", "south"}


def test_a_difference_of_thousandths_is_printed_with_a_digit_more(copy):
    layout, author = copy()
    rows = [side("good", 0.9961), side("good_slow", 0.9958)]
    leak = recorded("leak_comparison", 0.0003, -0.0004, 0.0009, LEAK, rows)
    files.write_json(layout.result("by_image"), leak.model_dump())
    told = section(finished_project.pages_text(pages.write(layout, author)), "Leaks and drift")
    assert "0.0003 (95% CI -0.0004 to 0.0009)" in told
    assert "0.9961 (95% CI" in told


def test_what_passed_the_audit_is_folded_and_advice_is_given_once(copy):
    layout, author = copy()
    audit = json.loads(layout.audit.read_text())
    warned, passed = audit["findings"]
    warned["explanation"] = "Files alone reach much. Look before you call it a shortcut."
    again = warned | {"check": "shortcut_bytes", "explanation": "Bytes do. " + "Look before you "}
    again["explanation"] += "call it a shortcut."
    layout.audit.write_text(json.dumps({"findings": [warned, again, passed]}))
    told = section(finished_project.pages_text(pages.write(layout, author)), "What the audit found")
    seen, rest = told.split("<details")
    assert "`shortcut`" in seen and "`shortcut_bytes`" in seen and "`unit_overlap`" not in seen
    assert "`unit_overlap`" in rest
    assert told.count("Look before you call it") == 1
    layout.audit.write_text(json.dumps({"findings": [passed]}))
    told = section(finished_project.pages_text(pages.write(layout, author)), "What the audit found")
    assert "Nothing failed and nothing warned." in told
    card = cards.texts(layout, author)["MODEL_CARD.md"]
    assert "`unit_overlap`" in card and "Nothing failed" not in card


def test_further_tables_of_slices_are_folded_and_named(copy):
    layout, author = copy()
    other = json.loads(layout.result("slice_table_test").read_text())
    other["inputs"]["runs"] = [next(p.name for p in sorted(layout.runs.glob("prior-*")))]
    files.write_json(layout.result("slices_prior"), other)
    text = finished_project.pages_text(pages.write(layout, author))
    told = section(text, "Where it is wrong")
    assert told.index("slice_table_test-->") < told.index("<details")
    assert "<summary>By slice, on test, of <code>prior</code></summary>" in told
    assert told.count("<details") == told.count("</details>") == 2
    assert bound(layout, text) == []


def test_of_many_configurations_the_first_screen_shows_the_best_of_each_rung(copy, monkeypatch):
    monkeypatch.setitem(figures.collect.__globals__, "MANY", 2)
    layout, author = copy()
    text = finished_project.pages_text(pages.write(layout, author))
    first = text.split("\n## ")[0]
    assert first.count("<svg") == 1 and 'id="figure-headline-tiny"' in first
    assert "(data/headline_tiny.csv)" in first
    told = section(text, "The ladder")
    assert "(data/ladder_best.csv)" in told
    assert (
        told.index("<details") < told.index('"figure-ladder"') < told.index("<!--claims ladder-->")
    )
    assert bound(layout, text) == []


def test_a_configuration_with_a_title_is_named_in_words(copy):
    layout, author = copy()
    next(e for e in author.ladder if e.name == "good").title = "A small net"
    index = pages.write(layout, author)
    text = finished_project.pages_text(index)
    first = text.split("\n## ")[0]
    assert "**A small net**: chosen on validation" in first and "`good`" not in first
    assert ">A small net</text>" in first and "In bold: A small net, chosen." in first
    assert "### A small net (`good`)" in text and "### `good_slow`" in text
    rows = json.loads((index.parent / "summary.json").read_text())["rows"]
    assert [row["title"] for row in rows if row["name"] == "good"] == ["A small net"]
    assert bound(layout, text) == []


def test_groups_have_their_tables_with_how_to_read_them(three):
    layout, author = three
    frame = pd.read_parquet(layout.examples)
    wings = {"ant": "none", "bee": "four", "wasp": "four"}
    files.write_parquet(layout.examples, frame.assign(slice_wings=frame["label"].map(wings)))
    asked = [
        {"name": "near", "kind": "hierarchy", "parameters": {"levels": ["wings"]}},
        {"name": "near_prior", "kind": "hierarchy", "parameters": {"levels": ["wings"]}},
        {"name": "sites", "kind": "slice_difference"},
        {"name": "sets", "kind": "conformal", "parameters": {"by": "wings"}},
    ]
    asked[1]["config"] = "prior"
    asked[2]["parameters"] = {"slice": "site", "value": "north"}
    asked = [AskedResult(**({"config": "good", "part": "test"} | a)) for a in asked]
    asked.append(asked[0].model_copy(update={"name": "near_on_val", "part": "val"}))
    author = author.model_copy(update={"results": asked})
    evidence.summarise(layout, author)
    text = finished_project.pages_text(pages.write(layout, author))
    told = section(text, "Where it is wrong")
    places = [told.index(f"<!--claims {n}-->") for n in ("near", "near_prior", "near_on_val")]
    assert places == sorted(places)
    assert told.count("Are mistakes small ones?") == 1
    assert "The same of `prior` on test:" in told
    assert "result:sites value" in told and "**By `site`: north less all other rows**" in told
    sets = section(text, "What a probability means")
    assert "within each value of `wings`?** On test, of `good`" in sets
    assert "<!--claims sets-->" in sets and "calib rows of its rarest class" in sets
    assert bound(layout, text) == []
    assert "<!--claims near-->" in cards.texts(layout, author)["MODEL_CARD.md"]
