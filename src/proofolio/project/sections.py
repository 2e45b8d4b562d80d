"""The parts of `project.yaml`, one class for each; `whole` puts them together."""

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from proofolio.contract import ListedStrategy, Purpose

PLACEHOLDER = "TODO"  # an answer that starts so, or is empty, counts as "not answered"


def answered(text: Any) -> bool:
    """Whether the author replaced a placeholder by an answer."""
    return bool(str(text or "").strip()) and not str(text).strip().upper().startswith(PLACEHOLDER)


class Section(BaseModel):
    """Base of every part of `project.yaml`: unknown keys are refused, so typing errors are seen."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class Problem(Section):
    """The specification a reader meets first; signed off by somebody."""

    statement: str
    decision: str  # the decision the model supports
    user: str
    harm_of_miss: str
    harm_of_false_alarm: str
    limit: str  # the strongest limit, said on the first screen
    not_for: str


class DataInfo(Section):
    """Where the data comes from; `raw` is the git-ignored folder of the untouched files."""

    name: str
    version: str
    variant: str
    license: str
    homepage: str
    citation: str
    how_to_get: str
    raw: str = "data/raw"


class SplitSpec(Section):
    """One split to make. `official` reads the table's column `official` (train, test, excluded)."""

    name: str = "primary"
    strategy: ListedStrategy
    purpose: Purpose = "primary"
    stratify_by: list[str] = Field(default_factory=lambda: ["label"])
    seed: int = 0
    fractions: dict[str, float] = Field(
        default_factory=lambda: {"train": 0.6, "val": 0.1, "calib": 0.1, "test": 0.2}
    )
    folds: int = 5
    holdout: Literal["drawn", "official"] = "drawn"  # of a cross_validation; official: as above
    crossing: Literal["train", "both"] = "train"  # which published side gives way to look-alikes
    classes: list[str] | None = Field(default=None, min_length=2)  # null: the project's
    rationale: str


class PrequentialSpec(Section):
    """One split of events: folds of a training, a delay and a scored window, newest first.

    Windows are whole days, half open. `start` is the first day of the newest test fold's training;
    older folds begin `step_days` earlier each. Scored validation windows end `delay_days` before
    the first scored test window begins, so that their labels are known by then. A unit with a
    positive event that is known by a scored day is left out from that day on; events count from
    `removal_days` before the delay, however long the training is.
    """

    name: str = "primary"
    strategy: Literal["prequential"]
    purpose: Purpose = "primary"
    start: date
    train_days: int = Field(ge=1)
    delay_days: int = Field(ge=0)
    score_days: int = Field(ge=1)
    step_days: int = Field(ge=1)
    validation_folds: int = Field(ge=1)
    test_folds: int = Field(ge=1)
    remove_known: bool = True
    removal_days: int = Field(default=7, ge=0)
    classes: None = None
    rationale: str

    @model_validator(mode="after")
    def _apart(self) -> "PrequentialSpec":
        if self.step_days < self.score_days:
            raise ValueError(
                f"split {self.name}: step_days {self.step_days} is below score_days "
                f"{self.score_days}, so an event would be scored twice; remedy: a longer step"
            )
        return self


class PrimaryMetric(Section):
    """The metric that chooses on val, with the target stated before training."""

    primary: str
    target: float | None = None
    reason: str


class DecisionRule(Section):
    """How a probability becomes an action; fitted on calib (events: on val).

    Costs are relative, for two classes. Events with amounts: `cost_miss` is a share of the amount
    missed, and `cost_false_alarm` the price of every alert. `budget`: `target` alerts a day.
    """

    rule: Literal["argmax", "sensitivity", "cost", "budget"]
    target: float | None = None
    cost_miss: float = 1.0
    cost_false_alarm: float = 1.0
    reason: str


class Experiment(Section):
    """One configuration of the ladder: a first run of a rung, or one change to a parent.

    What came of tuning (`tuned`) may change several keys: those of the best recorded trial.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    rung: str
    title: str | None = None  # a few words for readers, on first screens; null: the name
    hypothesis: str
    config: dict[str, Any] | None = None
    parent: str | None = None
    change: dict[str, Any] | None = None  # {dotted.leaf.key: new value}: exactly one
    tuned: bool = False
    split: str = "primary"
    seeds: list[int] | None = None  # a subset of the project's; null means all
    conclusion: str | None = None  # written by the author after the run

    @model_validator(mode="after")
    def _one_origin(self) -> "Experiment":
        if (self.parent is None) == (self.config is None):
            raise ValueError(f"experiment {self.name}: give either config, or parent and change")
        if (self.parent is None) != (self.change is None):
            raise ValueError(f"experiment {self.name}: parent and change go together")
        if self.tuned and self.parent is None:
            raise ValueError(f"experiment {self.name}: tuned needs the parent that was tuned")
        if self.change is not None and len(self.change) != 1 and not self.tuned:
            raise ValueError(
                f"experiment {self.name}: change names {len(self.change)} keys, exactly one may "
                "differ from the parent; remedy: split it into several experiments"
            )
        return self


class AskedResult(Section):
    """A result beyond the standing ones, computed from stored predictions by its kind.

    `config` and `versus` name configurations of the ladder; kinds about one run take the run of the
    first seed. On part test it is computed once test was opened for these configurations.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: str
    config: str
    part: Literal["val", "calib", "test"] = "val"
    versus: str | None = None
    versus_part: Literal["val", "calib", "test"] | None = None
    metric: str | None = None  # null: the primary one
    parameters: dict[str, Any] = Field(default_factory=dict)


class Quick(Section):
    """The smoke run: so many units, and these dotted config keys overridden where they exist."""

    units: int = 24
    overrides: dict[str, Any] = Field(default_factory=dict)


class SignOff(Section):
    """Who accepted the specification, and when (ISO date)."""

    by: str
    date: str

    @field_validator("date", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        """YAML reads an unquoted date as a date; keep its ISO form."""
        return value.isoformat() if isinstance(value, date) else value
