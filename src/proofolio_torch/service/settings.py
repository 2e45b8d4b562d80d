"""What a service allows: who, how much, how long, how many at once."""

from dataclasses import dataclass, field

from proofolio_torch.service.keys import FILE_VARIABLE, VARIABLE, Keys
from proofolio_torch.service.refusals import ServiceError


@dataclass(frozen=True)
class Settings:
    """Limits of a service; times are in seconds.

    Args:
        keys: who may ask; none means nobody, unless `open`.
        open: answer everybody. Only for a machine that nobody else reaches.
        body_bytes: largest body of a request.
        items: most items in a request.
        body_s: time for a body to arrive.
        model_s: time for the model to answer; then the fallback answers.
        load_s: time for the model to load; then the fallback answers until a restart.
        request_s: time for a request as a whole, waiting for its turn left out.
        running: requests worked on at once, and threads that call the model.
        waiting: requests that wait for their turn; one more is refused with 503.
        waiting_s: longest wait for a turn; then 503.
        retry_after_s: when a refused caller is told to come back.
        shutdown_s: time for open requests to end when the service is told to stop.

    Raises:
        ServiceError: no key and not `open`, or a limit that lets nothing through.
    """

    keys: Keys = field(default_factory=Keys)
    open: bool = False
    body_bytes: int = 1 << 20
    items: int = 500
    body_s: float = 5.0
    model_s: float = 1.0
    load_s: float = 60.0
    request_s: float = 10.0
    running: int = 2
    waiting: int = 64
    waiting_s: float = 2.0
    retry_after_s: int = 1
    shutdown_s: float = 10.0

    def __post_init__(self) -> None:
        if not self.keys and not self.open:
            raise ServiceError(
                "the service has no key and would answer anybody",
                expected=f"keys in {VARIABLE}, or in a file that {FILE_VARIABLE} names",
                received="none",
                remedy="make one: python -m proofolio_torch.service new-key; or say --open",
            )
        for name, value in vars(self).items():
            least = 0 if name == "waiting" else None
            if isinstance(value, int | float) and not isinstance(value, bool):
                if value > 0 or value == least:
                    continue
                raise ServiceError(
                    f"the limit `{name}` lets nothing through",
                    expected="a number above 0",
                    received=str(value),
                    remedy="leave it at its default",
                )
