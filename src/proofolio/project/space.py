"""The section `tuning` of `project.yaml`: where a search starts, what it may change, how long."""

from typing import Any, Literal

from pydantic import Field

from proofolio.contract import ProjectError
from proofolio.project.sections import Section

Leaf = int | float | str | bool | None


class Parameter(Section):
    """One searched key: a range (whole numbers where both ends are), or choices."""

    low: int | float | None = None
    high: int | float | None = None
    log: bool = False
    choices: list[Leaf] | None = None

    def holds(self, value: Any) -> bool:
        """Whether a value lies in the range, or is one of the choices."""
        if self.choices is not None:
            return any(value == c and type(value) is type(c) for c in self.choices)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and self.low <= value <= self.high


class Stage(Section):
    """One stage: so many trials, with these dotted keys replaced (a coarse one: fewer epochs)."""

    trials: int = Field(ge=1)
    overrides: dict[str, Any] = Field(default_factory=dict)


class Coarse(Stage):
    """The coarse stage, which may also learn from a share of the units of train alone."""

    units: float = Field(1.0, gt=0, le=1)


class Tuning(Section):
    """A search over settings of one configuration, coarse then fine, by the primary metric on val.

    The coarse stage looks everywhere and cheaply, the fine one at full length round the best.
    """

    start: str  # a configuration of the ladder
    parameters: dict[str, Parameter] = Field(min_length=1)  # by dotted key of its config
    coarse: Coarse
    fine: Stage
    good_enough: float | None = None  # no trial is begun once one reaches it on val
    minutes: float = Field(gt=0)  # wall clock of one call
    pruning: Literal["median", "hyperband", "none"] = "median"


def check(tuning: Tuning, configs: dict[str, dict[str, Any]], *, by_time: bool = False) -> None:
    """Check a search against the ladder's resolved configs, by name.

    Raises ProjectError for a start, key or override that is not there, for a range without width,
    and for fewer units where the split is `by_time`.
    """
    if by_time and tuning.coarse.units < 1:
        raise ProjectError(
            "tuning.coarse.units: windows of time have no share of units to learn from",
            expected="1: all that is known at a time",
            received=str(tuning.coarse.units),
            remedy="make coarse trials cheaper by overrides, such as fewer epochs or trees",
        )
    if tuning.start not in configs:
        raise ProjectError(
            f"tuning: no configuration {tuning.start!r} in the ladder",
            expected=", ".join(configs),
            received=f"start: {tuning.start}",
            remedy="name the configuration whose settings are searched",
        )
    trial = trial_name(tuning.start)
    if trial in configs:
        raise ProjectError(
            f"tuning: the ladder has a configuration named {trial!r}",
            expected="a name that no trial has",
            received=trial,
            remedy="rename that configuration",
        )
    config = configs[tuning.start]
    for key, parameter in tuning.parameters.items():
        demand_leaf(config, key, f"tuning.parameters of {tuning.start}")
        _has_width(key, parameter)
    for name, stage in (("coarse", tuning.coarse), ("fine", tuning.fine)):
        for key in stage.overrides:
            demand_leaf(config, key, f"tuning.{name}.overrides")
            if key in tuning.parameters:
                raise ProjectError(
                    f"tuning.{name}.overrides: {key} is searched and replaced at once",
                    expected="a key of config that tuning.parameters does not name",
                    received=key,
                    remedy="take it out of one of the two",
                )


def trial_name(start: str) -> str:
    """Return the name under which trials that start from a configuration are recorded."""
    return f"{start}_trial"


def demand_leaf(config: Any, key: str, where: str) -> None:
    """Raise ProjectError where `config` has no leaf at a dotted key."""
    inside = config
    for part in key.split("."):
        index: Any = int(part) if isinstance(inside, list) and part.isdigit() else part
        known = range(len(inside)) if isinstance(inside, list) else inside
        if not isinstance(inside, dict | list) or index not in known:
            inside = {}
            break
        inside = inside[index]
    if isinstance(inside, dict | list):
        raise ProjectError(
            f"{where}: config has no leaf {key!r}",
            expected=", ".join(map(str, config)) or "a configuration with keys",
            received=key,
            remedy="name an existing key of its config, dotted where it is nested",
        )


def _has_width(key: str, parameter: Parameter) -> None:
    low, high, choices = parameter.low, parameter.high, parameter.choices
    if choices is not None:
        clear = len(choices) > 1 and low is None and high is None and not parameter.log
        distinct = len({(type(c), c) for c in choices}) == len(choices)
        wide = clear and distinct
    else:
        wide = low is not None and high is not None and low < high
        wide = wide and not (parameter.log and low <= 0)
    if not wide:
        raise ProjectError(
            f"tuning.parameters.{key} spans nothing",
            expected="low below high (with log: both above 0), or at least two different choices",
            received=str(parameter.model_dump(exclude_defaults=True) or "nothing"),
            remedy="correct the range, or take the parameter out",
        )
