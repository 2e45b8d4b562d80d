"""The list of case studies: the built pages, each with its title and the problem it works on.

MkDocs calls `on_page_markdown` for every page (`hooks` in mkdocs.yml); without built pages nothing
is listed.
"""

import re
from typing import Any

LIST = "case_studies/index.md"
CASE = re.compile(r"case_studies/([^/]+)/index\.md")
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
PROBLEM = re.compile(r"^\*\*Problem\.\*\* (.+)$", re.MULTILINE)


def on_page_markdown(markdown: str, *, page: Any, files: Any, **_: Any) -> str:
    """Return the page's Markdown, with the case studies below it where it is their list."""
    if page.file.src_uri != LIST:
        return markdown
    first = page.meta.get("cases") or []
    found = [(CASE.fullmatch(file.src_uri), file) for file in files]
    cases = {match[1]: file.content_string for match, file in found if match}
    ordered = sorted(cases, key=lambda n: (first.index(n) if n in first else len(first), n))
    listed = [_entry(name, cases[name]) for name in ordered]
    return "\n".join([markdown, "", *listed])


def _entry(name: str, text: str) -> str:
    title, problem = TITLE.search(text), PROBLEM.search(text)
    told = f": {problem[1]}" if problem else ""
    return f"- [{title[1] if title else name}]({name}/index.md){told}"
