"""Reference pages written at build from the programs themselves: JSON schemas, command lines."""

import contextlib
import importlib
import io
import json
import os
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from proofolio import contract

ROOT = Path(__file__).resolve().parents[2]
WIDTH = 88
SCHEMAS = {
    "Contract": "contract.json",
    "Dataset": "dataset.json",
    "SplitInfo": "splits/NAME/split.json",
    "Finding": "audit.json, one finding",
    "Run": "runs/ID/run.json",
    "Selection": "selection.json",
    "Result": "results/NAME.json",
    "Reference": "references.json, one entry",
}
PROJECTS = {"medical_imaging": "images", "fraud_sequences": "events"}


def on_files(files: Files, config: Any) -> Files:
    """Add the pages and the schema files, before the navigation is made."""
    for uri, text in made().items():
        files.append(File.generated(config, uri, content=text))
    return files


def made() -> dict[str, str]:
    """Return every file of the reference by its address in `docs/`."""
    schemas = {name: json.dumps(schema(name), indent=2) + "\n" for name in SCHEMAS}
    pages = {f"reference/schemas/{name}.schema.json": text for name, text in schemas.items()}
    pages["reference/schemas.md"] = "\n\n".join(_schemas()) + "\n"
    pages["reference/commands.md"] = "\n\n".join(_commands()) + "\n"
    return pages


def schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a record of the evidence contract."""
    return getattr(contract, name).model_json_schema()


def _schemas() -> Iterator[str]:
    yield _front("Evidence schemas", "The JSON Schema of every record in the evidence folder.")
    yield "# Evidence schemas"
    yield (
        "What each record of [the evidence folder](../evidence.md) holds, written at build from "
        "the models that read and write it. A validator takes the linked JSON Schema."
    )
    for name, where in SCHEMAS.items():
        found = schema(name)
        yield f"## {name}"
        told = " ".join((found.get("description") or "").split())
        path, _, note = where.partition(", ")
        said = f"In `evidence/{path}`{', ' * bool(note)}{note}. {_after_path(told)}".strip()
        yield f"{said} [{name}.schema.json](schemas/{name}.schema.json)"
        yield _fields(found)


def _after_path(told: str) -> str:
    """Return a record's description without the path that it opens with."""
    said = re.sub(r"^(?:One line of )?`evidence/[^`]*`[.,;:]? *", "", told)
    return said[:1].upper() + said[1:]


def _fields(found: dict[str, Any]) -> str:
    needed = set(found.get("required", []))
    rows = [
        f"| `{key}` | {_type(value, found)} | {'yes' if key in needed else 'no'} |"
        for key, value in found["properties"].items()
    ]
    return "\n".join(["| Field | Type | Required |", "| --- | --- | --- |", *rows])


def _type(value: dict[str, Any], found: dict[str, Any]) -> str:
    if "$ref" in value:
        name = value["$ref"].rsplit("/", 1)[1]
        inside = ", ".join(f"`{key}`" for key in found["$defs"][name].get("properties", {}))
        return f"{name}: {inside}" if inside else name
    if "anyOf" in value:
        return " or ".join(_type(one, found) for one in value["anyOf"])
    if "enum" in value or "const" in value:
        listed = value.get("enum") or [value["const"]]
        return "one of " + ", ".join(f"`{one}`" for one in listed)
    if value.get("type") == "array":
        return f"list of {_type(value.get('items', {}), found)}"
    inside = value.get("additionalProperties")
    if isinstance(inside, dict):
        return f"object of {_type(inside, found)}"
    return str(value.get("type", "any"))


def _commands() -> Iterator[str]:
    yield _front("Command line", "Every command of proofolio and of a generated project.")
    yield "# Command line"
    yield "Written at build from the programs: what `--help` prints."
    yield "## proofolio"
    from proofolio import cli

    yield from _helps(cli.app, "proofolio", cli.__doc__, 3)
    yield "## A generated project"
    yield (
        "`python -m PACKAGE COMMAND`, here as two case studies have it; commands of their own are "
        "among them."
    )
    for name, kind in PROJECTS.items():
        yield f"### Of {kind}: `{name}`"
        try:
            with _on_path(ROOT / "case_studies" / name / "src"):
                program = importlib.import_module(f"{name}.__main__")
        except ImportError as error:
            yield f"Not shown in this copy of the site: {error}."
            continue
        yield from _helps(program.app, f"python -m {name}", program.__doc__, 4)


def _helps(app: Any, program: str, about: str | None, level: int) -> Iterator[str]:
    yield f"```text\n{printed(app, program, about)}\n```"
    for command in commands(app):
        yield f"{'#' * level} {program} {command}"
        yield f"```text\n{printed(app, program, about, command)}\n```"


def commands(app: Any) -> list[str]:
    """Return the names of an app's commands, in its order."""
    return list(app._subcommands)


def printed(app: Any, program: str, about: str | None, *command: str) -> str:
    """Return what a program prints for `--help`, in columns of a fixed width, without colours."""
    out, before = io.StringIO(), dict(os.environ)
    os.environ |= {"COLUMNS": str(WIDTH), "NO_COLOR": "1", "TERM": "dumb"}
    try:
        with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
            app.cli(prog=program, description=about, args=[*command, "--help"])
    finally:
        os.environ.clear()
        os.environ.update(before)
    lines = (line.rstrip() for line in out.getvalue().splitlines())
    return "\n".join(map(_wrapped, lines)).strip("\n")


def _wrapped(line: str) -> str:
    """Return a line, broken where it is wider than the page, as a usage with many commands is."""
    if len(line) <= WIDTH:
        return line
    usage = line.startswith("usage:")
    spaced = line.replace(",", ", ") if usage else line
    indent = " " * (len(line) - len(line.lstrip()) + 4 * usage)
    found = textwrap.wrap(spaced, WIDTH, subsequent_indent=indent, break_long_words=False,
                          break_on_hyphens=False)  # fmt: skip
    return "\n".join(found)


@contextlib.contextmanager
def _on_path(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _front(title: str, description: str) -> str:
    return f"---\ntitle: {title}\ndescription: {description}\n---"
