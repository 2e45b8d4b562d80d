"""Ways to plant a fault in a project's folder and to repair every hash that it touches."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from rubric import graded
from verify.proven import edit_json

from proofolio import claims, files, table
from proofolio.contract import Layout

Plant = Callable[[Path], None]
_RESULT = re.compile(  # a number of a result, or its whole table
    r"<!--claim result:(?P<name>\w+) (?:(?!-->).)*-->.*?<!--/claim-->"
    r"|<!--claims (?P<table>(?!ladder)\w+)(?:(?!-->).)*-->.*?<!--/claims-->",
    re.DOTALL,
)


def project(change: Callable[[dict[str, Any]], Any]) -> Plant:
    """Return a plant that changes project.yaml."""

    def plant(root: Path) -> None:
        path = root / "project.yaml"
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(value)
        path.write_text(yaml.safe_dump(value, sort_keys=False), encoding="utf-8")

    return plant


def text(name: str, old: str, new: str, *, times: int = -1) -> Plant:
    """Return a plant that replaces a text that must stand in a file."""

    def plant(root: Path) -> None:
        found = (root / name).read_text(encoding="utf-8")
        assert old in found, f"{name} does not hold {old!r}"
        (root / name).write_text(found.replace(old, new, times), encoding="utf-8")

    return plant


def written(name: str, content: str) -> Plant:
    """Return a plant that writes a file anew."""
    return lambda root: graded.write(root, {name: content})


def appended(name: str, more: str) -> Plant:
    """Return a plant that adds to the end of a file."""

    def plant(root: Path) -> None:
        path = root / name
        path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")

    return plant


def gone(*patterns: str) -> Plant:
    """Return a plant that removes files; each pattern must match one."""

    def plant(root: Path) -> None:
        for pattern in patterns:
            found = sorted(root.glob(pattern))
            assert found, pattern
            for path in found:
                path.unlink()

    return plant


def runs(name: str, change: Callable[[dict[str, Any]], Any]) -> Plant:
    """Return a plant that changes run.json of every seed of a configuration."""

    def plant(root: Path) -> None:
        found = sorted(Layout(root).runs.glob(f"{name}-s*/run.json"))
        assert found, name
        for path in found:
            edit_json(path, change)

    return plant


def results(kinds: set[str], change: Callable[[Path, dict[str, Any]], Any] | None = None) -> Plant:
    """Return a plant that changes the results of some kinds, or removes them."""

    def plant(root: Path) -> None:
        found = {p: files.read_json(p) for p in sorted(Layout(root).results.glob("*.json"))}
        found = {path: value for path, value in found.items() if value["kind"] in kinds}
        assert found, kinds
        for path, value in found.items():
            if change is None:
                path.unlink()
            else:
                change(path, value)
                files.write_json(path, value)

    return plant


def pages(root: Path) -> None:
    """Write bound numbers again, so that pages say what the evidence now says.

    Numbers of results that are gone are taken out with their claims.
    """
    for path in [*sorted(root.glob("*.md")), *sorted(root.glob("docs/*.md"))]:
        found = path.read_text(encoding="utf-8")
        path.write_text(_RESULT.sub(lambda m: _kept(root, m), found), encoding="utf-8")
    claims.write(root)


def _kept(root: Path, claim: re.Match[str]) -> str:
    name = claim["name"] or claim["table"]
    return claim[0] if Layout(root).result(name).is_file() else "(taken out)"


def rehashed(root: Path) -> None:
    """Give every record the hashes of table, hashes and parts as they now are."""
    layout = Layout(root)
    known = {}
    if layout.hashes.is_file():  # of events, the record holds the hashes of the whole table
        known = {
            "membership_sha256": table.membership_sha256(pd.read_parquet(layout.examples)),
            "content_sha256": table.content_sha256(pd.read_parquet(layout.hashes)),
        }
    parts = {
        path.parent.name: {"parts_sha256": files.sha256_file(path)}
        for path in sorted((layout.evidence / "splits").glob("*/parts.csv"))
    }
    for path in [layout.dataset, *layout.evidence.glob("splits/*/split.json")]:
        own = files.read_json(path)
        _update(path, own, known | parts.get(path.parent.name, {}))
    for path in sorted(layout.runs.glob("*/run.json")):
        own = files.read_json(path)
        _update(path, own, known | parts[own["split"]])


def _update(path: Path, own: dict[str, Any], known: dict[str, str]) -> None:
    new = {key: value for key, value in known.items() if key in own}
    if any(own[key] != value for key, value in new.items()):
        files.write_json(path, own | new)


def same_unit(root: Path) -> None:
    """One training picture, not its unit's only one, gets the unit of a val picture."""
    layout = Layout(root)
    examples = pd.read_parquet(layout.examples)
    parts = pd.read_csv(layout.split("primary") / "parts.csv")
    rows = examples.reset_index().merge(parts[["id", "part"]], on="id").set_index("index")
    several = rows.groupby("unit")["id"].transform("size") > 1
    alone = rows.groupby("cluster")["unit"].transform("nunique") == 1
    train = rows[(rows["part"] == "train") & several & alone].iloc[0]
    val = rows[(rows["part"] == "val") & (rows["label"] == train["label"])].iloc[0]
    examples.loc[train.name, ["unit", "cluster"]] = [val["unit"], val["cluster"]]
    files.write_parquet(layout.examples, examples)
    rehashed(root)
    pages(root)


def crossing(root: Path) -> None:
    """One training picture stands in test, its unit's others stay in train."""
    path = Layout(root).split("primary") / "parts.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    index = next(i for i, line in enumerate(lines) if line.split(",")[1] == "train")
    cells = lines[index].split(",")
    lines[index] = ",".join([cells[0], "test", *cells[2:]])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    rehashed(root)


def same_content(root: Path) -> None:
    """One training picture is, byte for byte, one of test."""
    layout = Layout(root)
    hashes = pd.read_parquet(layout.hashes).set_index("id")
    parts = pd.read_csv(layout.split("primary") / "parts.csv").set_index("part")["id"]
    train, test = parts["train"].iloc[0], parts["test"].iloc[0]
    hashes.loc[train] = hashes.loc[test]
    files.write_parquet(layout.hashes, hashes.reset_index())
    rehashed(root)
    pages(root)


def later_training(root: Path) -> None:
    """The newest training window ends after its scored window begins."""
    path = Layout(root).split("primary") / "parts.csv"
    parts = pd.read_csv(path)
    last = parts["fold"] == parts["fold"].max()
    score = parts.loc[last & (parts["part"] == "score"), "end"].item()
    parts.loc[last & (parts["part"] == "train"), "end"] = score
    path.write_text(parts.to_csv(index=False, lineterminator="\n"), encoding="utf-8")
    rehashed(root)


def earlier_opening(root: Path) -> None:
    """The log says that test was opened a day before anything was chosen."""
    path = Layout(root).test_access
    entry = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    chosen = pd.Timestamp(files.read_json(Layout(root).selection)["written"])
    entry["time"] = (chosen - pd.Timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    path.write_text(files.json_line(entry), encoding="utf-8")


def one_commit(root: Path) -> None:
    """The whole history becomes one commit of the finished project."""
    top = root if (root / ".git").is_dir() else root.parent.parent
    shutil.rmtree(top / ".git")
    graded.git(top, "init", "-q", "-b", "main")
    graded.git(top, "add", "-A", "-f")
    graded.git(top, "commit", "-q", "-m", "Everything", day=12)


def all_of(*plants: Plant) -> Plant:
    """Return a plant that makes several changes."""

    def plant(root: Path) -> None:
        for each in plants:
            each(root)

    return plant
