"""The result as self-contained pages: one a project, one for the cohort; nothing is fetched."""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urljoin

import jinja2
from markupsafe import Markup, escape

from proofolio.rubric.report import agreement, cohort, text, view

Result = Mapping[str, Any]
INDEX = "index.html"


def write(result: Result) -> str:
    """Return one page: the project's where there is one, else the cohort's without links."""
    result = text.harmless(result)
    projects = result["projects"]
    if len(projects) == 1:
        return _project(result, projects[0])
    return _cohort(result, {})


def pages(result: Result) -> dict[str, str]:
    """Return {address in the folder: page}: the cohort's, and every project's, linked both ways."""
    result = text.harmless(result)
    addresses = dict(enumerate(_addresses(result["projects"])))
    made = {INDEX: _cohort(result, addresses)}
    for index, project in enumerate(result["projects"]):
        made[addresses[index]] = _project(result, project, home=f"../{INDEX}")
    return made


def render(template: str, styles: tuple[str, ...], scripts: tuple[str, ...], **told: Any) -> str:
    """Return a page of a template; its policy allows its own styles and scripts and no request."""
    style, script = ("\n".join(map(_asset, names)) for names in (styles, scripts))
    policy = [
        "default-src 'none'", "img-src data:", "base-uri 'none'", "form-action 'none'",
        f"style-src '{_digest(style)}'",
        *([f"script-src '{_digest(script)}'"] if scripts else []),
    ]  # fmt: skip
    return (
        _environment()
        .get_template(template)
        .render(policy="; ".join(policy), style=Markup(style), script=Markup(script), **told)
    )


def _project(result: Result, project: view.Project, home: str = "") -> str:
    return render(
        "project.html", ("page.css", "project.css"), (),
        project=project, home=home, guide=str(result.get("guide") or ""), by=result.get("by", ""),
    )  # fmt: skip


def _cohort(result: Result, addresses: Mapping[int, str]) -> str:
    projects = result["projects"]
    return render(
        "cohort.html", ("page.css", "cohort.css"), ("cohort.js",),
        projects=list(enumerate(projects)), addresses=addresses, by=result.get("by", ""),
        guide=str(result.get("guide") or ""), sections=cohort.sections(projects),
        grades=cohort.grades(projects), gates=_numbered(projects),
        distributions=cohort.distributions(projects), pairs=agreement.pairs(projects),
        titles={c["code"]: c["title"] for p in projects for c in p["criteria"]},
    )  # fmt: skip


def _numbered(projects: list[view.Project]) -> list[tuple[str, list[tuple[int, str]]]]:
    index = {id(project): number for number, project in enumerate(projects)}
    return [(code, [(index[id(p)], view.name(p)) for p in g]) for code, g in cohort.gates(projects)]


def _addresses(projects: list[view.Project]) -> list[str]:
    """Return one address a project, unique and of letters any file system and server keeps."""
    slugs = [
        re.sub(r"[^a-z0-9]+", "-", view.name(p).lower()).strip("-")[:60] or "project"
        for p in projects
    ]
    times, met = Counter(slugs), Counter()
    names = []
    for slug in slugs:
        met[slug] += 1
        names.append(f"{slug}--{met[slug]}" if times[slug] > 1 else slug)
    return [f"projects/{name}.html" for name in names]


def _link(url: object, guide: str = "") -> str:
    """Return the address of a remedy's page if it can be reached from anywhere, else ""."""
    allowed = text.address(urljoin(guide, text.address(url)))
    return allowed if allowed.startswith(("http://", "https://")) else ""


def _coded(told: object) -> Markup:
    """Return text with what stands between two backticks as code, all of it escaped."""
    pieces = str(told).split("`")
    if len(pieces) % 2 == 0:
        return escape(told)
    marks = (Markup("<code>{}</code>") if k % 2 else Markup("{}") for k in range(len(pieces)))
    return Markup().join(m.format(piece) for m, piece in zip(marks, pieces, strict=True))


def _digest(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def _asset(name: str) -> str:
    loader = _environment().loader
    return loader.get_source(_environment(), name)[0]


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("proofolio.rubric.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"points": text.number, "link": _link, "coded": _coded}
    environment.globals |= {
        "view": view, "STATUS": view.STATUS, "PHASES": view.PHASES, "HOW": view.HOW,
        "MEANING": view.MEANING,
    }  # fmt: skip
    return environment
