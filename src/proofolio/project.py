"""`project.yaml`: what the author decides and answers, checked when it is read."""

from datetime import date
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from proofolio.contract import Layout, ProjectError, Purpose, Reference, Strategy

PLACEHOLDER = "TODO"  # an answer that starts so, or is empty, counts as "not answered"


def answered(text: Any) -> bool:
    """Whether the author replaced a placeholder by an answer."""
    return bool(str(text or "").strip()) and not str(text).strip().upper().startswith(PLACEHOLDER)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class Problem(_Section):
    """The specification a reader meets first; signed off by somebody."""

    statement: str
    decision: str  # the decision the model supports
    user: str
    harm_of_miss: str
    harm_of_false_alarm: str
    limit: str  # the strongest limit, said on the first screen
    not_for: str


class DataInfo(_Section):
    """Where the data comes from; `raw` is the git-ignored folder of the untouched files."""

    name: str
    version: str
    variant: str
    license: str
    homepage: str
    citation: str
    how_to_get: str
    raw: str = "data/raw"


class SplitSpec(_Section):
    """One split to make. `official` reads the table's column `official` (train, test, excluded)."""

    name: str = "primary"
    strategy: Strategy
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


class PrimaryMetric(_Section):
    """The metric that chooses on val, with the target stated before training."""

    primary: str
    target: float | None = None
    reason: str


class DecisionRule(_Section):
    """How a probability becomes an action; fitted on calib. Costs are relative, for two classes."""

    rule: Literal["argmax", "sensitivity", "cost"]
    target: float | None = None
    cost_miss: float = 1.0
    cost_false_alarm: float = 1.0
    reason: str


class Experiment(_Section):
    """One configuration of the ladder: a first run of a rung, or one change to a parent."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    rung: str
    hypothesis: str
    config: dict[str, Any] | None = None
    parent: str | None = None
    change: dict[str, Any] | None = None  # {dotted.leaf.key: new value}: exactly one
    split: str = "primary"
    seeds: list[int] | None = None  # a subset of the project's; null means all
    conclusion: str | None = None  # written by the author after the run

    @model_validator(mode="after")
    def _one_origin(self) -> "Experiment":
        if (self.parent is None) == (self.config is None):
            raise ValueError(f"experiment {self.name}: give either config, or parent and change")
        if (self.parent is None) != (self.change is None):
            raise ValueError(f"experiment {self.name}: parent and change go together")
        if self.change is not None and len(self.change) != 1:
            raise ValueError(
                f"experiment {self.name}: change names {len(self.change)} keys, exactly one may "
                "differ from the parent; remedy: split it into several experiments"
            )
        return self


class AskedResult(_Section):
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


class Quick(_Section):
    """The smoke run: so many units, and these dotted config keys overridden where they exist."""

    units: int = 24
    overrides: dict[str, Any] = Field(default_factory=dict)


class SignOff(_Section):
    """Who accepted the specification, and when (ISO date)."""

    by: str
    date: str

    @field_validator("date", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        """YAML reads an unquoted date as a date; keep its ISO form."""
        return value.isoformat() if isinstance(value, date) else value


class Project(_Section):
    """`project.yaml`, whole. Field comments in the generated file explain each to the author."""

    name: str
    package: str
    title: str
    summary: str
    kind: Literal["image", "events"]
    authors: list[str]
    license: str
    repository: str | None = None
    demo_data: bool = False
    problem: Problem
    data: DataInfo
    unit: str
    unit_note: str  # how the unit is known: recorded, or inferred (and from what)
    classes: list[str] = Field(min_length=2)
    positive_class: str | None = None
    splits: list[SplitSpec] = Field(min_length=1)
    metric: PrimaryMetric
    decision: DecisionRule
    budget: str
    seeds: list[int] = Field(min_length=1)
    ladder: list[Experiment] = Field(min_length=1)
    fixed_comparisons: list[str] = Field(default_factory=list)  # opened beside the choice
    results: list[AskedResult] = Field(default_factory=list)
    readings: dict[str, dict[str, str]] = Field(default_factory=dict)  # part: {id: what one sees}
    prior_exposure: str
    references: list[Reference] = Field(default_factory=list)
    quick: Quick = Field(default_factory=Quick)
    sign_off: SignOff
    model_card: dict[str, str] = Field(default_factory=dict)
    data_card: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> "Project":
        names = [e.name for e in self.ladder]
        if len(set(names)) != len(names):
            raise ValueError(f"ladder: names must differ, received {names}")
        primary = [s.name for s in self.splits if s.purpose == "primary"]
        if len(primary) != 1:
            raise ValueError(f"splits: exactly one has purpose primary, received {primary}")
        if self.positive_class is not None and (
            len(self.classes) != 2 or self.positive_class not in self.classes
        ):
            raise ValueError(f"positive_class must be one of two classes, received {self.classes}")
        if len(self.classes) == 2 and self.positive_class is None:
            raise ValueError("two classes need a positive_class")
        for spec in self.splits:
            self._of_project(spec)
        for e in self.ladder:
            if e.split not in {s.name for s in self.splits}:
                raise ValueError(f"experiment {e.name}: unknown split {e.split}")
            if e.parent is not None and e.parent not in names[: names.index(e.name)]:
                raise ValueError(f"experiment {e.name}: parent {e.parent} must stand before it")
            if not set(e.seeds or []) <= set(self.seeds):
                raise ValueError(f"experiment {e.name}: seeds must be among {self.seeds}")
        self._named_in_ladder(set(names))
        return self

    def _of_project(self, spec: SplitSpec) -> None:
        """Refuse classes that are not some of the project's, and a crossing without use."""
        if spec.crossing == "both" and "official" not in (spec.strategy, spec.holdout):
            raise ValueError(f"split {spec.name}: crossing needs a published membership (official)")
        ordered = [c for c in self.classes if c in (spec.classes or ())]
        if spec.classes and (self.positive_class or spec.classes != ordered):
            raise ValueError(f"split {spec.name}: classes must be some of the project's, in order")

    def _named_in_ladder(self, names: set[str]) -> None:
        """Refuse comparisons and results about configurations that the ladder does not have."""
        asked = {r.name: (r.config, r.versus) for r in self.results}
        if len(asked) != len(self.results):
            raise ValueError(f"results: names must differ, received {[*asked]}")
        shown = {s.name for s in self.splits if s.purpose == "demonstration"}
        if shown & {e.split for e in self.ladder if e.name in self.fixed_comparisons}:
            raise ValueError("fixed_comparisons: a demonstration split has no performance to open")
        for where, named in {"fixed_comparisons": self.fixed_comparisons, **asked}.items():
            unknown = {name for name in named if name is not None} - names
            if unknown:
                raise ValueError(f"{where}: no configuration {min(unknown)} in the ladder")

    @property
    def primary_split(self) -> SplitSpec:
        """The split that numbers are published on."""
        return next(s for s in self.splits if s.purpose == "primary")

    def classes_of(self, split: str) -> list[str]:
        """Return the classes of a split: its own, or the project's."""
        return next((s.classes for s in self.splits if s.name == split), None) or self.classes

    def experiment(self, name: str) -> Experiment:
        """Return a configuration by name; raises ProjectError with the known names."""
        for e in self.ladder:
            if e.name == name:
                return e
        raise ProjectError(
            f"no experiment named {name!r}",
            expected=", ".join(e.name for e in self.ladder),
            remedy="add it to the ladder in project.yaml",
        )

    def config(self, name: str) -> dict[str, Any]:
        """Return the resolved config of an experiment: its parent's with the one change applied."""
        e = self.experiment(name)
        if e.config is not None:
            return e.config
        (key, value), *_ = e.change.items()
        return set_leaf(self.config(e.parent), key, value)


def set_leaf(config: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """Return a deep copy of `config` with the dotted leaf `key` (lists by index) set to `value`.

    Raises ProjectError where the key does not exist: a silent no-op would make a false experiment.
    """
    head, _, rest = key.partition(".")
    index: Any = int(head) if isinstance(config, list) and head.isdigit() else head
    known = range(len(config)) if isinstance(config, list) else config
    if index not in known:
        raise ProjectError(
            f"config has no key {head!r}",
            expected=", ".join(map(str, known)),
            remedy="name an existing leaf; add it to the parent's config first",
        )
    copy = list(config) if isinstance(config, list) else dict(config)
    copy[index] = set_leaf(copy[index], rest, value) if rest else value
    return copy


def load(root: Path | str) -> Project:
    """Read and check `project.yaml` under a project's root; raises ProjectError with each fault."""
    path = Layout(root).project
    if not path.is_file():
        raise ProjectError(
            "not a project: project.yaml is missing",
            expected="a folder generated by copier copy",
            received=str(root),
            remedy="name the project's root folder",
        )
    try:
        return Project.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise ProjectError("project.yaml is not valid YAML", received=str(error)) from None
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'project'}: {e['msg']}" for e in error.errors()[:8]
        )
        raise ProjectError(
            f"project.yaml has {error.error_count()} fault(s)",
            received=faults,
            remedy="correct these entries; docs/ explains each field",
        ) from None
