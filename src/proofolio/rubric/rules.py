"""Which criterion a broken rule of the evidence contract speaks to.

Each problem of `verify` counts against exactly one criterion, found by its rule, then by the file
it names and, where one rule guards several criteria, by the words of the finding.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proofolio.verify import Problem
    from proofolio.verify.load import Evidence

_KINDS = {
    "seed_mean": "BU4",
    "paired_difference": "BU5",
    "slice_table": "EL1",
    "slice_difference": "EL1",
    "class_table": "EL1",
    "mistakes": "EL2",
    "confusion": "EL2",
    "confused_pairs": "EL2",
    "label_noise": "EL2",
    "cost": "PD3",
    "threshold_table": "PD3",
    "threshold_transfer": "PD3",
    "budget": "PD3",
    "latency": "TO1",
    "throughput": "TO1",
    "size": "TO1",
    "parity": "TO1",
    "training_time": "TO1",
}
_FILES = {  # by the first file name that a place contains
    "project.yaml": "PD2",
    "splits": "SL1",
    "duplicates.csv": "SL2",
    "hashes.parquet": "SL2",
    "audit.json": "SL4",
    "runs.jsonl": "EL3",
    "registry.json": "TO1",
    "selection.json": "SL6",
    "test_access.jsonl": "SL6",
    "examples.parquet": "BU2",
    "dataset.json": "RT2",
    "contract.json": "RT2",
}
_INTERVAL = (".ci_low ", ".ci_high ", ".resamples ", ".degenerate ", ".method ", ".level ")


def code_of(problem: "Problem", e: "Evidence") -> str:
    """Return the code of the criterion that a problem counts against.

    Args:
        problem: What verification found.
        e: The evidence, which tells a result's kind.
    """
    where, what = problem.where, problem.what
    if where.startswith("evidence/results/"):
        return "SL6" if problem.rule == "5" else _of_result(where, e)
    if problem.rule == "files" and "no format of the contract" in what:
        return "RT7"
    if problem.rule == "claims":
        return "CO2"
    if problem.rule == "7":
        return "CO4"
    if problem.rule == "6":
        return "TO1" if "registry" in where else "EL3"
    if problem.rule in _RULES:
        return _RULES[problem.rule](where, what)
    return _of_file(where)


def _of_result(where: str, e: "Evidence") -> str:
    result = e.results.get(where.removeprefix("evidence/results/").removesuffix(".json"))
    return _KINDS.get(result.kind, "BU2") if result else "BU2"


def _of_file(where: str) -> str:
    return next((code for name, code in _FILES.items() if name in where), "BU2")


def _overlap(where: str, what: str) -> str:
    """Rule 1: what stands in two parts, what is out of order, what is cited in spite of it."""
    if "cited as performance" in what:
        return "CO2"
    if "registry" in where:
        return "TO1"
    if "content" in what or "duplicates.csv" in where:
        return "SL2"
    if "happen after" in what or "perceptual" in what:
        return "SL3" if "happen" in what else "SL2"
    order = ("fold", "scored windows", "a validation fold", "the windows do not follow")
    if "parts.csv" in where and what.startswith(order):
        return "SL3"
    return "SL1"


def _numbers(where: str, what: str) -> str:
    """Rule 3 for runs: intervals, fitted thresholds, values."""
    if any(word in what for word in _INTERVAL):
        return "BU3"
    return "PD3" if what.startswith("decision.") else "BU2"


def _ladder(where: str, what: str) -> str:
    """Rule 4: seeds, or changed keys."""
    return "BU4" if "seed" in what else "BU6"


def _sealed(where: str, what: str) -> str:
    """Rule 5: fitted steps, the criterion, the rule of decision, the opening."""
    if "was fitted on" in what:
        return "SL5"
    if "decision rule" in what:
        return "PD3"
    if "registry" in where:
        return "TO1"
    return "PD2" if "criterion" in what else "SL6"


def _hashes(where: str, what: str) -> str:
    """Hashes: predictions that were changed, else the file they stand for."""
    if "evidence/runs/" in where:
        return "BU2" if "predictions" in what else "RT2"
    return "RT2" if "content_sha256" in what else _of_file(where)


_RULES = {
    "1": _overlap,
    "2": lambda where, what: "BU2",
    "3": _numbers,
    "4": _ladder,
    "5": _sealed,
    "hashes": _hashes,
}
