"""The what-if page: its curves equal the recorded results, and test stays sealed."""

import dataclasses
import json
import re
import shutil

import event_project
import finished_project
import numpy as np
import pandas as pd
import pytest

from proofolio import claims, files, metrics, pages, project
from proofolio.contract import Layout, MetricError, SealError
from proofolio.evidence import events
from proofolio.figures import Facts
from proofolio.pages import operating, what_if

MOST_BYTES = 100_000
RATES = ("precision", "recall", "value_share", "value_per_day", "alerts_per_day")


@pytest.fixture(scope="module")
def opened():
    root = event_project.shared(opened=True)
    return Facts(Layout(root), project.load(root))


@pytest.fixture(scope="module")
def read(opened):
    return operating.read(opened)


@pytest.fixture
def sealed(tmp_path):
    shutil.copytree(event_project.shared(opened=False), tmp_path / "copy")
    return Layout(tmp_path / "copy"), project.load(tmp_path / "copy")


def told(facts, part, way):
    """Return the curve's rates beside its columns."""
    curve = part.curves[way]
    rates = operating.per_day(part, curve.rows, facts.project.decision)
    return curve.rows.drop(columns="threshold").join(rates)


def of_page(folder):
    """Return the JSON of a written page."""
    text = (folder / "what_if.md").read_text()
    return json.loads(re.search(r'id="what-if-data">(.*?)</script>', text)[1])


@pytest.mark.parametrize("part", ["val", "test"])
def test_a_daily_budget_finds_what_the_result_records(opened, read, part):
    recorded = {row["budget"]: row for row in opened.results[f"budget_{part}"].table}
    points = told(opened, read[part], "daily").set_index("budget")
    shared = sorted(set(points.index) & set(recorded))
    assert shared[:2] == [20, 50]
    for budget in shared:
        for name in RATES:
            assert points.loc[budget, name] == pytest.approx(recorded[budget][name], abs=1e-9)


def test_thresholds_do_what_the_result_records(opened, read):
    recorded = opened.results["threshold_table_val"].table
    points = told(opened, read["val"], "threshold").set_index("threshold")
    shared = [row for row in recorded if row["threshold"] in points.index]
    assert len(shared) > 10 and any(row["in_use"] for row in shared)
    for row in shared:
        point = points.loc[row["threshold"]]
        assert (point["found"], point["alerts"]) == (row["tp"], row["tp"] + row["fp"])
        for name in ("value_share", "value_per_day", "cost_per_day", "alerts_per_day"):
            assert point[name] == pytest.approx(row[name], abs=1e-9)


def test_the_decision_in_use_is_marked_on_every_part_and_way(opened, read):
    threshold = opened.chosen.decision.threshold
    for part in read.values():
        curve = part.curves["threshold"]
        assert curve.rows["threshold"][curve.in_use] == threshold
        daily = part.curves["daily"]
        assert daily.rows["budget"][daily.in_use] == opened.project.decision.target
        assert curve.rows["alerts"].is_monotonic_increasing
        assert daily.rows["alerts"].is_monotonic_increasing
    val, test = (read[part].curves["threshold"].rows["threshold"] for part in ("val", "test"))
    assert val.equals(test)  # thresholds come from val: on test they do what they do


def test_before_the_opening_only_val_is_shown(sealed, tmp_path):
    pages.write(*sealed, tmp_path / "site")
    assert list(of_page(tmp_path / "site")["parts"]) == ["val"]
    text = (tmp_path / "site" / "what_if.md").read_text()
    assert "Test is sealed." in text and "on test" not in text
    assert set(pd.read_csv(tmp_path / "site" / "data" / "what_if.csv")["part"]) == {"val"}


def test_a_page_that_asks_for_test_too_early_is_refused(sealed, monkeypatch):
    monkeypatch.setattr(Facts, "parts", property(lambda _: ("val", "test")))
    with pytest.raises(SealError):
        what_if.made(Facts(*sealed))


def test_the_page_is_small_and_its_numbers_are_bound_or_marked(opened, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(opened.layout.root, copy)
    layout, author = Layout(copy), project.load(copy)
    index = pages.write(layout, author)
    assert "(what_if.md)" in index.read_text()
    page, table = index.parent / "what_if.md", index.parent / "data" / "what_if.csv"
    assert max(page.stat().st_size, table.stat().st_size) < MOST_BYTES
    assert set(of_page(index.parent)["parts"]) == {"val", "test"}
    assert "on test" in page.read_text() and "<!--claims budget_test-->" in page.read_text()
    assert page.read_text().count("(in use)") == 2
    shown = copy / "docs" / "shown.md"
    files.write_text(shown, page.read_text().replace("(index.md)", "(result/index.md)"))
    assert claims.check(copy, strict=True) == []
    edited = re.sub(r"(budget_test-->\s+.*\n.*\n\| 20 \|) 20", r"\1 21", shown.read_text())
    files.write_text(shown, edited)
    assert [problem.what for problem in claims.check(copy, strict=True)] != []


def test_no_name_ends_the_script(opened):
    facts = Facts(opened.layout, opened.project)
    facts.__dict__["chosen"] = opened.chosen.model_copy(update={"name": "</script><b>&amp;"})
    text = what_if._json(facts, operating.read(opened))
    assert not set("<&\n") & set(text)
    assert json.loads(text)["run"] == "</script><b>&amp;"


def test_events_without_amounts_are_told_in_counts(sealed, tmp_path):
    layout, author = sealed
    frame = pd.read_parquet(layout.examples).drop(columns="amount")
    files.write_parquet(layout.examples, frame)
    pages.write(layout, author, tmp_path / "site")
    part = of_page(tmp_path / "site")["parts"]["val"]
    assert part["value"] is None and "value" not in part["curves"]["daily"]
    points = pd.read_csv(tmp_path / "site" / "data" / "what_if.csv")
    assert "value_share" not in points
    curve, rule = part["curves"]["threshold"], author.decision
    missed = part["positives"] - np.array(curve["found"])
    false = np.array(curve["alerts"]) - curve["found"]
    cost = (rule.cost_miss * missed + rule.cost_false_alarm * false) / part["days"]
    shown = points.loc[points["way"] == "threshold", "cost_per_day"]
    assert np.allclose(shown, cost, rtol=1e-5)


def test_nothing_recorded_gives_a_page_that_says_so(tmp_path):
    layout, author = event_project.prepared(tmp_path / "new")
    made = what_if.made(Facts(layout, author))
    assert list(made) == ["what_if.md"] and "Not measured yet" in made["what_if.md"]


def test_projects_of_images_have_no_such_page(tmp_path):
    index = pages.write(*finished_project.shared(opened=True), tmp_path)
    assert not (tmp_path / "what_if.md").exists() and "what_if" not in index.read_text()


def test_a_score_without_probabilities_has_a_page_too(sealed):
    facts = Facts(*sealed)
    facts.__dict__["chosen"] = facts.deployed("detector")
    part = operating.read(facts)["val"]
    joined = events.scoring.join_run(
        facts.chosen, pd.read_parquet(facts.layout.run(facts.chosen.id) / "predictions.parquet"),
        facts.examples, "val",
    )  # fmt: skip
    for _, row in part.curves["threshold"].rows.iterrows():
        assert (joined.calibrated >= row["threshold"]).sum() == row["alerts"]


def test_scores_that_are_all_the_same_give_all_or_nothing(opened, monkeypatch):
    def tied(*given):
        joined = operating.scoring.join_run(opened.chosen, *given)
        same = np.full(len(joined.y), 0.25)
        return [dataclasses.replace(joined, stored=same, calibrated=same)]

    stored = pd.read_parquet(opened.layout.run(opened.chosen.id) / "predictions.parquet")
    monkeypatch.setattr(
        operating.building, "joined", lambda *_: tied(stored, opened.examples, "val")
    )
    curve = operating.read(opened)["val"].curves["threshold"].rows
    assert set(curve["alerts"]) == {0, len(tied(stored, opened.examples, "val")[0].y)}
    assert "not defined" in what_if.made(opened)["what_if.md"]


def test_alerted_counts_what_budgets_measure_ties_included():
    rng = np.random.default_rng(3)
    day, y = rng.integers(0, 4, 300), (rng.random(300) < 0.2).astype(int)
    score, amount = np.round(rng.random(300), 1), rng.gamma(2, 30, 300)
    sums = metrics.alerted_sums(day, y, score, [1, 7, 500], amount=amount)
    assert sums[-1] == pytest.approx([300, y.sum(), y @ amount])
    found = metrics.alert_budgets(
        day, y, score, [1, 7, 500], np.arange(300), amount=amount, resamples=10
    )
    for line, row in zip(sums, found, strict=True):
        assert line[1] / line[0] == pytest.approx(row["precision"].value)
        assert line[2] / (y @ amount) == pytest.approx(row["value_share"].value)
    with pytest.raises(MetricError, match="daily budget"):
        metrics.alerted_sums(day, y, score, [0])
