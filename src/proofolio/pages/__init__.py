"""A project's result page: from the first screen to the reproducibility sheet, from evidence.

Scope: Markdown with figures inlined as SVG, their numbers as CSV, both cards and, of events, a
what-if page for the browser, for MkDocs with Material; the same writer serves a generated project's
site and the one that shows case studies.
"""

from proofolio.pages.write import write

__all__ = ["write"]
