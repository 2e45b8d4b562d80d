"""The result of a grading in the form its reader wants: `FORMATS[name](result)` returns text.

`result` has the shape of schema.json. Its texts come from untrusted repositories; every format but
JSON, which escapes by itself, makes them harmless first. `folder` writes the pages of a cohort.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from proofolio import files

Result = Mapping[str, Any]


def _json(result: Result) -> str:
    return json.dumps(files.plain(result), indent=2, ensure_ascii=True) + "\n"


def _rich(result: Result) -> str:
    from proofolio.rubric.report import terminal

    return terminal.write(result)


def _markdown(result: Result) -> str:
    from proofolio.rubric.report import comment

    return comment.write(result)


def _html(result: Result) -> str:
    from proofolio.rubric.report import html

    return html.write(result)


def _csv(result: Result) -> str:
    from proofolio.rubric.report import gradebook

    return gradebook.write(result)


FORMATS: dict[str, Callable[[Result], str]] = {
    "rich": _rich,
    "json": _json,
    "html": _html,
    "markdown": _markdown,
    "csv": _csv,
}


def folder(result: Result, into: Path) -> list[Path]:
    """Write index.html, a page for every project, gradebook.csv and result.json into a folder.

    Returns:
        The files, the index first.
    """
    from proofolio.rubric.report import html

    pages = html.pages(result)
    pages["gradebook.csv"] = _csv(result)
    pages["result.json"] = _json(result)
    for name, text in pages.items():
        files.write_text(into / name, text)
    return [into / name for name in pages]


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a result."""
    return files.read_json(Path(__file__).with_name("schema.json"))
