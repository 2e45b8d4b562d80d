"""What one check says of one project, and the register of checks by criterion."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from proofolio.rubric.parsing import one_line

if TYPE_CHECKING:
    from proofolio.rubric.subject import Subject

Status = Literal["pass", "partial", "fail", "na", "human"]
SHARES = {"pass": 1.0, "partial": 0.5, "fail": 0.0, "na": 0.0, "human": 0.0}
_MOST_EVIDENCE = 6  # lines; a reader opens the project for more


@dataclass(frozen=True)
class Outcome:
    """A status with its sentence; `share` of the points, `gate` why the whole grade is capped."""

    status: Status
    message: str
    evidence: tuple[str, ...] = ()
    gate: str | None = None
    share: float | None = None  # None: what the status is worth

    @property
    def worth(self) -> float:
        """Share of the criterion's points that is earned, 0 to 1."""
        return SHARES[self.status] if self.share is None else self.share

    def gated(self, reason: str) -> "Outcome":
        """Return this outcome with a gate."""
        return replace(self, gate=one_line(reason))

    def wanting(self, evidence: str) -> "Outcome":
        """Return this outcome with a line on the evidence that would earn the points."""
        return replace(self, evidence=(*self.evidence, one_line(f"would show it: {evidence}")))

    def as_json(self) -> dict[str, Any]:
        """Return the fields, for the cache."""
        return {
            "status": self.status,
            "message": self.message,
            "evidence": list(self.evidence),
            "gate": self.gate,
            "share": self.share,
        }

    @classmethod
    def of_json(cls, value: dict[str, Any]) -> "Outcome":
        """Return the outcome that `as_json` wrote."""
        return cls(**value | {"evidence": tuple(value["evidence"])})


def _outcome(status: Status, message: str, evidence: tuple[str, ...]) -> Outcome:
    told = [line for line in evidence if line]
    lines = [one_line(line) for line in told[:_MOST_EVIDENCE]]
    if len(told) > _MOST_EVIDENCE:
        lines.append(f"and {len(told) - _MOST_EVIDENCE} more")
    return Outcome(status, one_line(message), tuple(lines))


def passed(message: str, *evidence: str) -> Outcome:
    """All points: the evidence is there and holds."""
    return _outcome("pass", message, evidence)


def partial(message: str, *evidence: str) -> Outcome:
    """Half: stated in prose only, or part of it is there."""
    return _outcome("partial", message, evidence)


def failed(message: str, *evidence: str) -> Outcome:
    """Nothing: absent, a placeholder, or wrong."""
    return _outcome("fail", message, evidence)


def not_applicable(why: str) -> Outcome:
    """Left out of the total, with the sentence that says why."""
    return _outcome("na", why, ())


Check = Callable[["Subject"], Outcome]


@dataclass(frozen=True)
class Registered:
    """A check under its criterion's code; `static` ones read files alone, never recompute."""

    code: str
    run: Check = field(repr=False)
    static: bool


CHECKS: dict[str, Registered] = {}


def check(code: str, *, static: bool = False) -> Callable[[Check], Check]:
    """Register a function as the check of a criterion; static ones also serve repo-review."""

    def register(function: Check) -> Check:
        if code in CHECKS:
            raise ValueError(f"{code} has a check already")
        CHECKS[code] = Registered(code, function, static)
        return function

    return register
