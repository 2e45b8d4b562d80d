"""Hostile repositories, each graded in a process of its own within 10 s and 500 MB."""

import hashlib
import json
import os
import pickle
import shutil
import socket
import subprocess
import sys
import zlib

import numpy as np
import pandas as pd
import pytest
from rubric import graded

if sys.platform == "win32":
    pytest.skip("gradings are forked", allow_module_level=True)

import pyarrow as pa
import pyarrow.parquet as pq
from rubric import hostile

from proofolio import cli
from proofolio.contract import Layout
from proofolio.rubric import grade, report, workers

MEGABYTE = 10**6
MERGES = "a: &a {k: v}\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} {{<<: [{','.join(['*' + chr(97 + i)] * 9)}]}}\n"
    for i in range(9)
)
ALIASES = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)


@pytest.fixture(scope="module")
def grader(tmp_path_factory):
    """The process that grades for all tests of this module."""
    made = hostile.Grader(tmp_path_factory.mktemp("cache"))
    yield made
    made.close()


@pytest.fixture
def bare(tmp_path):
    """A repository that knows nothing of the contract."""
    graded.write(tmp_path / "bare", {"README.md": "The task. Results: accuracy 0.9.\n"})
    return tmp_path / "bare"


class Canary:
    """Writes a file when it is unpickled."""

    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        return os.system, (f"touch '{self.place}'",)


def sparse(path, size):
    """Write a file of nothing that takes no room on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as stream:
        stream.truncate(size)


def change(path, **entries):
    """Change entries of a JSON file, in the form that verification reads."""
    path.write_text(json.dumps(json.loads(path.read_text()) | entries, sort_keys=True, indent=2))


# Repositories without evidence: name of the case, what is planted, what a reader is told.
BARE = {
    "a linked README": (
        lambda r: ((r / "README.md").unlink(), (r / "README.md").symlink_to("/etc/passwd")),
        r"README\.md: a symbolic link, not followed",
    ),
    "a linked folder": (
        lambda r: (r / "src").symlink_to("/usr"),
        "src: a symbolic link, not followed",
    ),
    "a linked project.yaml": (
        lambda r: (r / "project.yaml").symlink_to("/etc/hosts"),
        r"project\.yaml: a symbolic link",
    ),
    "links in a circle": (lambda r: (r / "loop").symlink_to(r), "loop: a symbolic link"),
    "a README of 2 GB": (lambda r: sparse(r / "README.md", 2**31), "README.md has 2,147,483,648"),
    "a README of 50 MB": (
        lambda r: (r / "README.md").write_bytes(b"auroc 1 " * 6_250_000),
        "README.md has 50,000,000 bytes, the limit is",
    ),
    "a module of 2 GB": (lambda r: sparse(r / "x.py", 2**31), "x.py has 2,147,483,648 bytes"),
    "a notebook of 2 GB": (lambda r: sparse(r / "x.ipynb", 2**31), "x.ipynb has 2,147,"),
    "a notebook of 30 MB": (
        lambda r: (r / "x.ipynb").write_text(
            json.dumps({"cells": [{"cell_type": "code", "source": ["x = 1\n"] * 3 * MEGABYTE}]})
        ),
        r"x.ipynb has 33,\d+,\d+ bytes",
    ),
    "a notebook of empty lists": (
        lambda r: (r / "x.ipynb").write_text('{"cells": [' + "[]," * 1_500_000 + "[]]}"),
        "x.ipynb: JSON holds over",
    ),
    "a bomb of aliases": (
        lambda r: (r / "project.yaml").write_text(ALIASES),
        "project.yaml: YAML has over 200,000 values",
    ),
    "a bomb of merged keys": (
        lambda r: (r / "project.yaml").write_text(MERGES),
        "project.yaml: YAML has over 200,000 values",
    ),
    "deep YAML": (
        lambda r: (r / "project.yaml").write_text("[" * 900_000),
        "project.yaml: YAML is deeper than",
    ),
    "a YAML number in base sixty": (
        lambda r: (r / "project.yaml").write_text("seeds: 1" + ":01" * 600_000),
        "project.yaml: YAML holds a int of 1,800,001 digits",
    ),
    "YAML of many keys": (
        lambda r: (r / "project.yaml").write_text("".join(f"{i}: 1\n" for i in range(150_000))),
        "project.yaml: YAML.* has over 200,000 values",
    ),
    "deep JSON": (lambda r: (r / "x.ipynb").write_text("[" * 2_000_000), "x.ipynb: JSON is deeper"),
    "JSON of quotes that nothing closes": (
        lambda r: (r / "x.ipynb").write_text('\\"' * 2_000_000),
        "x.ipynb: not valid JSON",
    ),
    "a number of a million digits": (
        lambda r: (r / "x.ipynb").write_text('{"cells": ' + "9" * MEGABYTE + "}"),
        "x.ipynb: not valid JSON",
    ),
    "a notebook of wrong types": (
        lambda r: (r / "x.ipynb").write_text(
            '{"cells": [1, null, {"cell_type": "code", "source": {"a": NaN}, "outputs": 7},'
            ' {"cell_type": ["code"], "source": [1, [2]]}]}'
        ),
        "notebooks hold what belongs elsewhere",
    ),
    "names with newlines and escapes": (
        lambda r: [(r / f"a\x1b[2J\n{i}\x07\u202e.pkl").write_text("") for i in range(3)],
        r"a \[2J 0.*: loading it runs code",
    ),
    "names that do not decode": (
        lambda r: [open(os.fsencode(r) + b"/\xff\xfe" + end, "w").close()
                   for end in (b".py", b".md", b".ipynb", b".pkl")],
        "loading it runs code",
    ),
    "UTF-8 that is none": (
        lambda r: (r / "README.md").write_bytes(b"\xff\xfe\x00\x00 \x1b[2J task result 1 \xc3"),
        "the first 350 are what 90 seconds hold",
    ),
    "NUL bytes": (
        lambda r: [(r / n).write_bytes(b"task\0" * 1000)
                   for n in ("README.md", "project.yaml", "a.py", "test_a.py", "a.ipynb")],
        "test_a.py: not valid Python",
    ),
    "a pipe for every file": (
        lambda r: ((r / "README.md").unlink(), *map(os.mkfifo, (
            r / n for n in ("README.md", "project.yaml", "requirements.txt", "x.py", "x.ipynb")))),
        "README.md: no plain file, not read",
    ),
    "a deep pyproject.toml": (
        lambda r: (r / "pyproject.toml").write_text("a = " + "[" * MEGABYTE),
        "pyproject.toml names dependencies",
    ),
    "a pyproject.toml of one endless key": (
        lambda r: (r / "pyproject.toml").write_text("a" + ".a" * 90_000 + " = 1"),
        "pyproject.toml names dependencies",
    ),
    "requirements of one line of spaces": (
        lambda r: (r / "requirements.txt").write_text(" " * 4 * MEGABYTE + "!"),
        "versions are named, not pinned",
    ),
    "a deep test module": (
        lambda r: [(r / f"test_{i}.py").write_text(text) for i, text in enumerate(
            ("(" * 90_000, "-" * 90_000 + "1", "1" + "+1" * 90_000, "a" + ".a" * 90_000))],
        "test_0.py: not valid Python",
    ),
    "a test module of many statements": (
        lambda r: (r / "test_x.py").write_text("def test_x():\n x" + ";x" * 140_000),
        "0 own tests assert, 1 cannot fail",
    ),
    "folders a hundred levels deep": (
        lambda r: (r / "/".join("d" * 100)).mkdir(parents=True),
        "folders deeper than 20 levels are not looked at",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BARE)
def test_a_repository_without_evidence(case, bare, grader):
    plant, expected = BARE[case]
    plant(bare)
    told = grader.grade(bare)
    told.within(expected)
    assert told.project["grade"] == "not yet"


def test_a_socket_is_not_read(bare, grader, monkeypatch):
    monkeypatch.chdir(bare)  # its address may have a hundred characters
    with socket.socket(socket.AF_UNIX) as end:
        end.bind("x.py")
        grader.grade(bare).within("x.py: no plain file, not read")


def test_a_hundred_thousand_files(bare, grader):
    for folder in range(100):
        (bare / f"f{folder}").mkdir()
        place = os.open(bare / f"f{folder}", os.O_RDONLY)
        for name in range(1_000):
            os.mknod(f"{name}.py", 0o600, dir_fd=place)
        os.close(place)
    grader.grade(bare).within("more than 20,000 files: the rest is not looked at")


def test_many_files_of_nothing(bare, grader):
    for k in range(2_000):
        sparse(bare / f"{k}.txt", 390_000)
        sparse(bare / f"{k}.sh", 4_900_000)
    grader.grade(bare).within("is not read: over 60,000,000 bytes were read")


PAGES = {
    "numbers beside metric words": ("auroc 1 " * 2_000 + "\n") * 12,
    "one metric word a paragraph": ("AP " + "z " * 36 + "7 " + "z " * 36 + "\n") * 1_250,
    "addresses without an end": ("](" * 9_000 + "\n") * 11,
    "images without an end": ("![" * 9_000 + "\n") * 11,
    "links without an end": ("[a](b " * 3_200 + "\n") * 10,
    "back-ticks of every length": "".join("`" * i + "\n" for i in range(1, 630)),
    "words that begin a pattern": "data split metric prose accuracy images group\n" * 4_300,
    "rules of a table": ("|---" * 4_500 + "\n") * 11,
    "cells of a table": "|auroc" * 3_000 + "\n|-|\n" + ("|1" * 9_000 + "\n") * 10,
    "quotes in quotes": ("> " * 9_000 + "\n") * 11,
    "spaces": (" " * 19_000 + "x\n") * 10,
    "comments without an end": "<!--claim" * 20_000,
}


@pytest.mark.parametrize("case", PAGES)
def test_a_page_that_keeps_patterns_busy(case, bare, grader):
    for name in ("README", "docs/a", "docs/b", "docs/c", "docs/d", "docs/e"):
        graded.write(bare, {f"{name}.md": PAGES[case]})
    grader.grade(bare).within("90 seconds")


def dictionary(path, rows=2_000_000, columns=3, length=1_000):
    """Write a small table of long strings that are the same in every row."""
    indices = pa.array(np.zeros(rows, dtype="int8"))
    text = pa.DictionaryArray.from_arrays(indices, pa.array(["x" * length]))
    table = pa.table({"id": text, **{f"c{i}": text for i in range(columns - 1)}})
    pq.write_table(table, path, row_group_size=rows, store_schema=False)
    assert path.stat().st_size < MEGABYTE


def zeros(path, *, lie=False):
    """Write one string of 320 MB that takes few bytes; with `lie` the footer calls it small."""
    table = pa.table({"id": pa.array(["\0" * 320 * MEGABYTE])})
    options = {"compression": "zstd", "use_dictionary": False, "write_statistics": False}
    pq.write_table(table, path, **options, store_schema=False)
    if lie:
        found = path.read_bytes()
        size = pq.ParquetFile(path).metadata.row_group(0).total_byte_size
        claimed = found.rindex(varint(size))
        while claimed > len(found) - 2_000:  # in the footer alone, not in the page's header
            found = found[:claimed] + varint(1_000, 5) + found[claimed + 5 :]
            claimed = found.rfind(varint(size))
        path.write_bytes(found)
        assert pq.ParquetFile(path).metadata.row_group(0).total_byte_size < MEGABYTE


def varint(value, length=5):
    """Return a number as Thrift's compact protocol writes it, in so many bytes."""
    value *= 2  # zigzag
    parts = [value >> 7 * i & 0x7F | 0x80 for i in range(length)]
    return bytes([*parts[:-1], parts[-1] & 0x7F])


def claiming(path, rows):
    """Write a table whose footer claims another number of rows."""
    frame = pd.DataFrame({"id": [str(i) for i in range(70)]})
    pq.write_table(pa.Table.from_pandas(frame), path)
    found = bytearray(path.read_bytes())
    footer = len(found) - 8 - int.from_bytes(found[-8:-4], "little")
    counts = [i for i in range(footer, len(found) - 10) if found[i - 1 : i + 2] == b"\x16\x8c\x01"]
    for place in counts[::-1]:
        found[place : place + 2] = varint(rows, 6)
    size = len(found) - 8 - footer
    found[-8:-4] = size.to_bytes(4, "little")
    assert counts
    path.write_bytes(found)


def schema_of(path, frame, kind):
    """Write a table whose footer calls its columns by another physical type."""
    pq.write_table(pa.Table.from_pandas(frame), path, store_schema=False)
    found = path.read_bytes()
    path.write_bytes(found.replace(b"\x15\x0c", kind).replace(b"\x15\x04", kind))


# Evidence of a project that earns every point, spoilt: what is planted, what a reader is told.
SPOILT = {
    "a linked file": (
        lambda p: (p.evidence / "notes.json").symlink_to("/etc/hosts"),
        "evidence/notes.json is a symbolic link",
    ),
    "a linked folder of runs": (
        lambda p: (p.runs / "linked").symlink_to("/usr", target_is_directory=True),
        "evidence/runs/linked is a symbolic link",
    ),
    "a linked project.yaml": (
        lambda p: (p.project.rename(p.root / "kept"), p.project.symlink_to(p.root / "kept")),
        "project.yaml is a symbolic link",
    ),
    "JSON of 2 GB": (lambda p: sparse(p.audit, 2**31), "evidence/ holds 2,14"),
    "a table of 2 GB": (lambda p: sparse(p.examples, 2**31), "evidence/ holds 2,14"),
    "a table of 50 MB": (lambda p: sparse(p.examples, 50 * MEGABYTE), "has 50,000,000 bytes"),
    "a pickle as a table": (
        lambda p: p.examples.write_bytes(pickle.dumps(Canary(p.root / "canary"))),
        "examples.parquet is no Parquet file",
    ),
    "a pickle beside the tables": (
        lambda p: (p.evidence / "model.pkl").write_bytes(pickle.dumps(Canary(p.root / "canary"))),
        "loading it runs code|no format of the contract",
    ),
    "a table of another type": (
        lambda p: schema_of(p.examples, pd.read_parquet(p.examples), b"\x15\x0a"),
        "examples.parquet|is no Parquet file",
    ),
    "a table that claims a trillion rows": (
        lambda p: claiming(p.examples, 10**12),
        "examples.parquet.*(claims 1,000,000,000,000 rows|no Parquet)",
    ),
    "a table that claims fewer rows than nothing": (
        lambda p: claiming(p.examples, -5 & 2**40 - 1),
        "examples.parquet.*(claims|no Parquet)",
    ),
    "a table of repeated strings": (
        lambda p: dictionary(p.examples),
        "examples.parquet would unpack to over 250,000,000 bytes",
    ),
    "a table of one endless string": (
        lambda p: zeros(p.hashes),
        "hashes.parquet would unpack to 320,000,",
    ),
    "a table that lies of its size": (
        lambda p: zeros(p.hashes, lie=True),
        "hashes.parquet needs over 300,000,000 bytes to be read",
    ),
    "a table of many columns": (
        lambda p: pd.DataFrame({str(i): [1] for i in range(3_000)}).to_parquet(p.examples),
        "claims 1 rows of 3,000 columns",
    ),
    "a CSV of one line of 10 MB": (
        lambda p: p.duplicates.write_text("a," * 5 * MEGABYTE + "b\n"),
        "duplicates.csv has a line of 10,000,001 bytes",
    ),
    "a CSV of a quote that nothing closes": (
        lambda p: p.duplicates.write_text('a,b,kind,distance\n"' + "x\n" * 300_000),
        "cannot be verified|duplicates.csv",
    ),
    "a CSV of a million lines": (
        lambda p: p.duplicates.write_text("a,b,kind,distance\n" + "a,b,c,1\n" * MEGABYTE),
        "duplicates.csv has over 400,000 lines",
    ),
    "deep JSON": (
        lambda p: p.audit.write_text("[" * 5 * MEGABYTE),
        "audit.json: JSON is deeper than 60 levels",
    ),
    "JSON of empty objects": (
        lambda p: p.audit.write_text('{"findings": [' + "{}," * 3 * MEGABYTE + "{}]}"),
        "audit.json: JSON holds over 1,000,000 values",
    ),
    "JSON of quotes that nothing closes": (
        lambda p: p.audit.write_text('\\"' * 5 * MEGABYTE),
        "audit.json: not valid JSON|audit.json",
    ),
    "NaN, infinities and huge numbers": (
        lambda p: p.audit.write_text('{"findings": [NaN, Infinity, 1e999, ' + "9" * 9_000 + "]}"),
        "audit.json",
    ),
    "numbers beyond any float in a run": (
        lambda p: change(next(p.runs.glob("*/run.json")), seed=10**400, wall_seconds=10**400),
        "run.json",
    ),
    "a run whose id is a path": (
        lambda p: change(next(p.runs.glob("*/run.json")), id="../../../../etc", parent="../x"),
        "run.json",
    ),
    "a result of runs elsewhere": (
        lambda p: change(next(p.results.glob("*.json")), inputs={"runs": ["../../../../etc"]}),
        "runs is no name",
    ),
    "weights of 2 GB": (
        lambda p: (
            sparse(p.root / "work" / "model.onnx", 2**31),
            (p.evidence / "registry.json").write_text(
                '{"models": {"champion": {"weights": "work/model.onnx"}}}'
            ),
        ),
        "weights work/model.onnx have over 500,000,000 bytes",
    ),
    "weights behind a link": (
        lambda p: (
            (p.root / "away").symlink_to("/usr"),
            (p.evidence / "registry.json").write_text(
                '{"models": {"champion": {"weights": "away/bin/env"}}}'
            ),
        ),
        "weights away/bin/env are reached by a symbolic link",
    ),
    "a run in a folder that is not listed": (
        lambda p: (
            (p.runs / "node_modules").mkdir(),
            (p.runs / "node_modules" / "run.json").write_text("[" * 100_000),
        ),
        "node_modules/run.json: JSON is deeper",
    ),
    "evidence after a hundred files too many": (
        lambda p: [(p.evidence / f"{i}.json").write_text("{}") for i in range(20_100)],
        "could not be listed to its end|there is no evidence folder",
    ),
    "evidence twenty levels below": (
        lambda p: (p.runs / "/".join("d" * 30)).mkdir(parents=True),
        "could not be listed to its end",
    ),
    "a name that does not decode": (
        lambda p: open(os.fsencode(p.runs) + b"/\xff.parquet", "w").close(),
        "is no Parquet file: ",
    ),
    "a pipe among the runs": (
        lambda p: (p.examples.unlink(), os.mkfifo(p.examples)),
        "examples.parquet: no plain file, not read",
    ),
    "a page of what is no UTF-8": (
        lambda p: (p.root / "README.md").write_bytes(b"auroc \xff 0.9"),
        "README.md is not UTF-8 text",
    ),
    "dates, numbers and nothing where text belongs": (
        lambda p: p.project.write_text(
            "problem: {statement: 2026-01-01, decision: 7, user: , limit: [1], not_for: {a: b},\n"
            "  harm_of_miss: .inf, harm_of_false_alarm: 0x7f}\n"
            "metric: {primary: 1.5, target: 2026-01-01T00:00:00Z, reason: .nan}\n"
            "model_card: [1, 2]\ndata_card: {1: 2, null: 3, [1]: 2}\nseeds: text\nladder: 3\n"
        ),
        "project.yaml",
    ),
    "project.yaml of one word": (lambda p: p.project.write_text("yes"), "project.yaml"),
}  # fmt: skip


@pytest.mark.parametrize("case", SPOILT)
def test_evidence_that_is_spoilt(case, root, grader):
    plant, expected = SPOILT[case]
    plant(Layout(root))
    told = grader.grade(root)
    told.within(expected)
    assert not list(root.rglob("canary"))


def test_what_is_sound_is_graded_within_the_same_bounds(root, grader):
    told = grader.grade(root)
    told.within("recomputed on")
    assert not told.project["gates"]


def commit_blob(root, size):
    """Put a file of many zeros into the history, small on the disk, and another into the folder."""
    data = b"blob %d\0" % size
    packer, digest = zlib.compressobj(1), hashlib.sha1(data)
    stored, block = [packer.compress(data)], bytes(MEGABYTE)
    for _ in range(size // MEGABYTE):
        digest.update(block)
        stored.append(packer.compress(block))
    sha = digest.hexdigest()
    (root / ".git/objects" / sha[:2]).mkdir(exist_ok=True)
    (root / ".git/objects" / sha[:2] / sha[2:]).write_bytes(b"".join([*stored, packer.flush()]))
    graded.git(root, "update-index", "--cacheinfo", f"100644,{sha},evidence/selection.json")
    graded.git(root, "commit", "-q", "-m", "Selection", day=20)


def test_a_history_of_a_huge_blob(root, grader):
    commit_blob(root, 1_500 * MEGABYTE)
    grader.grade(root).within("selection.json|git took over")


def pipes(git, canary):
    (git / "objects/pack").mkdir(exist_ok=True)
    os.mkfifo(git / "objects/pack" / f"pack-{'0' * 40}.idx")


def settings(git, canary):
    """Name a program in every place of a configuration where git would run it."""
    script = git.parent.parent / "run.sh"
    script.write_text(f"#!/bin/sh\ntouch '{canary}'\ncat\n")
    script.chmod(0o755)
    (git / "other").write_text(f"[core]\n\tfsmonitor = {script}\n[alias]\n\tlog = !{script}\n")
    (git / "config").write_text((git / "config").read_text() + "".join(
        f"[{section}]\n\t{key} = {script}\n" for section, key in (
            ("core", "fsmonitor"), ("core", "pager"), ("core", "editor"), ("core", "sshCommand"),
            ("core", "askPass"), ("core", "gitProxy"), ("diff", "external"), ("gpg", "program"),
            ('diff "x"', "textconv"), ('diff "x"', "command"), ('filter "x"', "clean"),
            ('filter "x"', "smudge"), ('filter "x"', "process"), ("credential", "helper"),
            ('merge "x"', "driver"), ("uploadpack", "packObjectsHook"), ("pager", "log"))
    ) + f"[core]\n\thooksPath = {git}/own\n[log]\n\tshowSignature = true\n"
        f"[alias]\n\tlog = !{script}\n\tls-tree = !{script}\n[include]\n\tpath = {git}/other\n"
        f"[remote \"origin\"]\n\turl = ext::{script}\n\tpromisor = true\n"
        f"[extensions]\n\tpartialClone = origin\n")  # fmt: skip
    for folder in (git / "own", git / "hooks"):
        folder.mkdir(exist_ok=True)
        for hook in ("post-checkout", "pre-commit", "post-index-change", "reference-transaction"):
            (folder / hook).write_text(script.read_text())
            (folder / hook).chmod(0o755)
    (git / "info").mkdir(exist_ok=True)
    (git / "info/attributes").write_text("* filter=x diff=x merge=x\n")
    (git.parent / ".gitattributes").write_text("* filter=x diff=x merge=x\n")


def elsewhere(git, canary):
    settings(git, canary)
    git.rename(git.parent.parent / "elsewhere")
    (git.parent / ".git").write_text(f"gitdir: {git.parent.parent}/elsewhere\n")


def link(git, canary):
    other = git.parent.parent / "objects"
    (git / "objects").rename(other)
    (git / "objects").mkdir()
    for folder in other.iterdir():
        (git / "objects" / folder.name).symlink_to(folder)


HISTORIES = {
    "programs in its configuration": (settings, "Step 9"),
    "a common folder elsewhere": (
        lambda git, canary: (git / "commondir").write_text("/tmp\n"),
        "Step 9",
    ),
    "a .git that points elsewhere": (elsewhere, ".git is a link or points elsewhere"),
    "objects borrowed by name": (
        lambda git, canary: (git / "objects/info/alternates").write_text("/tmp\n"),
        "objects lie elsewhere",
    ),
    "objects behind links": (link, "objects lie elsewhere"),
    "pipes among its packs": (pipes, "objects lie elsewhere"),
    "a HEAD that is a path": (
        lambda git, canary: (git / "HEAD").write_text("ref: refs/../../../../etc/passwd\n"),
        "HEAD cannot be read",
    ),
    "a HEAD of 2 GB": (lambda git, canary: sparse(git / "HEAD", 2**31), "HEAD cannot be read"),
    "a HEAD that is a pipe": (
        lambda git, canary: ((git / "HEAD").unlink(), os.mkfifo(git / "HEAD")),
        "HEAD cannot be read",
    ),
    "a HEAD that is an option": (
        lambda git, canary: (git / "HEAD").write_text(f"ref: --output={canary}\n"),
        "HEAD cannot be read",
    ),
    "objects that are none": (
        lambda git, canary: [p.write_bytes(b"x" * 99) for p in (git / "objects").rglob("*")
                             if p.is_file() and not p.chmod(0o600)],
        "git cannot read the history",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def history(whole, tmp_path_factory):
    """A repository without evidence and with ten commits."""
    place = tmp_path_factory.mktemp("history") / "own"
    shutil.copytree(whole, place, symlinks=True)
    shutil.rmtree(place / "evidence")
    return place


@pytest.mark.parametrize("case", HISTORIES)
def test_a_history_that_is_hostile(case, history, tmp_path, grader):
    place, canary = shutil.copytree(history, tmp_path / "own", symlinks=True), tmp_path / "canary"
    plant, expected = HISTORIES[case]
    plant(place / ".git", canary)
    grader.grade(place).within(expected)
    assert not canary.exists()


def test_a_name_that_acts_in_every_format_of_the_command(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PROOFOLIO_CACHE", str(tmp_path / "cache"))
    place = tmp_path / "=1+1 <script>alert(1)\n\x1b[2J"
    graded.write(place, {"README.md": "<img src=x onerror=alert(1)> task \x1b]0;owned\x07"})
    (place / "<svg onload=alert(1)>.pkl").write_text("")
    BARE["names with newlines and escapes"][0](place)
    BARE["names that do not decode"][0](place)
    for name in report.FORMATS:
        with pytest.raises(SystemExit) as ended:
            cli.grade((place,), format=name)
        told = capsys.readouterr().out
        assert ended.value.code == 0
        assert "\x1b[2J" not in told and "\x1b]0" not in told and "\x07" not in told
        if name == "html":  # Markdown shows it as code, csv and JSON as text
            assert "<script>alert" not in told and "<svg onload" not in told
        if name == "csv":
            assert "\n=1" not in told


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked, and bounded, there")
@pytest.mark.parametrize("hold", [lambda: bytearray(400 * MEGABYTE), lambda: np.zeros(10**8)])
def test_memory_beyond_the_bound_costs_the_grade_alone(hold, bare, monkeypatch):
    monkeypatch.setattr(workers, "one", lambda path, asked: hold() and grade.examine(path))
    (found,) = workers.many([str(bare)], workers.Asked(memory=300 * MEGABYTE))
    assert "MemoryError" in found.outcomes["BU2"].gate


def test_a_process_is_watched_where_no_limit_holds():
    held = "import sys, time; from proofolio.rubric import limits; limits.watch(int(sys.argv[1]))"
    held += "; b = bytearray(b'x' * 150_000_000); time.sleep(1)"
    for most, status in ((50 * MEGABYTE, 1), (900 * MEGABYTE, 0)):
        shell = ["sh", "-c", '"$0" "$@"; exit $?']  # so that the peak is not that of pytest
        done = subprocess.run([*shell, sys.executable, "-c", held, str(most)], timeout=60)
        assert done.returncode == status
