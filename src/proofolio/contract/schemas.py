"""Schemas of the evidence files; field names here are binding."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

ListedStrategy = Literal[
    "patient", "grouped", "stratified", "official", "temporal", "cross_validation"
]
Strategy = ListedStrategy | Literal["prequential"]
Purpose = Literal["primary", "robustness", "demonstration"]


class _Record(BaseModel):
    """Base of everything stored as JSON: unknown fields are refused, so typing errors are seen."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class Contract(_Record):
    """`evidence/contract.json`."""

    evidence_contract: Literal[1] = 1
    kind: Literal["image", "events"]
    project: str
    demo_data: bool


class Metric(_Record):
    """A value with its unit-clustered interval; `None` where it could not be measured."""

    value: float | None
    ci_low: float | None = None
    ci_high: float | None = None
    level: float = 0.95
    n: int
    n_units: int
    method: str
    resamples: int = 0
    degenerate: int = 0
    seed: int | None = None


class Dataset(_Record):
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


class SplitInfo(_Record):
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


class Finding(_Record):
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


class Change(_Record):
    """One dotted leaf of config that differs from the parent's."""

    key: str
    old: Any
    new: Any


class Fitted(_Record):
    """A fitted step and the part it was fitted on."""

    step: str
    part: str


class Git(_Record):
    """Where the code stood: commit, and whether anything but generated files differed from it."""

    commit: str | None
    dirty: bool | None


class Calibration(_Record):
    """How stored probabilities become calibrated ones."""

    method: Literal["temperature", "none"]
    temperature: float | None = None
    fitted_on: str | None = None


class Decision(_Record):
    """The threshold on the calibrated probability of the positive class, and how it was fixed."""

    threshold: float | None
    rule: str
    fitted_on: str | None = None


class ModelInfo(_Record):
    """What was fitted: `parameters` counts trainable and frozen weights together."""

    name: str
    parameters: int | None = None
    weights_source: str | None = None
    weights_sha256: str | None = None


class Tuned(_Record):
    """How a run belongs to a search over settings: as one of its trials, or as what came of it.

    `study` names start, space and data of the search. A trial has its number and stage. What came
    of the search has `picked`, the trial whose configuration it takes, and `trials`, how many had
    ended by then. The other two fields are null.
    """

    study: str
    stage: Literal["coarse", "fine"] | None = None
    trial: int | None = None
    trials: int | None = None
    picked: str | None = None


class Run(_Record):
    """`evidence/runs/<id>/run.json`, written last so that a kill never looks like tampering.

    `tuning` is absent from the file where it is None.
    """

    id: str
    name: str
    rung: str
    split: str
    status: Literal["finished", "failed", "pruned"]  # pruned: a trial that was stopped early
    error: str | None = None
    hypothesis: str
    parent: str | None = None
    changed: list[Change] = Field(default_factory=list)
    conclusion: str | None = None
    config: dict[str, Any]
    config_sha256: str
    seed: int
    fitted: list[Fitted] = Field(default_factory=list)
    runtime: dict[str, Any] = Field(default_factory=dict)
    argv: list[str]
    started: str
    finished: str
    wall_seconds: float
    git: Git
    source_sha256: str
    membership_sha256: str
    content_sha256: str
    parts_sha256: str
    environment: dict[str, Any]
    model: ModelInfo | None = None
    classes: list[str]
    positive_class: str | None = None
    calibration: Calibration | None = None
    decision: Decision | None = None
    predictions: Literal["kept", "not kept"] = "kept"
    predictions_sha256: str | None = None
    metrics: dict[str, dict[str, Metric]] = Field(default_factory=dict)
    tuning: Tuned | None = None

    @property
    def is_trial(self) -> bool:
        """Whether it is one trial of a search: recorded, and never a candidate by itself."""
        return self.tuning is not None and self.tuning.trial is not None

    def as_json(self) -> dict[str, Any]:
        """Return the fields as they are written."""
        told = self.model_dump()
        if self.tuning is None:
            del told["tuning"]
        return told


class Candidate(_Record):
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


class Choice(_Record):
    """The configuration that won, the ties named, the run whose seed is deployed."""

    name: str
    run: str
    ties: list[str] = Field(default_factory=list)


class Selection(_Record):
    """`evidence/selection.json`: what was decided before test was opened."""

    criterion: str
    part: Literal["val"] = "val"
    split: str
    candidates: list[Candidate]
    choice: Choice
    fixed_comparisons: list[str]
    prior_exposure: str
    written: str


class Result(_Record):
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


class Reference(_Record):
    """A published figure we stand beside."""

    id: str
    value: float
    metric: str
    data: str
    protocol: str
    source: str
    comparable: Literal["yes", "partly", "no"]
    why: str
