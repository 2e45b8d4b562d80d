"""Proofolio: evidence, splits, audits, metrics, claims and cards for deep-learning projects.

Scope: everything that makes a published number provable. It trains nothing, imports no torch and
knows no data set; training lives in `proofolio_torch` and in the generated projects.
"""

__version__ = "0.1.0"
