"""The chained log of runs, `evidence/runs.jsonl`: one line per start and end, none ever removed."""

from typing import Any

from filelock import FileLock

from proofolio import files, memo
from proofolio.contract import Layout, RunError
from proofolio.evidence import chain

OPENING = ("started", "resumed")
CLOSING = ("finished", "failed", "pruned")
_TIMEOUT_S = 60.0  # a line takes milliseconds; a minute of waiting means a hung process


def entries(layout: Layout) -> list[dict[str, Any]]:
    """Return the log's lines in order; raises RunError at a line that is not JSON."""
    read = lambda: [_entry(link) for link in chain.follow(_lines(layout))]  # noqa: E731
    return [*memo.once(("entries", layout.root), read)]


def append(layout: Layout, entry: dict[str, Any]) -> bool:
    """Append one line that carries the hash of the line before it; return whether it was added.

    The whole file is rewritten atomically under a lock: a kill leaves the log with or without the
    line. A closing line (finished, failed) is added once per run id.
    """
    layout.work.mkdir(parents=True, exist_ok=True)
    with FileLock(layout.work / "runs.jsonl.lock", timeout=_TIMEOUT_S):
        for left in layout.evidence.glob(f".{layout.runs_log.name}.*"):  # of a killed writer
            left.unlink()
        lines = _lines(layout)
        if entry["status"] in CLOSING and closing(layout, entry["id"]) is not None:
            return False
        lines.append(chain.linked(entry, chain.head(lines[-1] if lines else None)))
        files.write_text(layout.runs_log, "\n".join(lines) + "\n")
    return True


def closing(layout: Layout, run_id: str) -> dict[str, Any] | None:
    """Return the line that ended a run, or None while it is open or unknown."""
    for entry in entries(layout):
        if entry.get("id") == run_id and entry.get("status") in CLOSING:
            return entry
    return None


def verify_chain(layout: Layout) -> list[str]:
    """Return what is broken in the log: edited, removed or reordered lines, folders without lines.

    Checked: each line's `previous` is the SHA-256 of the line before it (null on the first); a
    run starts before it resumes or ends and ends once; every ended run has its `run.json` with
    the same status; every recorded run has its closing line.
    """
    problems, state = [], {}
    for link in chain.follow(_lines(layout)):
        where = f"runs.jsonl line {link.number}"
        try:
            entry = _entry(link)
        except RunError as error:
            problems.append(str(error).replace("\n", ";"))
            continue
        if not link.intact:
            problems.append(f"{where}: the chain is broken: its predecessor was edited or removed")
        fault = _order_fault(state.get(entry.get("id")), entry.get("status"))
        if fault:
            problems.append(f"{where}: run {entry.get('id')} {fault}")
        state[entry.get("id")] = entry.get("status")
    return problems + _folder_faults(layout, state)


def _order_fault(before: str | None, status: str | None) -> str | None:
    if status not in OPENING + CLOSING:
        return f"has the unknown status {status!r}"
    if status == "started":
        return None if before is None else "starts a second time"
    if before is None:
        return f"is {status} without having started"
    return f"is {status} after it ended" if before in CLOSING else None


def _folder_faults(layout: Layout, state: dict[str, str]) -> list[str]:
    problems = []
    for run_id in sorted(key for key, status in state.items() if status in CLOSING):
        path = layout.run(run_id) / "run.json"
        if not path.is_file():
            problems.append(f"run {run_id} is {state[run_id]} in runs.jsonl, its run.json is gone")
        elif files.read_json(path).get("status") != state[run_id]:
            problems.append(f"run {run_id}: runs.jsonl says {state[run_id]}, its run.json differs")
    for path in sorted(layout.runs.glob("*/run.json")):
        if state.get(path.parent.name) not in CLOSING:
            problems.append(
                f"run {path.parent.name} is recorded, but runs.jsonl has no line that ends it "
                "(killed in between, or a line was removed); train again to close it"
            )
    return problems


def _lines(layout: Layout) -> list[str]:
    if not layout.runs_log.is_file():
        return []
    text = layout.runs_log.read_bytes().decode("utf-8", errors="replace")
    return text.removesuffix("\n").split("\n") if text else []


def _entry(link: chain.Link) -> dict[str, Any]:
    if link.entry is None:
        raise RunError(
            f"runs.jsonl line {link.number} is not a JSON object",
            received=link.text[:80],
            remedy="restore evidence/runs.jsonl from git",
        )
    return link.entry
