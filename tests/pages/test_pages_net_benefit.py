"""The decision-curve page: its numbers are the recorded ones, and it stands where it belongs."""

import json
import re

import finished_project
import many_classes
import numpy as np
import pandas as pd
import pytest

from proofolio import pages
from proofolio.figures import Facts
from proofolio.pages import net_benefit


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    layout, author = finished_project.shared(opened=True)
    return pages.write(layout, author, tmp_path_factory.mktemp("into") / "case")


def test_net_benefit_is_that_of_the_recorded_decision_curve(index):
    facts = Facts(*finished_project.shared(opened=True))
    table = pd.read_csv(index.parent / "data" / "net_benefit.csv")
    for part in facts.parts:
        recorded = pd.DataFrame(facts.results[f"decision_curve_{part}"].table)
        ours = table[(table["part"] == part) & (table["name"] == facts.chosen.name)]
        both = ours.assign(threshold=ours["threshold"].round(6)).merge(
            recorded.assign(threshold=recorded["threshold"].round(6)), on="threshold"
        )
        assert len(both) > 10
        assert np.allclose(both["net_benefit"], both["model"], atol=1e-5)
        assert np.allclose(both["treat_all_x"], both["treat_all_y"], atol=1e-5)


def test_the_rates_at_the_threshold_in_use_are_the_recorded_ones(index):
    facts = Facts(*finished_project.shared(opened=True))
    table = pd.read_csv(index.parent / "data" / "net_benefit.csv")
    used = table[table["in_use"] & (table["name"] == facts.chosen.name)].set_index("part")
    for part in facts.parts:
        measured = facts.chosen.metrics[part]
        for rate in ("sensitivity", "specificity"):
            assert used.loc[part, rate] == pytest.approx(measured[rate].value, abs=1e-5)


def test_the_page_holds_its_counts_and_a_table_for_readers_without_scripts(index):
    text = (index.parent / "net_benefit.md").read_text()
    told = json.loads(re.search(r'id="net-benefit-data">(.*?)</script>', text)[1])
    assert told["order"] == ["val", "test"] and told["names"][0] == "good"
    entry = told["parts"]["test"]["good"]
    assert len(entry["tp"]) == len(entry["threshold"]) and entry["in_use"] is not None
    assert text.count("(in use)") == 2 and "http" not in text.split("## How")[0]
    assert (index.parent / "net_benefit" / "net_benefit.js").is_file()
    assert "(net_benefit.md)" in (index.parent / "decision.md").read_text()


def test_before_the_opening_nothing_of_test_is_counted(tmp_path):
    index = pages.write(*finished_project.shared(opened=False), tmp_path)
    table = pd.read_csv(index.parent / "data" / "net_benefit.csv")
    assert set(table["part"]) == {"val"}


def test_of_several_classes_there_is_no_such_page(tmp_path):
    layout, author = many_classes.finish(tmp_path / "project", opened=True)
    assert net_benefit.made(Facts(layout, author)) == {}
