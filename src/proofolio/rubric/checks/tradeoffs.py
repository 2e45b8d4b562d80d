"""Trade-offs and operation: what the model costs, measured, and whether its entry is in order."""

from proofolio.rubric.outcome import Outcome, check, failed, partial, passed
from proofolio.rubric.subject import Subject

_SPEED = {"latency", "throughput"}
_OTHER = {"size", "training_time", "parity"}
_COST = r"\blatency\b|\bthroughput\b|inference time|\bms per\b|images/s|model size"
_COST += r"|\d[\d.,]* ?(?:k|m|million )?parameters\b"


@check("TO1")
def cost_measured(subject: Subject) -> Outcome:
    """Speed and one other cost are measured with command and hardware."""
    e = subject.e
    if broken := subject.broken("TO1"):
        return failed("a measurement or the registry is not in order", *broken)
    if e is None:
        stated = subject.says(_COST)
        if stated:
            return partial("a cost is spoken of, without command and hardware", stated)
        return failed(f"what the model costs is not measured: {subject.without}")
    kinds = {name: r.kind for name, r in e.results.items() if r.kind in _SPEED | _OTHER}
    told = ", ".join(f"{name} ({kind})" for name, kind in sorted(kinds.items()))
    if set(kinds.values()) & _SPEED and set(kinds.values()) & _OTHER:
        return passed(f"measured: {told}", *(f"evidence/results/{n}.json" for n in kinds))
    if kinds:
        return partial(f"measured: {told}; speed and size or training time belong together")
    if any(r.wall_seconds for r in subject.primary_runs):
        return partial("runs say how long they took; nothing says what a prediction costs")
    return failed("no cost is recorded")
