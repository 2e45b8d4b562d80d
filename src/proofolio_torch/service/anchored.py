"""Read a decision log back: is the chain whole, and as long as its anchors say?"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from proofolio.evidence import chain
from proofolio_torch.service.refusals import ServiceError


class Head(NamedTuple):
    """How far a log goes: number of lines, and the hash of the last (None before the first)."""

    lines: int
    sha256: str | None

    @property
    def text(self) -> str:
        """One word for a commit message or a colleague; `verify(..., head=text)` takes it."""
        return f"{self.lines}:{self.sha256 or '-'}"


class Verdict(NamedTuple):
    """What `verify` found.

    Attributes:
        head: of the log as it stands.
        anchored: lines that an anchor or the given head covers.
        problems: what is broken; empty for a whole log.
    """

    head: Head
    anchored: int
    problems: list[str]


def verify(
    path: Path, anchors: Path | None = None, *, head: str | None = None, torn: bool = False
) -> Verdict:
    """Check the chain of a log, and its length and hashes against what was anchored.

    Args:
        path: the log.
        anchors: its anchors; `<path>.anchors` by default.
        head: a `Head.text` that was kept outside, such as in a commit.
        torn: leave out a last line that was cut off in its middle, as a killed writer leaves it;
            otherwise it is a problem.
    """
    path, problems = Path(path), []
    wanted = _anchored(anchors_of(path, anchors), problems, torn)
    if head is not None:
        lines, _, sha256 = head.partition(":")
        if not lines.isdigit():
            raise ServiceError("the head cannot be read", expected="LINES:SHA256", received=head)
        wanted.append(Head(int(lines), None if sha256 == "-" else sha256))
    found: dict[int, str | None] = {0: None}
    count, asked, last = 0, {h.lines for h in wanted}, None
    for link in chain.follow(_lines(path, problems, torn)):
        count, last = link.number, chain.head(link.text)
        if count in asked:
            found[count] = last
        if link.entry is None:
            problems.append(f"line {count}: not a JSON object: it was edited")
        elif not link.intact:
            problems.append(f"line {count}: a line before it was edited, removed or moved")
        elif link.entry.get("line") != count:
            problems.append(f"line {count}: numbered {link.entry.get('line')}")
    for anchor in wanted:
        if anchor.lines > count:
            problems.append(f"{anchor.lines} lines were anchored, {count} are left: cut off")
        elif found.get(anchor.lines) != anchor.sha256:
            problems.append(f"line {anchor.lines} is not the one that was anchored: written anew")
    return Verdict(Head(count, last), max((h.lines for h in wanted), default=0), problems)


def anchors_of(path: Path, anchors: Path | None) -> Path:
    """Return where the anchors of a log are kept."""
    return Path(anchors) if anchors else Path(path).with_name(f"{Path(path).name}.anchors")


def _anchored(path: Path, problems: list[str], torn: bool) -> list[Head]:
    if not path.is_file():
        problems.append(f"{path.name} is missing: without anchors a cut end cannot be seen")
        return []
    heads = []
    for link in chain.follow(_lines(path, problems, torn)):
        entry = link.entry or {}
        if not isinstance(entry.get("lines"), int) or "head" not in entry:
            problems.append(f"{path.name} line {link.number}: not an anchor")
            continue
        heads.append(Head(entry["lines"], entry["head"]))
    return heads


def _lines(path: Path, problems: list[str], torn: bool) -> Iterator[str]:
    """Yield the lines of a file without their line feeds; a last one without is left out."""
    if not path.is_file():
        return
    with open(path, "rb") as stream:
        for line in stream:
            if not line.endswith(b"\n"):
                if not torn:
                    problems.append(f"the last line of {path.name} is cut off in its middle")
                return
            yield line.removesuffix(b"\n").decode("utf-8", errors="replace")
