"""Every way to tamper with the decision log is caught; a killed writer's log is continued."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from proofolio.evidence import chain
from proofolio_torch.service.anchored import anchors_of, verify
from proofolio_torch.service.decisions import DecisionLog
from proofolio_torch.service.refusals import ServiceError


@pytest.fixture
def path(tmp_path):
    """A closed log of 25 lines, anchored at 0, 10, 20 and 25."""
    with DecisionLog(tmp_path / "log.jsonl", every=10) as log:
        for i in range(25):
            log.append([{"id": f"t{i}", "score": i / 25}])
    return tmp_path / "log.jsonl"


def rewritten(lines: list[str]) -> list[str]:
    """Return lines that chain again, as somebody who knows the format would make them."""
    result, last = [], None
    for number, line in enumerate(lines, 1):
        result.append(chain.linked({**json.loads(line), "line": number}, last))
        last = chain.head(result[-1])
    return result


EDITS = {
    "an edited line": (lambda x: [*x[:3], x[3].replace("0.12", "0.92"), *x[4:]], "line 5"),
    "the last line edited": (lambda x: [*x[:-1], x[-1].replace("0.96", "0.01")], "line 25"),
    "a removed line": (lambda x: [*x[:7], *x[8:]], "edited, removed or moved"),
    "the first line removed": (lambda x: x[1:], "line 1:"),
    "a reordered pair": (lambda x: [*x[:4], x[5], x[4], *x[6:]], "line 5"),
    "an inserted line": (lambda x: [*x[:4], x[3], *x[4:]], "line 5"),
    "a line that is no JSON": (lambda x: [*x[:4], "gone", *x[5:]], "not a JSON object"),
    "cut off at the end": (lambda x: x[:-1], "cut off"),
    "cut off to an anchor": (lambda x: x[:20], "cut off"),
    "emptied": (lambda x: [], "cut off"),
    "edited and chained anew": (
        lambda x: rewritten([*x[:3], x[3].replace("0.12", "0.92"), *x[4:]]),
        "written anew",
    ),
    "removed and chained anew": (lambda x: rewritten([*x[:12], *x[13:]]), "written anew"),
}


@pytest.mark.parametrize("case", EDITS)
def test_tampering_is_caught(path, case):
    change, words = EDITS[case]
    assert verify(path).problems == []
    lines = change(path.read_text().splitlines())
    path.write_text("".join(f"{line}\n" for line in lines))
    assert any(words in problem for problem in verify(path).problems)
    before = path.read_bytes()
    with pytest.raises(ServiceError, match="does not verify"):
        DecisionLog(path)
    assert path.read_bytes() == before


def test_a_line_cut_off_in_its_middle_is_caught(path):
    path.write_bytes(path.read_bytes()[:-9])
    assert any("in its middle" in problem for problem in verify(path).problems)
    with pytest.raises(ServiceError, match="25 lines were anchored, 24 are left"):
        DecisionLog(path)


def test_a_log_that_vanished_is_caught(path):
    path.unlink()
    assert verify(path).problems
    with pytest.raises(ServiceError):
        DecisionLog(path)


def test_vanished_anchors_are_caught(path):
    anchors_of(path, None).unlink()
    assert any("missing" in problem for problem in verify(path).problems)
    with pytest.raises(ServiceError):
        DecisionLog(path)


def test_edited_anchors_are_caught(path):
    anchors = anchors_of(path, None)
    anchors.write_text(anchors.read_text().replace('"lines": 20', '"lines": 19'))
    assert any("written anew" in problem for problem in verify(path).problems)
    anchors.write_text("nothing\n")
    assert any("not an anchor" in problem for problem in verify(path).problems)


def test_who_rewrites_log_and_anchors_is_caught_by_a_head_kept_outside(path, tmp_path):
    head = verify(path).head.text
    other = tmp_path / "other" / "log.jsonl"
    with DecisionLog(other) as log:
        log.append([{"id": f"t{i}", "score": 0.0} for i in range(25)])
    path.write_bytes(other.read_bytes())
    anchors_of(path, None).write_bytes(anchors_of(other, None).read_bytes())
    assert verify(path).problems == []
    assert any("written anew" in problem for problem in verify(path, head=head).problems)
    with pytest.raises(ServiceError, match="head"):
        verify(path, head="x")


def test_it_is_continued(path):
    with DecisionLog(path, every=10) as log:
        log.append([{"id": "more"}, {"id": "and more"}])
        assert log.head.lines == 27
    verdict = verify(path)
    assert (verdict.problems, verdict.head, verdict.anchored) == ([], log.head, 27)
    assert [json.loads(x)["line"] for x in path.read_text().splitlines()] == list(range(1, 28))


def test_a_torn_line_after_the_anchor_is_cut_off_and_said(path):
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"at": "2026-')
    anchors = anchors_of(path, None)
    anchors.write_bytes(anchors.read_bytes() + b'{"at"')
    assert len(verify(path).problems) == 2
    with DecisionLog(path) as log:
        log.append([{"id": "next"}])
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert path.read_bytes().startswith(whole)
    assert (lines[25]["kind"], lines[25]["dropped_bytes"], lines[26]["id"]) == (
        "recovered",
        13,
        "next",
    )
    assert verify(path).problems == []


KILLED = """
import os, sys
from proofolio_torch.service.decisions import DecisionLog
log = DecisionLog(sys.argv[1], every=7)
for i in range(10**6):
    log.append([{"id": f"t{i}", "text": "x" * 5000}])
    print(i, flush=True)
"""


def test_what_was_written_survives_a_kill(tmp_path):
    path = tmp_path / "log.jsonl"
    writer = subprocess.Popen([sys.executable, "-c", KILLED, path], stdout=subprocess.PIPE)
    told = [int(writer.stdout.readline()) for _ in range(30)]
    with pytest.raises(ServiceError, match="another process"):
        DecisionLog(path)
    writer.kill()
    writer.wait()
    writer.stdout.close()
    with DecisionLog(path) as log:
        assert log.head.lines > told[-1]
    assert verify(path).problems == []


def test_many_threads_give_one_chain(tmp_path):
    with DecisionLog(tmp_path / "log.jsonl", every=9) as log, ThreadPoolExecutor(8) as pool:
        heads = list(pool.map(lambda i: log.append([{"id": f"{i}a"}, {"id": f"{i}b"}]), range(100)))
    assert sorted(head.lines for head in heads) == list(range(2, 201, 2))
    assert verify(tmp_path / "log.jsonl").problems == []


def test_a_full_disk_leaves_the_log_whole(path, monkeypatch):
    real = os.write
    with DecisionLog(path) as log:

        def full(handle, data):
            if handle == log._file:
                real(handle, data[:5])
                raise OSError(28, "No space left on device")
            return real(handle, data)

        monkeypatch.setattr(os, "write", full)
        with pytest.raises(ServiceError, match="cannot be written"):
            log.append([{"id": "lost"}])
        monkeypatch.undo()
        log.append([{"id": "kept"}])
    assert verify(path).problems == [] and "lost" not in path.read_text()


def test_a_closed_log_takes_no_line(path):
    log = DecisionLog(path)
    log.close()
    log.close()
    with pytest.raises(ServiceError, match="closed"):
        log.append([{"id": "late"}])
