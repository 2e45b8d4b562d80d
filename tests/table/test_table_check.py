"""The table's schema: each breach is refused with its first offenders, their count, the remedy."""

import builders
import numpy as np
import pandas as pd
import pytest

from proofolio import table
from proofolio.contract import TableError


def rows(n=8, **changes):
    """A sound author's table of `n` rows, in reverse order."""
    frame = pd.DataFrame(
        {
            "id": [f"e{k}" for k in range(n)],
            "unit": [f"u{k // 2}" for k in range(n)],
            "label": ["sick" if k % 2 else "healthy" for k in range(n)],
            "path": [f"a/e{k}.png" for k in range(n)],
        }
    )
    return frame.assign(**changes).iloc[::-1]


def test_a_sound_table_comes_back_sorted_whatever_its_order():
    shuffled = rows().sample(frac=1, random_state=np.random.default_rng(0))
    first, second = table.check(rows()), table.check(shuffled)
    assert list(first["id"]) == [f"e{k}" for k in range(8)]
    pd.testing.assert_frame_equal(first, second)
    assert table.membership_sha256(rows()) == table.membership_sha256(shuffled)


def test_optional_columns_pass():
    time = pd.date_range("2020-01-01", periods=8)
    frame = table.check(rows(time=time, official="train", slice_site="north", width=3))
    assert {"time", "official", "slice_site", "width"} <= set(frame)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": "e0"}, ["id: 8 row(s)", "row 0 'e0'", ", …", "drop repeated rows"]),
        ({"unit": ["u", None] * 4}, ["unit: 4 row(s)", "row 1 (e6)", "a value in every row"]),
        ({"unit": range(8)}, ["unit: 8 row(s)", "astype(str)"]),
        ({"label": [" sick"] + ["sick"] * 7}, ["label: 1 row(s): row 0 (e7) ' sick'"]),
        ({"label": ["ill"] * 3 + ["sick"] * 5}, ["label: 3 row(s)", "'ill'", "project.yaml"]),
        ({"id": [f"e,{k}" for k in range(8)]}, ["no comma"]),
        ({"unit": "a\nb"}, ["line breaks"]),
        ({"path": "/data/e.png"}, ["path: 8 row(s)", "relative_to"]),
        ({"path": "a/../../e.png"}, ["below the raw folder"]),
        ({"path": "a\\e.png"}, ["'/'"]),
        ({"time": "2020"}, ["time: ", "pd.to_datetime"]),
        ({"official": "dev"}, ["official: 8 row(s)", "train, test or excluded"]),
        ({"slice_age": [np.nan] * 8}, ["slice_age: 8 row(s)"]),
        ({"site": "north"}, ["table: only known", "unknown column(s) site", "slice_<name>"]),
    ],
)
def test_each_breach_is_told(changes, said):
    # The values are given for the reversed rows, so row 0 is e7.
    with pytest.raises(TableError) as refused:
        table.check(rows().assign(**changes), classes=["healthy", "sick"])
    for part in said:
        assert part in str(refused.value)


def test_two_breaches_are_told_at_once():
    with pytest.raises(TableError, match=r"breaks 2 rule\(s\)"):
        table.check(rows(site="north").drop(columns="unit"))


def test_a_missing_path_matters_to_images_only():
    bare = rows().drop(columns="path")
    with pytest.raises(TableError, match=r"missing column\(s\) path"):
        table.check(bare)


def test_an_empty_table_and_an_empty_class_are_refused():
    with pytest.raises(TableError, match="no rows"):
        table.check(rows().iloc[:0])
    with pytest.raises(TableError, match="none of healthy"):
        table.check(rows(label="sick"), classes=["healthy", "sick"])


def test_hashes_see_each_member_and_each_content():
    frame = builders.example_frame(units=4)
    moved = frame.assign(unit=["p009", *frame["unit"][1:]])
    edited = frame.assign(content=["0" * 63 + "f", *frame["content"][1:]])
    assert table.membership_sha256(moved) != table.membership_sha256(frame)
    assert table.membership_sha256(edited) == table.membership_sha256(frame)
    assert table.content_sha256(edited) != table.content_sha256(frame)
