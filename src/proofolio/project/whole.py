"""`project.yaml` as one checked object: what its parts must agree on."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from proofolio.contract import ProjectError, Reference
from proofolio.project import space
from proofolio.project.sections import (
    AskedResult,
    DataInfo,
    DecisionRule,
    Experiment,
    PrequentialSpec,
    PrimaryMetric,
    Problem,
    Quick,
    Section,
    SignOff,
    SplitSpec,
)

AnySplit = SplitSpec | PrequentialSpec


class Project(Section):
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
    as_of: date | None = None  # events: none is later than the end of this day; null: than now
    splits: list[Annotated[AnySplit, Field(discriminator="strategy")]] = Field(min_length=1)
    metric: PrimaryMetric
    decision: DecisionRule
    budget: str
    seeds: list[int] = Field(min_length=1)
    ladder: list[Experiment] = Field(min_length=1)
    fixed_comparisons: list[str] = Field(default_factory=list)  # opened beside the choice
    results: list[AskedResult] = Field(default_factory=list)
    readings: dict[Literal["val", "test"], dict[str, str]] = Field(default_factory=dict)  # by id
    prior_exposure: str
    references: list[Reference] = Field(default_factory=list)
    tuning: space.Tuning | None = None  # null: nothing is searched
    tracking: Literal["trackio"] | None = (
        None  # also shows epochs there; the record stays evidence/
    )
    quick: Quick = Field(default_factory=Quick)
    sign_off: SignOff
    reasons: dict[str, str] = Field(default_factory=dict)  # by code: why a criterion is not met
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
        self._of_kind()
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
        if self.tuning is not None:
            configs = {e.name: self.config(e.name) for e in self.ladder}
            space.check(self.tuning, configs, by_time=self.kind == "events")
        return self

    def _of_kind(self) -> None:
        """Refuse splits and a decision rule that belong to the other kind of project."""
        events = self.kind == "events"
        for spec in self.splits:
            if isinstance(spec, PrequentialSpec) != events:
                side = "needs" if events else "has no"
                raise ValueError(f"split {spec.name}: kind {self.kind} {side} strategy prequential")
        if events and self.positive_class is None:
            raise ValueError("kind events needs two classes, one of them the positive_class")
        if self.decision.rule == "budget" and not (events and (self.decision.target or 0) > 0):
            raise ValueError("decision: rule budget is for events and needs target, alerts a day")

    def _of_project(self, spec: AnySplit) -> None:
        """Refuse classes that are not some of the project's, and a crossing without use."""
        if isinstance(spec, PrequentialSpec):
            return
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
    def primary_split(self) -> AnySplit:
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
        """Return the resolved config of an experiment: its parent's with its change applied."""
        e = self.experiment(name)
        if e.config is not None:
            return e.config
        config = self.config(e.parent)
        for key, value in e.change.items():
            config = set_leaf(config, key, value)
        return config


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
