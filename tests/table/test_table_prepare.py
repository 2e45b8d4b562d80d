"""Preparing a table: evidence written once, files read once, faults named."""

import builders
import pandas as pd
import pytest

from proofolio import files, images, project, table
from proofolio.contract import Contract, Dataset, Layout, StaleError, TableError


@pytest.fixture
def made(tmp_path):
    """Return layout, project and author's table of a project with 24 pictures."""
    root = builders.write_project(tmp_path / "tiny")
    frame = builders.image_frame(root / "data/raw", units=8)
    return Layout(root), project.load(root), frame


def written(layout):
    """Return every file below evidence/ and the table, with its modification time."""
    found = [p for p in [*layout.evidence.rglob("*"), layout.table] if p.is_file()]
    return {p.name: p.stat().st_mtime_ns for p in found}


def counted_scans(monkeypatch):
    """Record the paths of each later scan."""
    scanned, real = [], images.scan

    def scan(root, paths, **options):
        scanned.append(list(paths))
        return real(root, paths, **options)

    monkeypatch.setattr(images, "scan", scan)
    return scanned


def test_what_is_written(made):
    layout, author, frame = made
    prepared = table.prepare(frame.sample(frac=1, random_state=1), layout, author)
    assert list(prepared["id"]) == sorted(frame["id"])
    dataset = Dataset.model_validate(files.read_json(layout.dataset))
    assert (dataset.n_examples, dataset.n_units, dataset.n_clusters) == (24, 8, 8)
    assert dataset.label_counts == {"healthy": 12, "sick": 12}
    assert dataset.columns.keys() == set(prepared)
    assert dataset.membership_sha256 == table.membership_sha256(frame)
    assert Contract.model_validate(files.read_json(layout.contract)).demo_data is True
    examples = table.read_examples(layout)
    assert list(examples) == ["id", "unit", "cluster", "label", "slice_site"]
    hashes = pd.read_parquet(layout.hashes)
    assert list(hashes) == ["id", "content", "perceptual"]
    assert table.content_sha256(hashes) == dataset.content_sha256
    assert layout.duplicates.read_text() == "a,b,kind,distance\n"
    pd.testing.assert_frame_equal(table.read(layout), prepared)


def test_row_order_and_a_second_call_change_nothing(made, monkeypatch):
    layout, author, frame = made
    first = table.prepare(frame, layout, author)
    before, scanned = written(layout), counted_scans(monkeypatch)
    again = table.prepare(frame.iloc[::-1], layout, author)
    assert scanned == []
    assert written(layout) == before
    pd.testing.assert_frame_equal(first, again)


def test_only_a_changed_file_is_read_again(made, monkeypatch):
    layout, author, frame = made
    first = table.prepare(frame, layout, author)
    raw = layout.root / "data/raw"
    changed, other = frame["path"][5], frame["path"][9]
    (raw / changed).write_bytes((raw / other).read_bytes())
    scanned = counted_scans(monkeypatch)
    again = table.prepare(frame, layout, author)
    assert scanned == [[changed]]
    differing = first["id"][first["content"] != again["content"]]
    assert list(differing) == [changed]
    pairs = pd.read_csv(layout.duplicates)
    assert pairs.to_dict("records") == [{"a": changed, "b": other, "kind": "exact", "distance": 0}]
    units = frame["unit"][[5, 9]]
    joined = again.loc[again["unit"].isin(units), "cluster"]
    assert set(joined) == {min(units)}
    assert again["cluster"].nunique() == 7


def test_an_unreadable_earlier_table_is_scanned_anew(made):
    layout, author, frame = made
    first = table.prepare(frame, layout, author)
    layout.table.write_bytes(b"not parquet")
    pd.testing.assert_frame_equal(table.prepare(frame, layout, author), first)


def test_a_missing_and_a_truncated_file_are_named(made):
    layout, author, frame = made
    first, second = (layout.root / "data/raw" / p for p in frame["path"][:2])
    whole = first.read_bytes()
    first.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TableError, match=rf"1 of 24 pictures.*\n.*\n.*{frame['path'][0]}"):
        table.prepare(frame, layout, author)
    second.unlink()
    with pytest.raises(TableError, match=rf"1 of 24 files are missing\n.*\n.*{frame['path'][1]}"):
        table.prepare(frame, layout, author)
    assert not layout.dataset.exists()


def test_a_label_outside_the_project_is_refused(made):
    layout, author, frame = made
    frame.loc[3, "label"] = "cured"
    with pytest.raises(TableError, match="a class of project"):
        table.prepare(frame, layout, author)


def test_reading_refuses_what_is_not_recorded(made):
    layout, author, frame = made
    with pytest.raises(TableError, match="prepare step"):
        table.read(layout)
    with pytest.raises(TableError, match=r"examples\.parquet is missing"):
        table.read_examples(layout)
    prepared = table.prepare(frame, layout, author)
    for column, hashed in (("unit", "membership"), ("content", "content")):
        values = [prepared[column][1], *prepared[column][1:]]
        if column == "unit":
            values[0] = "someone"
        files.write_parquet(layout.table, prepared.assign(**{column: values}))
        with pytest.raises(StaleError, match=hashed):
            table.read(layout)
    files.write_parquet(layout.table, prepared)
    layout.dataset.unlink()
    with pytest.raises(StaleError, match="missing"):
        table.read(layout)
