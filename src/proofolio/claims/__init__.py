"""Claims: published numbers bound in Markdown to recorded evidence.

Scope: find, write and check the text between claim marks. It computes no number; every value is
read from `evidence/`. Grammar: `grammar`; subjects and paths: `resolve`; printing: `render`.
"""

from proofolio.claims.grammar import Block, Claim, Fault, Parsed, parse
from proofolio.claims.pages import Problem, bind, check, pages, write
from proofolio.claims.render import NOT_MEASURED, markdown_table, result_table, text
from proofolio.claims.resolve import MISSING, Bound, Resolve

__all__ = [
    "MISSING",
    "NOT_MEASURED",
    "Block",
    "Bound",
    "Claim",
    "Fault",
    "Parsed",
    "Problem",
    "Resolve",
    "bind",
    "check",
    "markdown_table",
    "pages",
    "parse",
    "result_table",
    "text",
    "write",
]
