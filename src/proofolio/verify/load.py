"""Evidence read into the contract's schemas; whatever does not fit is reported and left out."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from proofolio import table
from proofolio.contract import (
    Contract,
    Dataset,
    Finding,
    Layout,
    ProjectError,
    Reference,
    Result,
    Run,
    Selection,
    SplitInfo,
)
from proofolio.project import Project
from proofolio.project import load as load_project
from proofolio.verify.report import Report

if TYPE_CHECKING:
    import pandas as pd

RESTORE = "restore it from git, or record it again"
_Schema = TypeVar("_Schema", bound=BaseModel)


class Access(BaseModel):
    """One line of `test_access.jsonl`."""

    time: str
    commit: str | None
    selection_sha256: str
    reason: str


class Registered(BaseModel):
    """One model of `registry.json`."""

    run: str
    weights: str | None
    weights_sha256: str | None
    commit: str | None
    tags: list[str]
    approved_by: str | None
    remade_by: str | None = None
    history: list[dict[str, Any]]


@dataclass
class Evidence:
    """Everything recorded, by name; None or absent where a file is missing or unreadable."""

    layout: Layout
    contract: Contract | None = None
    dataset: Dataset | None = None
    splits: dict[str, SplitInfo] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)  # run ids whose run.json breaks its schema
    selection: Selection | None = None
    accesses: list[Access] = field(default_factory=list)
    results: dict[str, Result] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    registry: dict[str, Registered] = field(default_factory=dict)
    project: Project | None = None
    examples: "pd.DataFrame | None" = None
    hashes: "pd.DataFrame | None" = None
    duplicates: "pd.DataFrame | None" = None
    parts: dict[str, "pd.DataFrame"] = field(default_factory=dict)  # those that match their hash
    full: bool = True  # False: no resampling, see `verify.examine`

    @property
    def events(self) -> bool:
        """Whether the project is one of events."""
        return self.contract is not None and self.contract.kind == "events"

    @property
    def primary(self) -> SplitInfo | None:
        """The split that numbers are published on."""
        return next((s for s in self.splits.values() if s.purpose == "primary"), None)

    def name(self, path: Path) -> str:
        """Return a path relative to the project, with `/`."""
        return path.relative_to(self.layout.root).as_posix()


def load(layout: Layout, report: Report) -> Evidence:
    """Return the evidence of a project; faults of format and schema go to the report."""
    e = Evidence(layout)
    e.contract = _one(e, report, layout.contract, Contract)
    e.dataset = _one(e, report, layout.dataset, Dataset)
    for path in sorted((layout.evidence / "splits").glob("*/split.json")):
        info = _one(e, report, path, SplitInfo)
        if info is not None:
            e.splits[path.parent.name] = info
    for path in sorted(layout.runs.glob("*/run.json")):
        run = _one(e, report, path, Run)
        if run is None:
            e.unreadable.add(path.parent.name)
        else:
            e.runs[path.parent.name] = run
    for path in sorted(layout.results.glob("*.json")):
        result = _one(e, report, path, Result)
        if result is not None:
            e.results[path.stem] = result
    e.selection = _one(e, report, layout.selection, Selection, required=False)
    _many(e, report)
    _project(e, report)
    _frames(e, report)
    return e


def read_json(path: Path, where: str, report: Report) -> Any:
    """Return a file's JSON, or None after reporting what the contract forbids in it."""
    try:
        text = path.read_bytes().decode("utf-8")
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, UnicodeDecodeError) as error:
        report.add("files", where, str(error), "write null for missing; " + RESTORE)
        return None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"JSON holds {name}, which is no JSON value")


def _one(
    e: Evidence, report: Report, path: Path, schema: type[_Schema], *, required: bool = True
) -> _Schema | None:
    if not path.is_file():
        if required:
            report.add("schema", e.name(path), "the file is missing", RESTORE)
        return None
    value = read_json(path, e.name(path), report)
    return None if value is None else _fit(value, schema, e.name(path), report)


def _fit(value: Any, schema: type[_Schema], where: str, report: Report) -> _Schema | None:
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        for fault in error.errors()[:5]:
            key = ".".join(map(str, fault["loc"])) or "the file"
            report.add("schema", where, f"{key}: {fault['msg']}", RESTORE)
        return None


def _many(e: Evidence, report: Report) -> None:
    """Read the files that hold lists: accesses, findings, references, registry."""
    path = e.layout.test_access
    if path.is_file():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            where = f"{e.name(path)}:{number}"
            try:
                access = _fit(json.loads(line), Access, where, report)
            except ValueError as error:
                report.add("files", where, str(error), RESTORE)
                continue
            e.accesses += [access] if access else []
    if e.layout.audit.is_file():
        value = read_json(e.layout.audit, e.name(e.layout.audit), report)
        found = value.get("findings") if isinstance(value, dict) else value
        fitted = [_fit(f, Finding, e.name(e.layout.audit), report) for f in found or []]
        e.findings = [finding for finding in fitted if finding]
    if e.layout.references.is_file():
        for entry in read_json(e.layout.references, e.name(e.layout.references), report) or []:
            _fit(entry, Reference, e.name(e.layout.references), report)
    if e.layout.registry.is_file():
        value = read_json(e.layout.registry, e.name(e.layout.registry), report) or {}
        for name, entry in value.get("models", {}).items():
            model = _fit(entry, Registered, f"{e.name(e.layout.registry)}:{name}", report)
            e.registry |= {name: model} if model else {}


def _project(e: Evidence, report: Report) -> None:
    if not e.layout.project.is_file():
        report.note("project.yaml is absent: declared seeds are not checkable")
        return
    try:
        e.project = load_project(e.layout.root)
    except ProjectError as error:
        report.add("schema", "project.yaml", str(error), "correct project.yaml")


def _frames(e: Evidence, report: Report) -> None:
    import pandas as pd

    layout = e.layout
    e.examples = _parquet(e, report, layout.examples, ["id", "unit", "cluster", "label"])
    if e.events:
        if e.examples is not None and "time" not in e.examples:
            report.add("schema", e.name(layout.examples), "columns missing: time", RESTORE)
            e.examples = None
        e.examples = None if e.examples is None else table.with_days(e.examples)
        return
    e.hashes = _parquet(e, report, layout.hashes, ["id", "content", "perceptual"])
    if layout.duplicates.is_file():
        e.duplicates = pd.read_csv(
            layout.duplicates, dtype={"a": str, "b": str, "kind": str}, keep_default_na=False
        )
    else:
        report.add("schema", e.name(layout.duplicates), "the file is missing", RESTORE)


def _parquet(e: Evidence, report: Report, path: Path, columns: list[str]) -> "pd.DataFrame | None":
    import pandas as pd

    if not path.is_file():
        report.add("schema", e.name(path), "the file is missing", RESTORE)
        return None
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        report.add("files", e.name(path), f"no Parquet file: {error}", RESTORE)
        return None
    missing = [name for name in columns if name not in frame]
    if missing:
        report.add("schema", e.name(path), f"columns missing: {', '.join(missing)}", RESTORE)
        return None
    return frame
