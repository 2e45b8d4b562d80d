"""The home page's cards: each case study's figure, result beside its baseline, and grade.

Read from what `make site` wrote into docs/case_studies/NAME: `summary.json` and `headline.svg` by
`proofolio pages`, `grade.json` by `proofolio grade`. A file that is not there shows nothing.
"""

import html
import json
from pathlib import Path
from typing import Any

MARK = "<!-- cards of the case studies -->"
LIST = "case_studies/index.md"
_SHOWN = ("chosen on validation", "best so far", "better on test, not chosen",
          "best of another rung", "simplest baseline", "published")  # fmt: skip


def on_page_markdown(markdown: str, *, page: Any, files: Any, config: Any, **_: Any) -> str:
    """Return the page's Markdown, the cards where it asks for them."""
    if MARK not in markdown:
        return markdown
    listed = files.get_file_from_path(LIST)
    first = _front(listed.content_string) if listed else []
    found = sorted(Path(config["docs_dir"]).glob("case_studies/*/summary.json"))
    names = [path.parent.name for path in found]
    ordered = sorted(names, key=lambda n: (first.index(n) if n in first else len(first), n))
    at = "" if page.file.src_uri.startswith("case_studies/") else "case_studies/"
    cards = [card(Path(config["docs_dir"]) / "case_studies" / name, at) for name in ordered]
    shown = "\n\n".join(cards) or "The case studies were not built into this copy of the site."
    block = f'<div class="site-cards" markdown>\n\n{shown}\n\n</div>'
    return markdown.replace(MARK, block)


def card(folder: Path, at: str) -> str:
    """Return one case study as Markdown with HTML; `at` leads from the page to its folder."""
    told = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    address = f"{at}{folder.name}"
    figure = folder / "headline.svg"
    drawn = " ".join(figure.read_text(encoding="utf-8").split()) if figure.is_file() else ""
    parts = [
        '<div class="site-card" markdown>',
        f"{'###' if at else '##'} [{_literal(told['title'])}]({address}/index.md)",
        _literal(told["problem"]),
        f'<figure class="proof-figure">{drawn}</figure>' if drawn else "",
        _table(told),
        f"**The strongest limit.** {_literal(told['limit'])}",
        _grade(folder, at),
        "</div>",
    ]
    return "\n\n".join(filter(None, parts))


def _table(told: dict[str, Any]) -> str:
    rows, seen = "", set()
    for row in sorted(told["rows"], key=lambda r: _SHOWN.index(r["what"])):
        if row["what"] not in seen:
            seen.add(row["what"])
            rows += f'<tr><th scope="row">{_whose(row)}</th><td>{_value(row)}</td></tr>'
    head = f'<tr><th scope="col">Whose</th><th scope="col">{html.escape(_measured(told))}</th></tr>'
    label = html.escape(f"{told['title']}: result beside what it is held against")
    body = f"<thead>{head}</thead><tbody>{rows}</tbody>"
    return f'<table class="site-result" aria-label="{label}">{body}</table>'


def _measured(told: dict[str, Any]) -> str:
    metric = told["metric"]
    return f"{metric[:1].upper()}{metric[1:]} on {told['part']}"


def _whose(row: dict[str, Any]) -> str:
    name = html.escape(row["name"])
    if row["what"] == "published":
        return f"{name}, published, {'' if row['comparable'] == 'yes' else 'partly '}comparable"
    if row.get("title"):
        return f"{html.escape(row['title'])}: {row['what']}"
    return f"<code>{name}</code>, {row['what']}"


def _value(row: dict[str, Any]) -> str:
    if row["value"] is None:
        return "not measured"
    shown = f"<strong>{row['value']:.3f}</strong>"
    if row["ci_low"] is None:
        return shown
    return f"{shown} <small>(95% CI {row['ci_low']:.3f}-{row['ci_high']:.3f})</small>"


def _grade(folder: Path, at: str) -> str:
    path = folder / "grade.json"
    if not path.is_file():
        return ""
    (graded,) = json.loads(path.read_text(encoding="utf-8"))["projects"]
    word = f"**{graded['grade']}**"
    told = f"**Grade.** [By the rubric]({'' if at else '../'}rubric/index.md): {word}"
    if graded["provisional"]:
        told += ", provisional: what only a person can judge is not answered yet"
    report = folder / "grade.html"
    more = f" ([the whole report]({at}{folder.name}/grade.html))" if report.is_file() else ""
    return f"{told}{more}."


def _literal(text: str) -> str:
    escaped = html.escape(" ".join(text.split()), quote=False)
    return "".join(f"\\{c}" if c in "\\`*_[]{}" else c for c in escaped)


def _front(text: str) -> list[str]:
    from mkdocs.utils import meta

    return meta.get_data(text)[1].get("cases") or []
