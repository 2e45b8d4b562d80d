"""What a set of window features is: windows, label delay, flags, and the names of the columns."""

from dataclasses import asdict, dataclass
from typing import Any

from proofolio.contract import ProjectError

DAY = 86_400
_UNITS = (("d", DAY), ("h", 3600), ("m", 60), ("s", 1))


@dataclass(frozen=True)
class Windows:
    """Which features are derived; all lengths are in seconds.

    The default is the 14 features of the Fraud Detection Handbook (Le Borgne et al. 2022, chapter
    3); the amount itself is the fifteenth input and is the caller's to add.

    Args:
        entity: windows of the first entity, each giving a count and a mean amount.
        second: windows of the second entity, each giving a count and a risk; empty without `unit2`.
        delay: age at which an event of the second entity enters its windows, and its label with it.
        amounts: whether the mean amount is derived; False without a column `amount`.
        flags: whether the weekend and night flags are derived.
        night: first hour of the night and the hour at which it ends; may pass midnight.
        positive: the class whose share is the risk.

    Raises:
        ProjectError: a window that is not positive, a negative delay, an hour outside 0 to 24.
    """

    entity: tuple[int, ...] = (DAY, 7 * DAY, 30 * DAY)
    second: tuple[int, ...] = (DAY, 7 * DAY, 30 * DAY)
    delay: int = 7 * DAY
    amounts: bool = True
    flags: bool = True
    night: tuple[int, int] = (0, 7)
    positive: str = "fraud"

    def __post_init__(self) -> None:
        for name in ("entity", "second", "night"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for name in ("entity", "second"):
            lengths = getattr(self, name)
            if not all(_whole(w) and w > 0 for w in lengths) or len(set(lengths)) < len(lengths):
                raise ProjectError(
                    f"the windows `{name}` cannot be used",
                    expected="different whole numbers of seconds above 0",
                    received=str(lengths),
                    remedy="give lengths such as (86400, 7 * 86400)",
                )
        if not _whole(self.delay) or self.delay < 0:
            raise ProjectError(
                "the label delay cannot be used",
                expected="a whole number of seconds, 0 or more",
                received=str(self.delay),
                remedy="give the time after which a label is known, such as 7 * 86400",
            )
        if len(self.night) != 2 or not all(_whole(h) and 0 <= h <= 24 for h in self.night):
            raise ProjectError(
                "the night cannot be used",
                expected="two whole hours from 0 to 24",
                received=str(self.night),
                remedy="give the first hour and the hour at which it ends, such as (0, 7)",
            )

    @property
    def lag(self) -> int:
        """Seconds after which the second entity sees an event; 1 where the delay is 0.

        The second of an event is not complete while it is scored, so no label of it is known yet.
        """
        return max(self.delay, 1)

    @property
    def reach(self) -> int:
        """Seconds after which an event can no longer appear in any window."""
        second = max(self.second, default=0)
        return max(max(self.entity, default=0), self.lag + second if second else 0)

    @property
    def names(self) -> list[str]:
        """Names of the features, in the order of the columns."""
        first = ("count", "mean") if self.amounts else ("count",)
        return [
            *(("weekend", "night") if self.flags else ()),
            *(f"unit_{kind}_{length(w)}" for w in self.entity for kind in first),
            *(f"unit2_{kind}_{length(w)}" for w in self.second for kind in ("count", "risk")),
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the arguments as plain values for JSON; `Windows(**values)` reads them back."""
        return asdict(self)


def length(seconds: int) -> str:
    """Write a length of time in its largest whole unit: 86400 is 1d, 5400 is 90m."""
    name, size = next((n, s) for n, s in _UNITS if seconds % s == 0)
    return f"{seconds // size}{name}"


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
