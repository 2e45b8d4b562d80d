"""Schemas of one run: what `run.json` holds; field names here are binding."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """Base of everything stored as JSON: unknown fields are refused, so typing errors are seen."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class Metric(Record):
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


class Change(Record):
    """One dotted leaf of config that differs from the parent's."""

    key: str
    old: Any
    new: Any


class Fitted(Record):
    """A fitted step and the part it was fitted on."""

    step: str
    part: str


class Git(Record):
    """Where the code stood: commit, and whether anything but generated files differed from it."""

    commit: str | None
    dirty: bool | None


class Calibration(Record):
    """How stored probabilities become calibrated ones."""

    method: Literal["temperature", "none"]
    temperature: float | None = None
    fitted_on: str | None = None


class Decision(Record):
    """The threshold on the calibrated probability of the positive class, and how it was fixed."""

    threshold: float | None
    rule: str
    fitted_on: str | None = None


class ModelInfo(Record):
    """What was fitted: `parameters` counts trainable and frozen weights together."""

    name: str
    parameters: int | None = None
    weights_source: str | None = None
    weights_sha256: str | None = None


class Tuned(Record):
    """How a run belongs to a search over settings: as one of its trials, or as what came of it.

    `study` names start, space and data of the search. A trial has its number and stage. What came
    of the search has `picked`, the trial whose configuration it takes, and `trials`, how many had
    ended by then. The other two fields are null. `units` is the share of the units of train that a
    coarse trial learnt from, null where it was all.
    """

    study: str
    stage: Literal["coarse", "fine"] | None = None
    trial: int | None = None
    units: float | None = None
    trials: int | None = None
    picked: str | None = None


class Run(Record):
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
