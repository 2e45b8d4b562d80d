"""What a service of events takes and gives: the schemas of an event, a label and their answers."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from proofolio_torch.events.arrays import LARGEST
from proofolio_torch.events.spec import Windows
from proofolio_torch.service.scorer import Scored

_STRICT = ConfigDict(extra="forbid")


def _utc(value: datetime) -> datetime:
    """Return a time as the tables hold it: UTC without a zone; one without a zone is UTC."""
    value = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if value.microsecond or not 1970 <= value.year < 2200:
        raise ValueError("a time in whole seconds from 1970 on, in UTC")
    return value


Time = Annotated[datetime, AfterValidator(_utc)]
Name = Annotated[
    str, Field(min_length=1, max_length=64, pattern=r"^[!-~]+$")
]  # printable, no space


class Label(BaseModel):
    """A label that became known; the class is one of the project's."""

    model_config = _STRICT
    id: Name
    label: str
    known_at: Time | None = Field(None, description="None: now, after the last event")


class Learnt(BaseModel):
    """Whether a label was taken; if not, why not."""

    id: str
    taken: bool
    why: str | None = None


class Alert(Scored):
    """The answer to an event, with the time at which it was counted."""

    time: datetime


def event_of(windows: Windows) -> type[BaseModel]:
    """Return the schema of an event: `unit2` and `amount` are asked for where windows use them."""
    amount = Annotated[float, Field(ge=0, le=LARGEST, allow_inf_nan=False)]
    return create_model(
        "Event",
        __config__=_STRICT,
        id=(Name, Field(description="each event once; of two in one second, the smaller is first")),
        unit=(Name, Field(description="first entity, such as the card")),
        unit2=(Name, Field(description="second entity, such as the terminal"))
        if windows.second
        else (Name | None, None),
        time=(Time, Field(description="when it happened, UTC, whole seconds")),
        amount=(amount, ...) if windows.amounts else (amount, 0.0),
    )


def label_of(classes: Sequence[str]) -> type[Label]:
    """Return the schema of a label of these classes."""
    return create_model("Label", __base__=Label, label=(Literal[tuple(classes)], ...))
