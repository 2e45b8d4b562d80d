"""Every two choices together: each pair is rendered, parses and lints; a few also run."""

import checked
import pytest
from answers import CHOICES, NASTY, all_pairs, pairs_of, possible
from rendering import render, run

from proofolio import verify

ROWS = all_pairs(CHOICES, possible)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    root = tmp_path_factory.mktemp("pairs")
    return root, [(render(root / f"{i}", **row), row) for i, row in enumerate(ROWS)]


def test_every_possible_pair_stands_in_a_row_and_no_impossible_one():
    seen = set().union(*map(pairs_of, ROWS))
    for name, values in CHOICES.items():
        for other in set(CHOICES) - {name}:
            for value in values:
                partners = {
                    dict(pair)[other]
                    for pair in seen
                    if {(name, value)} < set(pair) and other in dict(pair)
                }
                assert partners == {v for v in CHOICES[other] if possible({name: value, other: v})}
    assert all(map(possible, ROWS)) and len(ROWS) < 40


def test_a_missing_pair_would_be_seen():
    assert len(all_pairs({"a": ["1", "2"], "b": ["3", "4"], "c": ["5", "6"]}, possible)) == 4


def test_every_pair_gives_these_files_and_no_others(rendered):
    for folder, _ in rendered[1]:
        checked.these_files_and_no_others(folder)


def test_every_pair_parses(rendered):
    for folder, _ in rendered[1]:
        checked.everything_parses(folder)
        checked.title_survives_markdown(folder)


def test_answers_of_every_pair_arrive(rendered):
    for folder, row in rendered[1]:
        checked.answers_arrive_unchanged(folder, row)


def test_every_pair_lints(rendered):
    checked.lint_is_clean(rendered[0])


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["official", "temporal"])  # the others: runs, events, presets
def test_a_covering_few_run(strategy, tmp_path):
    row = next(row for row in ROWS if row["split_strategy"] == strategy)
    said = NASTY["description"].replace("claim", "note")  # `cards` refuses an unreadable claim
    folder = render(tmp_path, **row | {"description": said})
    printed = run(folder, "all", "--quick", package=row["package_name"])
    assert f"split primary ({strategy})" in printed
    assert not verify.run(folder / "work" / "quick").problems
