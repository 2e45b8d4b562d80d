"""Write and check the claims of a project's Markdown files, or of a folder of several."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from proofolio import files
from proofolio.claims import front, grammar, ladder, prose, render, shelf
from proofolio.claims.resolve import Resolve
from proofolio.claims.shelf import Shelf
from proofolio.contract import ClaimError, Layout

LADDER = "ladder"


@dataclass(frozen=True)
class Problem:
    """A claim that does not hold; `warning` marks what fails only under `--strict`."""

    where: str
    what: str
    remedy: str
    warning: bool = False

    def __str__(self) -> str:
        """Return one line: where, what, remedy."""
        kind = "warning: " if self.warning else ""
        return f"{self.where}: {kind}{self.what}; remedy: {self.remedy}"


def pages(root: Path | str) -> list[Path]:
    """Return the Markdown files of a project that may publish numbers, sorted.

    `docs/result/` is left out: it is git-ignored and written anew from evidence by each build, and
    so are the built pages at a root of several projects.
    """
    root = Layout(root).root
    if shelf.is_shelf(root):
        return shelf.pages(root)
    named = [root / name for name in ("README.md", "MODEL_CARD.md", "DATA_CARD.md")]
    written = sorted((root / "docs").rglob("*.md"))
    kept = [path for path in written if root / "docs" / "result" not in path.parents]
    return [path for path in named if path.is_file()] + kept


def bind(text: str, resolve: Resolve | Shelf, where: str = "text") -> str:
    """Return `text` with every claim's text taken from evidence.

    Raises ClaimError naming `where:line` and the remedy for each claim that cannot stand there or
    names nothing known.
    """
    parsed = grammar.parse(text)
    faults = [f"{where}:{f.line}: {f.what} (remedy: {f.remedy})" for f in parsed.faults]
    for span in sorted(parsed.spans(), key=lambda s: s.start, reverse=True):
        try:
            shown = _shown(span, resolve)
        except ClaimError as error:
            faults.append(f"{where}:{span.line}: {_one_line(error)}")
            continue
        text = text[: span.start] + shown + text[span.end :]
    if faults:
        raise ClaimError(f"{len(faults)} claim(s) cannot be written:\n  " + "\n  ".join(faults))
    return text


def write(where: Path | str | Layout | Iterable[Path]) -> int:
    """Rewrite the text of every claim from evidence; return how many files changed.

    Args:
        where: a root, of a project or of several, or Markdown files below one.

    Raises:
        ClaimError: before anything is written, with every faulty claim as file:line and remedy.
    """
    if isinstance(where, Layout):
        where = where.root
    single = isinstance(where, Path | str)
    paths = pages(where) if single and Path(where).is_dir() else [where] if single else list(where)
    texts, faults, resolvers = {}, [], {}
    for path in map(Path, paths):
        root = _root_of(path)
        resolve = resolvers.setdefault(root, _evidence(root))
        try:
            texts[path] = bind(_read(path), resolve, _name(path, root))
        except ClaimError as error:
            faults.append(str(error))
    if faults:
        raise ClaimError("\n".join(faults))
    return sum(files.write_text(path, text) for path, text in texts.items())


def check(root: Path | str, *, strict: bool = False) -> list[Problem]:
    """Return every claim whose text differs from evidence, and every number nothing binds.

    Args:
        root: the root folder of a project, or of several in `case_studies/`.
        strict: unbound numbers are failures instead of warnings.
    """
    root = Layout(root).root
    resolve = _evidence(root)
    problems: list[Problem] = []
    for path in pages(root):
        name = _name(path, root)
        parsed = grammar.parse(_read(path))
        problems += [Problem(f"{name}:{f.line}", f.what, f.remedy) for f in parsed.faults]
        problems += [p for span in parsed.spans() for p in _compare(span, resolve, name)]
        if isinstance(resolve, Resolve):
            problems += [Problem(name, f.what, f.remedy) for f in front.check(parsed, resolve)]
        problems += [
            Problem(f"{name}:{f.line}", f.what, f.remedy, warning=not strict)
            for f in prose.unbound(parsed)
        ]
    return problems


def _compare(
    span: grammar.Claim | grammar.Block, resolve: Resolve | Shelf, name: str
) -> list[Problem]:
    where = f"{name}:{span.line}"
    try:
        shown = _shown(span, resolve)
    except ClaimError as error:
        return [Problem(where, _one_line(error), "correct the claim or record what it names")]
    if shown == span.text:
        return []
    printed = "differs" if isinstance(span, grammar.Block) else f"says {span.text!r}"
    recorded = "its recorded table" if isinstance(span, grammar.Block) else f"{shown!r}"
    what = f"{_title(span)} {printed}, evidence says {recorded}"
    return [Problem(where, what, "run proofolio claims write")]


def _shown(span: grammar.Claim | grammar.Block, resolve: Resolve | Shelf) -> str:
    resolve = resolve.of(span.inside)
    if isinstance(span, grammar.Claim):
        return render.text(resolve.value(span.subject, span.path), span.spec, span.flags)
    if span.name == LADDER:
        body = ladder.table(resolve)
    else:
        found = resolve.result(span.name)
        body = f"*{render.NOT_MEASURED}*" if found is None else render.result_table(found)
    # Blank lines end the comment's HTML block in every Markdown dialect, so the table is a table.
    return f"\n\n{body}\n\n"


def _title(span: grammar.Claim | grammar.Block) -> str:
    if isinstance(span, grammar.Block):
        return f"table {span.name}"
    return f"claim {span.subject} {span.path}"


def _one_line(error: ClaimError) -> str:
    return "; ".join(line.strip() for line in str(error).splitlines())


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _name(path: Path, root: Path) -> str:
    path = path.resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _evidence(root: Path) -> Resolve | Shelf:
    return Shelf(root) if shelf.is_shelf(root) else Resolve(Layout(root))


def _root_of(path: Path) -> Path:
    """Return the nearest folder above a file that is a project or holds several."""
    for folder in path.resolve().parents:
        if shelf.is_project(folder) or shelf.is_shelf(folder):
            return folder
    raise ClaimError(
        f"{path.name} belongs to no project",
        expected="evidence/ or project.yaml in a folder above it",
        remedy="name a file inside a project",
    )
