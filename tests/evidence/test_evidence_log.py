"""The chained log shows every edit, and every run that vanished."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from proofolio.contract import Layout, RunError
from proofolio.evidence import entries, log, verify_chain


def entry(run_id: str, status: str) -> dict:
    time = "2026-01-01T00:00:00Z"
    return {"id": run_id, "name": "n", "seed": 0, "time": time} | {
        "status": status,
        "config_sha256": "0" * 64,
    }


@pytest.fixture
def layout(tmp_path):
    """Three runs: one finished, one failed, one still open."""
    layout = Layout(tmp_path)
    for run_id, status in (("a", "finished"), ("b", "failed")):
        log.append(layout, entry(run_id, "started"))
        folder = layout.run(run_id)
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps({"status": status}))
        log.append(layout, entry(run_id, status))
    log.append(layout, entry("c", "started"))
    return layout


def edit(layout, change):
    lines = layout.runs_log.read_text().splitlines()
    layout.runs_log.write_text("\n".join(change(lines)) + "\n")


def test_an_untouched_log_is_clean(layout):
    assert verify_chain(layout) == []
    assert entries(layout)[0]["previous"] is None
    assert len({e["previous"] for e in entries(layout)}) == 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: [lines[0].replace('"seed": 0', '"seed": 1'), *lines[1:]], "chain is broken"),
        (lambda lines: lines[1:], "chain is broken"),
        (lambda lines: [*lines[:2], *lines[4:]], "chain is broken"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "chain is broken"),
        (lambda lines: lines[:3], "no line that ends it"),
        (lambda lines: [*lines[:4], "{half"], "not a JSON object"),
    ],
    ids=["edited", "first removed", "middle removed", "reordered", "cut", "torn"],
)
def test_every_edit_is_seen(layout, change, said):
    edit(layout, change)
    assert said in "; ".join(verify_chain(layout))


def test_a_removed_or_rewritten_failure_is_seen(layout):
    path = layout.run("b") / "run.json"
    path.write_text(json.dumps({"status": "finished"}))
    assert "runs.jsonl says failed" in verify_chain(layout)[0]
    path.unlink()
    assert "its run.json is gone" in verify_chain(layout)[0]


@pytest.mark.parametrize(
    ("run_id", "status", "said"),
    [
        ("a", "resumed", "after it ended"),
        ("x", "finished", "without having started"),
        ("c", "started", "starts a second time"),
        ("c", "odd", "unknown status"),
    ],
)
def test_lines_in_an_impossible_order_are_seen(layout, run_id, status, said):
    log.append(layout, entry(run_id, status))
    assert said in "; ".join(verify_chain(layout))


def test_a_run_ends_once(layout):
    assert log.append(layout, entry("c", "finished")) is True
    before = layout.runs_log.read_bytes()
    assert log.append(layout, entry("c", "failed")) is False
    assert layout.runs_log.read_bytes() == before


def test_a_torn_log_takes_no_further_line(layout):
    edit(layout, lambda lines: [*lines, "{half"])
    with pytest.raises(RunError, match="line 6"):
        log.append(layout, entry("c", "finished"))


def test_writers_beside_each_other_keep_the_chain(layout):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: log.append(layout, entry(f"t{i}", "started")), range(12)))
    assert len(entries(layout)) == 17 and verify_chain(layout) == []
