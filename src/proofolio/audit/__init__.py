"""Audit: leaks, label conflicts, balance and shortcuts of a project's splits, as findings."""

from proofolio.audit.run import findings, run
from proofolio.audit.shortcut import FEATURES

__all__ = ["FEATURES", "findings", "run"]
