"""The checks, one function per criterion, registered by import; one module per section.

A check takes the `Subject` and returns an `Outcome`. With evidence it reads what `verify` found;
without, it looks for a statement in prose or code, which earns half, and names what is missing.
"""

from proofolio.rubric.checks import (
    baselines,
    communication,
    errors,
    leakage,
    modules,
    origin,
    problem,
    reproducible,
    tradeoffs,
)

__all__ = [
    "baselines",
    "communication",
    "errors",
    "leakage",
    "modules",
    "origin",
    "problem",
    "reproducible",
    "tradeoffs",
]
