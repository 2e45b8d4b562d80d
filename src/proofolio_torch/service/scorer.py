"""What the service asks of a scorer; it knows neither images nor events."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Reason(BaseModel):
    """Why a score is as high as it is: without `what` it would be lower by `change`, in `unit`."""

    what: str
    change: float = Field(allow_inf_nan=False)
    unit: str = Field("score", description="score, or log-odds")


class Scored(BaseModel):
    """The answer to one item; a scorer may add fields. Every answer is a line of the log."""

    model_config = ConfigDict(extra="forbid")

    id: str
    score: float = Field(allow_inf_nan=False)
    threshold: float
    decision: str
    reasons: list[Reason] = []


@dataclass(frozen=True)
class Endpoint:
    """One more thing that a scorer takes, such as labels.

    Args:
        path: such as "/labels".
        item: the schema of one item; a request holds a list of them.
        answer: the schema of the answer to one item.
        call: items to answers, in the one thread that also calls `Scorer.prepare`.
    """

    path: str
    item: type[BaseModel]
    answer: type[BaseModel]
    call: Callable[[Sequence[Any]], Sequence[BaseModel]]


class Scorer:
    """Base of what can be served. `item` and `answer` are the schemas of one item.

    `prepare` and the calls of the endpoints come from one thread, in the order of arrival; `model`
    from as many threads as `Settings.running`; `rules` from one thread.
    """

    name: str = "scorer"
    item: type[BaseModel]
    answer: type[Scored] = Scored
    rules_name: str = "rules"
    endpoints: Sequence[Endpoint] = ()

    def start(self) -> None:
        """Make ready what every answer needs; after an exception the service does not start."""

    def load(self) -> None:
        """Load the model; after an exception the rules answer, and every answer says so."""

    def prepare(self, items: Sequence[Any]) -> Any:
        """Return what model and rules need; called once per request, changes the state.

        Raises:
            RequestRefused: the items do not fit the state; nothing may have changed then.
        """
        return items

    def model(self, prepared: Any) -> Sequence[Scored]:
        """Return one answer per item, in order."""
        raise NotImplementedError

    def rules(self, prepared: Any) -> Sequence[Scored]:
        """Return one answer per item without the model: simple and quick, must not fail."""
        raise NotImplementedError

    def counts(self) -> dict[str, int]:
        """Return counters of its own for /metrics, name to value; they only grow."""
        return {}

    def versions(self) -> dict[str, str | None]:
        """Return what answers: run of the model, SHA-256 of its weights, version of the rules."""
        return {}

    def close(self) -> None:
        """Keep the state; called when no request is left."""
