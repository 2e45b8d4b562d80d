"""Schemas of the evidence files; field names here are binding."""

from typing import Any, Literal

from pydantic import Field

from proofolio.contract.runs import Record

ListedStrategy = Literal[
    "patient", "grouped", "stratified", "official", "temporal", "cross_validation"
]
Strategy = ListedStrategy | Literal["prequential"]
Purpose = Literal["primary", "robustness", "demonstration"]


class Contract(Record):
    """`evidence/contract.json`."""

    evidence_contract: Literal[1] = 1
    kind: Literal["image", "events"]
    project: str
    demo_data: bool


class Dataset(Record):
    """`evidence/dataset.json`."""

    name: str
    version: str
    variant: str
    license: str
    homepage: str
    citation: str
    how_to_get: str
    n_examples: int
    n_units: int
    n_clusters: int
    unit: str
    label_counts: dict[str, int]
    columns: dict[str, str]
    membership_sha256: str
    content_sha256: str
    preprocessing_sha256: str | None = None


class SplitInfo(Record):
    """`evidence/splits/<name>/split.json`; `achieved` and `balance` describe what was reached.

    `classes` are those of this split alone. `windows`, `removed_sha256` and `scored_sha256` are of
    events: what the folds follow from, and the hashes of `removed.csv` and of the scored rows. All
    four are absent from the file where they are None.
    """

    name: str
    strategy: Strategy
    purpose: Purpose
    unit: str
    stratify_by: list[str]
    seed: int
    fractions: dict[str, float]
    rationale: str
    folds: int | None = None
    classes: list[str] | None = None
    achieved: dict[str, float] = Field(default_factory=dict)
    balance: dict[str, dict[str, float]] = Field(default_factory=dict)
    membership_sha256: str
    parts_sha256: str
    windows: dict[str, Any] | None = None
    removed_sha256: str | None = None
    scored_sha256: str | None = None

    @property
    def by_time(self) -> bool:
        """Whether the split is one of events: windows of time, and no list of ids."""
        return self.strategy == "prequential"

    @property
    def fitting_part(self) -> str:
        """The part that calibration and thresholds are fitted on: events have no calib."""
        return "val" if self.by_time else "calib"

    def as_json(self) -> dict[str, Any]:
        """Return the fields as they are written."""
        told = self.model_dump()
        extra = ("classes", "windows", "removed_sha256", "scored_sha256")
        return {k: v for k, v in told.items() if v is not None or k not in extra}


class Finding(Record):
    """One line of `evidence/audit.json`."""

    check: str
    split: str | None
    status: Literal["pass", "warn", "fail", "not_applicable"]
    statistic: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    threshold: float | None = None
    n: int = 0
    explanation: str


class Candidate(Record):
    """One finished configuration with its value on val, mean over seeds.

    `split` is absent on the selection's own split; a comparison declared on another one names it,
    is opened with the others, and is never chosen from. `trials` is absent but where the
    configuration came of tuning: so many were tried for it.
    """

    name: str
    rung: str
    runs: list[str]
    value: float | None
    split: str | None = None
    trials: int | None = None


class Choice(Record):
    """The configuration that won, the ties named, the run whose seed is deployed."""

    name: str
    run: str
    ties: list[str] = Field(default_factory=list)


class Selection(Record):
    """`evidence/selection.json`: what was decided before test was opened."""

    criterion: str
    part: Literal["val"] = "val"
    split: str
    candidates: list[Candidate]
    choice: Choice
    fixed_comparisons: list[str]
    prior_exposure: str
    written: str


class Result(Record):
    """`evidence/results/<name>.json`: anything a reader is told that is not one run's metric."""

    kind: str
    value: float | None = None
    table: list[dict[str, Any]] | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    level: float | None = None
    n: int | None = None
    n_units: int | None = None
    method: str
    inputs: dict[str, Any]
    parameters: dict[str, Any] = Field(default_factory=dict)
    seed: int | None = None
    how: str
    hardware: str | None = None


class Reference(Record):
    """A published figure we stand beside."""

    id: str
    value: float
    metric: str
    data: str
    protocol: str
    source: str
    comparable: Literal["yes", "partly", "no"]
    why: str
