"""The guides as text: front matter, code blocks, folded prompts, links."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "guides"
GUIDES = sorted(path for path in FOLDER.glob("*.md") if path.name != "index.md")
NOT_RUN = "not run"  # in a block's title: shown for a framework that no extra installs

_FRONT = re.compile(r"\A---\n(.*?)^---\n", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_PROMPT = re.compile(
    r'^\?\?\? question "([^"\n]+)"\n\n?((?: {4}\S[^\n]*\n?|\n(?= {4}\S))+)', re.MULTILINE
)
_LINK = re.compile(r"\[[^\]\n]*(?:\n[^\]\n]*)?\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the rest of the fence's line, its text and first line."""

    language: str
    options: str
    text: str
    line: int


def front(text: str) -> dict[str, Any]:
    found = _FRONT.match(text)
    return yaml.safe_load(found[1]) if found else {}


def blocks(text: str) -> list[Block]:
    return [
        Block(m[1], m[2], m[3], text.count("\n", 0, m.start(3)) + 1) for m in _CODE.finditer(text)
    ]


def prose(text: str) -> str:
    """Return the text without front matter and fenced code."""
    return _CODE.sub("", _FRONT.sub("", text))


def sections(text: str) -> list[str]:
    return re.findall(r"^## (.+)$", prose(text), re.MULTILINE)


def prompts(text: str) -> list[tuple[str, str]]:
    """Return (prompt, answer) of every folded question."""
    return [(m[1], " ".join(m[2].split())) for m in _PROMPT.finditer(prose(text))]


def links(text: str) -> list[str]:
    return _LINK.findall(prose(text))


def namespace() -> dict[str, Any]:
    return {"__name__": "guide"}
