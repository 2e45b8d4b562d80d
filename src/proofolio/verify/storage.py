"""The folder itself: its size, names that every system can hold, plain text, no NaN."""

import json
from collections.abc import Iterator
from pathlib import Path

from proofolio.verify.load import RESTORE, Evidence
from proofolio.verify.report import Report

LARGEST = 30_000_000  # bytes of evidence/
_FORBIDDEN = set('<>:"\\|?*')
_RESERVED = {"con", "prn", "aux", "nul"} | {f"{d}{i}" for d in ("com", "lpt") for i in range(1, 10)}
_TEXT = {".json", ".jsonl", ".csv", ".svg"}
_KNOWN = _TEXT | {".parquet", ".safetensors", ".onnx"}


def check(e: Evidence, report: Report) -> None:
    """Report files that are too big, oddly named, not plain, or left over."""
    paths = sorted(p for p in e.layout.evidence.rglob("*") if p.is_file())
    size = sum(path.stat().st_size for path in paths)
    if size >= LARGEST:
        what = f"evidence/ holds {size / 1e6:.1f} MB, the limit is {LARGEST / 1e6:.0f} MB"
        report.add("files", "evidence", what, 'drop predictions nothing cites ("not kept")')
    seen: dict[str, str] = {}
    for path in paths:
        where = e.name(path)
        if path.name.startswith("."):
            report.note(f"{where} is a left-over of a killed writer; it may be removed")
            continue
        for fault in _name_faults(path.relative_to(e.layout.evidence)):
            report.add("files", where, fault, "rename what it belongs to")
        twin = seen.setdefault(where.casefold(), where)
        if twin != where:
            report.add("files", where, f"differs from {twin} by case only", "rename one of them")
        if path.suffix not in _KNOWN:
            report.add("files", where, "no format of the contract", "keep it outside evidence/")
        if path.suffix in _TEXT:
            _text(path, where, report)


def _name_faults(path: Path) -> Iterator[str]:
    for part in path.parts:
        if set(part) & _FORBIDDEN or any(ord(c) < 32 for c in part):
            yield f"{part!r} holds a character that Windows forbids"
        if part.endswith((".", " ")):
            yield f"{part!r} ends in a way that Windows forbids"
        if part.split(".")[0].casefold() in _RESERVED:
            yield f"{part!r} is a device name on Windows"


def _text(path: Path, where: str, report: Report) -> None:
    data = path.read_bytes()
    if b"\r" in data:
        report.add("files", where, "line ends are not LF", "mark evidence/** -text; " + RESTORE)
    documents = data.splitlines() if path.suffix == ".jsonl" else [data]
    if path.suffix not in (".json", ".jsonl"):
        return
    for document in documents:
        try:
            json.loads(document, parse_constant=_not_json, object_pairs_hook=_sorted)
        except (ValueError, UnicodeDecodeError) as error:
            report.add("files", where, str(error), "write null for missing; " + RESTORE)


def _not_json(name: str) -> None:
    raise ValueError(f"JSON holds {name}, which is no JSON value")


def _sorted(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = [key for key, _ in pairs]
    if keys != sorted(set(keys)):
        raise ValueError(f"JSON keys are not sorted, or stand twice: {', '.join(keys[:5])} ...")
    return dict(pairs)
