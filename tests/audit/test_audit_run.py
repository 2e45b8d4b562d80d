import numpy as np
import pytest
from audit_tables import pairs_of, spec
from builders import example_frame, project_dict

from proofolio import audit, files, splits
from proofolio import table as table_room
from proofolio.contract import Layout, SealError, StaleError
from proofolio.project import Project


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """A prepared project without pictures; its table is read as `table.read` returns it."""
    layout, table = Layout(tmp_path), example_frame(units=80)
    monkeypatch.setattr(table_room, "read", lambda layout: table, raising=False)
    digest = table_room.membership_sha256(table)
    files.write_json(layout.dataset, {"membership_sha256": digest})
    files.write_text(layout.duplicates, pairs_of().to_csv(index=False))
    project = Project.model_validate(project_dict())
    splits.write(layout, splits.make(table, project.primary_split))
    return layout, project, table


def test_findings_are_written_sorted_and_repeat(prepared):
    layout, project, _ = prepared
    found = audit.run(layout, project)
    written = files.read_json(layout.audit)["findings"]
    assert [f["check"] for f in written] == sorted(f["check"] for f in written)
    assert [f.model_dump() for f in found] == written
    before = layout.audit.stat().st_mtime_ns
    audit.run(layout, project)
    assert layout.audit.stat().st_mtime_ns == before


def test_test_stays_sealed_until_its_opening_is_recorded(prepared):
    layout, project, _ = prepared
    with pytest.raises(SealError, match="proofolio evaluate"):
        audit.run(layout, project, test=True)
    assert not layout.audit.exists()
    assert not any("test" in f.check for f in audit.run(layout, project))
    files.write_text(layout.test_access, "{}\n")
    for asked in (True, False):  # a later audit keeps what the opening found
        found = audit.run(layout, project, test=asked)
        assert any(f.check == "shortcut_test" for f in found)


def test_recorded_duplicates_are_read(prepared):
    layout, project, _ = prepared
    parts = splits.read(layout, "primary").set_index("id")["part"]
    a = parts.index[parts == "train"][0]
    b = parts.index[parts == "val"][0]
    pair = pairs_of((min(a, b), max(a, b), "near", 4))
    files.write_text(layout.duplicates, pair.to_csv(index=False))
    found = {f.check: f for f in audit.run(layout, project)}
    assert found["duplicates_across_parts"].status == "fail"
    layout.duplicates.unlink()
    found = {f.check: f for f in audit.run(layout, project)}
    assert found["duplicates_across_parts"].status == "pass"


def test_edited_parts_are_refused(prepared):
    layout, project, _ = prepared
    path = layout.split("primary") / "parts.csv"
    path.write_text(path.read_text().replace(",val,", ",train,", 1))
    with pytest.raises(StaleError, match=r"parts\.csv was changed"):
        audit.run(layout, project)


def test_order_of_rows_and_splits_does_not_matter(prepared):
    _, _, table = prepared
    rng = np.random.default_rng(0)
    table = table.assign(brightness=rng.normal(size=len(table)))
    made = [
        splits.make(table, spec()),
        splits.make(table, spec(seed=3, name="b", purpose="robustness")),
    ]
    listed = [(s.info, s.parts) for s in made]
    one = audit.findings(table, listed, pairs_of(), ["healthy", "sick"])
    other = table.sample(frac=1, random_state=0)
    assert audit.findings(other, listed[::-1], pairs_of(), ["healthy", "sick"]) == one
