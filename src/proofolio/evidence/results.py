"""Results: `evidence/results/<name>.json`, written from stored predictions and recomputed alike."""

import math
from typing import Any

from proofolio import files
from proofolio.contract import Layout, Result, RunError
from proofolio.evidence.tables import RECOMPUTE


def write(layout: Layout, name: str, result: Result) -> bool:
    """Write one result; return whether its file changed."""
    return files.write_json(layout.result(name), result.model_dump())


def read(layout: Layout, name: str) -> Result:
    """Return one result; raises RunError with the known names."""
    path = layout.result(name)
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in layout.results.glob("*.json")))
        raise RunError(
            f"no result {name!r} is recorded",
            expected=known or "no result yet",
            remedy="write it with proofolio cards",
        )
    return Result.model_validate(files.read_json(path))


def recompute(layout: Layout, result: Result) -> Result:
    """Return a recorded result computed anew from stored predictions and examples."""
    if result.kind not in RECOMPUTE:
        raise RunError(
            f"results of kind {result.kind} cannot be recomputed",
            expected=", ".join(sorted(RECOMPUTE)),
            remedy="a measured result says so in how, with command and hardware",
        )
    return RECOMPUTE[result.kind](layout, None, result.inputs, result.parameters)


def differences(recorded: Result, computed: Result, tolerance: float = 1e-6) -> list[str]:
    """Return the dotted fields in which two results differ by more than `tolerance`."""
    pair = (files.plain(recorded.model_dump()), files.plain(computed.model_dump()))
    return sorted(_differences(*pair, tolerance, ""))


def _differences(a: Any, b: Any, tolerance: float, where: str) -> list[str]:
    if isinstance(a, dict) and isinstance(b, dict):
        pairs = [(key, a.get(key, "(absent)"), b.get(key, "(absent)")) for key in {*a, *b}]
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        pairs = [(str(i), x, y) for i, (x, y) in enumerate(zip(a, b, strict=True))]
    elif _is_number(a) and _is_number(b):
        return [] if math.isclose(a, b, rel_tol=0, abs_tol=tolerance) else [where]
    else:
        return [] if a == b and type(a) is type(b) else [where]
    return [
        found
        for key, x, y in pairs
        for found in _differences(x, y, tolerance, f"{where}.{key}".lstrip("."))
    ]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
