"""The package API, written at build from the code's own docstrings: a page for each room.

griffelib, the reader behind mkdocstrings, gives names, signatures and sections of docstrings and
imports nothing, so the pages need neither torch nor a second theme. What a package's `__init__`
exports is its API; of a module without exports, what it defines under a public name.
"""

import re
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import griffe
from mkdocs.structure.files import File, Files

import proofolio

SOURCE = Path(proofolio.__file__).parents[1]
FOLDER = "reference/api"
ROOMS = ("contract", "project", "table", "images", "duplicates", "metrics", "scoring", "splits",
         "evidence", "decisions", "errors", "figures", "claims", "audit", "verify", "cards",
         "pages", "rubric", "stages", "files")  # fmt: skip
RUNTIME = "proofolio_torch"
_WIDTH = 88
_PARTS = {"parameters": "Arguments", "raises": "Raises", "attributes": "Attributes"}


def on_files(files: Files, config: Any) -> Files:
    """Add the pages before the navigation is made."""
    for uri, text in made().items():
        files.append(File.generated(config, uri, content=text))
    return files


@cache
def loaded(package: str) -> Any:
    """Return a package as griffe reads it from the source tree, imports resolved."""
    loader = griffe.GriffeLoader(
        search_paths=[SOURCE],
        docstring_parser="google",
        docstring_options={"warn_missing_types": False},
    )
    module = loader.load(package)
    loader.resolve_aliases()
    return module


def made() -> dict[str, str]:
    """Return every page by its address in `docs/`."""
    rooms = [(f"proofolio.{name}", loaded("proofolio")[name]) for name in ROOMS]
    rooms += [(f"{RUNTIME}.{m.name}", m) for m in _inside(loaded(RUNTIME)) if not m.is_package]
    packages = [m for m in _inside(loaded(RUNTIME)) if m.is_package]
    rooms += [(f"{RUNTIME}.{m.name}", m) for m in packages]
    pages = {f"{FOLDER}/index.md": "\n\n".join(_index(rooms)) + "\n"}
    for order, (path, module) in enumerate(rooms, 1):
        pages[f"{FOLDER}/{path}.md"] = "\n\n".join(_room(path, module, order)) + "\n"
    return pages


def exported(module: Any) -> list[tuple[str, Any]]:
    """Return a module's public names in order, constants last, each with what it is."""
    names = module.exports or [n for n, m in module.members.items() if _own(m, module)]
    found = [(str(name), _defined(module, str(name))) for name in names]
    return sorted(found, key=lambda one: (one[1].is_attribute, one[0].lower()))


def _defined(module: Any, name: str) -> Any:
    """Return where an exported name is defined: by its import, for a module may share the name."""
    path = module.imports.get(name)
    if path is None or path.partition(".")[0] not in ("proofolio", RUNTIME):
        return module.members[name]
    package, _, inside = path.partition(".")
    found = loaded(package)[inside]
    return found.final_target if found.is_alias else found


def _own(member: Any, module: Any) -> bool:
    public = not member.is_alias and not member.name.startswith("_")
    return public and (member.is_function or member.is_class)


def _inside(package: Any) -> list[Any]:
    found = [m for m in package.members.values() if not m.is_alias and m.is_module]
    return sorted((m for m in found if not m.name.startswith("_")), key=lambda m: m.name)


def _index(rooms: list[tuple[str, Any]]) -> Iterator[str]:
    yield _front("Package API", "The public functions and classes of both packages, by room.", 0)
    yield "# Package API"
    yield (
        "Written at build from the code. `proofolio` is the proof: it trains nothing and imports "
        f"no torch. `{RUNTIME}` is the runtime of generated projects. The records of evidence are "
        "under [schemas](../schemas.md), the programs under [command line](../commands.md)."
    )
    for package in ("proofolio", RUNTIME):
        yield f"## {package}"
        yield "\n".join(
            f"- [`{path}`]({path}.md): {_safe(_summary(module))}"
            for path, module in rooms
            if path.startswith(f"{package}.")
        )


def _room(path: str, module: Any, order: int) -> Iterator[str]:
    yield _front(path, f"{path}: {_summary(module)}", order)
    yield f"# {path}"
    yield from _told(module)
    for name, member in exported(module):
        yield from _member(name, member, 2)
    for inside in _inside(module) if not module.exports else []:
        if not exported(inside):
            continue
        yield f"## {path}.{inside.name}"
        yield from _told(inside)
        for name, member in exported(inside):
            yield from _member(name, member, 3)


def _member(name: str, member: Any, level: int) -> Iterator[str]:
    yield f"{'#' * level} {name}"
    if member.is_module:
        yield from _told(member)
        for inside, one in exported(member):
            yield from _member(inside, one, level + 1)
    elif member.is_attribute:
        yield f"```python\n{_wrapped(f'{name} = {_cut(str(member.value))}')}\n```"
        yield from _told(member)
    else:
        yield f"```python\n{signature(name, member)}\n```"
        yield from _told(member)
        if member.is_class:
            yield from _methods(name, member, level + 1)


def _methods(owner: str, found: Any, level: int) -> Iterator[str]:
    for name, method in found.members.items():
        if name.startswith("_") or method.is_alias or not method.is_function:
            continue
        yield f"{'#' * level} {owner}.{name}"
        yield f"```python\n{signature(name, method)}\n```"
        yield from _told(method)


def signature(name: str, member: Any) -> str:
    """Return a function's or a class's head, one parameter a line where it is long."""
    if member.is_class:
        bases = ", ".join(str(base) for base in member.bases)
        fields = [
            f"    {a.name}: {a.annotation}{f' = {a.value}' if a.value else ''}"
            for a in member.members.values()
            if a.is_attribute and a.annotation and not a.name.startswith("_")
        ]
        head = f"class {name}({bases})" if bases else f"class {name}"
        head = "\n".join([f"{head}:", *fields]) if fields else head
        made = member.members.get("__init__")
        if made and made.is_function and "dataclass" not in member.labels:
            return f"{head}\n\n{_call(name, made).removesuffix(' -> None')}"
        return head
    return _call(name, member)


def _call(name: str, function: Any) -> str:
    line = function.signature(name=name)
    line = re.sub(r"^([^(]*)\((?:self|cls)(?:, )?", r"\1(", line)
    if len(line) <= _WIDTH:
        return line
    closing = line.rindex(") -> ") if ") -> " in line else line.rindex(")")
    inside, after = line[len(name) + 1 : closing], line[closing + 1 :]
    given = "".join(f"    {part},\n" for part in _split(inside))
    return f"{name}(\n{given}){after}"


def _split(parameters: str) -> Iterator[str]:
    depth, start = 0, 0
    for at, sign in enumerate(parameters):
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and not depth:
            yield parameters[start:at].strip()
            start = at + 1
    if parameters[start:].strip():
        yield parameters[start:].strip()


def _told(member: Any) -> Iterator[str]:
    for section in member.docstring.parsed if member.docstring else []:
        if section.kind.value == "text":
            yield _safe(section.value)
        elif section.kind.value in _PARTS:
            lines = [f"- `{_name(item)}`: {_line(item.description)}" for item in section.value]
            yield "\n".join([f"**{_PARTS[section.kind.value]}**", "", *lines])
        elif section.kind.value in ("returns", "yields"):
            said = " ".join(_line(item.description) for item in section.value)
            yield f"**{section.kind.value.title()}** {said}"
        elif section.kind.value == "admonition":
            yield f"**{section.title}** {_line(section.value.description)}"


def _name(item: Any) -> str:
    return getattr(item, "name", None) or str(item.annotation)


def _summary(module: Any) -> str:
    said = module.docstring.value if module.docstring else module.name
    return " ".join(said.split("\n\n")[0].split())


def _line(text: str) -> str:
    return " ".join(_safe(text).split())


def _safe(text: str) -> str:
    """Return a docstring as Markdown: no tag outside code."""
    parts = re.split(r"(`+[^`]*`+)", text)
    return "".join(p if p.startswith("`") else p.replace("<", "&lt;") for p in parts)


def _wrapped(line: str) -> str:
    """Return a constant's line, broken at blanks where it is long."""
    return "\n".join(
        textwrap.wrap(line, _WIDTH, subsequent_indent=" " * 4, break_long_words=False,
                      break_on_hyphens=False) or [line]
    )  # fmt: skip


def _cut(text: str) -> str:
    return text if len(text) <= 8 * _WIDTH else f"{text[: 8 * _WIDTH]} ..."


def _front(title: str, description: str, order: int) -> str:
    about = description.replace('"', "'").replace("`", "")[:155]
    return f'---\ntitle: "{title}"\ndescription: "{about}"\norder: {order}\n---'
