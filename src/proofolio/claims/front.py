"""Numbers in a card's front matter (`model-index`) against the evidence they were taken from."""

from typing import Any

from proofolio.claims.grammar import Fault, Parsed
from proofolio.claims.resolve import Resolve

_TOLERANCE = 1e-6
_REMEDY = "write the card anew: proofolio cards"


def check(parsed: Parsed, resolve: Resolve) -> list[Fault]:
    """Return each `model-index` metric whose value no run and no seed mean of evidence holds."""
    front = [line.text for line in parsed.page.lines if line.kind == "front"]
    faults = []
    for metric in _metrics(_load("\n".join(front[1:-1]))):
        name, value = str(metric.get("type")), metric.get("value")
        if not isinstance(value, int | float):
            continue
        recorded = _recorded(resolve, name)
        digits = len(str(value).partition(".")[2])
        tolerance = max(_TOLERANCE, 0.5 * 10.0**-digits)
        if recorded and not any(abs(value - known) <= tolerance for known in recorded):
            faults.append(
                Fault(1, f"front matter says {name} {value}, evidence holds no such value", _REMEDY)
            )
    return faults


def _load(text: str) -> dict[str, Any]:
    import yaml

    try:
        loaded = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _metrics(front: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        metric
        for model in front.get("model-index") or []
        for result in model.get("results") or []
        for metric in result.get("metrics") or []
        if isinstance(metric, dict)
    ]


def _recorded(resolve: Resolve, name: str) -> list[float]:
    """Return every recorded value of a metric: of each run, and of each mean over seeds."""
    store, values = resolve.store, []
    for run in store.runs.values():
        for part, metrics in run.get("metrics", {}).items():
            if name in metrics:
                values.append(metrics[name].get("value"))
                values.append(resolve.value(f"config:{run['name']}", f"{part}.{name}").value)
    return [value for value in values if value is not None]
