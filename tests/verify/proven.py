"""A tiny project whose whole evidence is in order, and the ways to plant faults in it."""

import json
from pathlib import Path

import builders
import pandas as pd
from evidence import recorded

from proofolio import claims, evidence, files, scoring
from proofolio.contract import Layout
from proofolio.evidence import git, tables

README = """# Tiny

AUROC <!--claim model:champion test.auroc .3f ci-->?<!--/claim--> on test,
on val <!--claim config:good val.auroc .3f ci-->?<!--/claim-->. Demo data.

<!--claims ladder-->
<!--/claims-->
"""


def table_record(layout: Layout) -> None:
    """Write what the prepare step adds: contract, hashes, duplicates."""
    frame = builders.example_frame()
    contract = {"evidence_contract": 1, "kind": "image", "project": "tiny", "demo_data": True}
    files.write_json(layout.contract, contract)
    files.write_parquet(layout.hashes, frame[["id", "content", "perceptual"]])
    files.write_text(layout.duplicates, "a,b,kind,distance\n")


def few_resamples(patch) -> None:
    """Let what is recorded from now on rest on 60 resamples: verify recomputes what is written."""
    patch.setitem(scoring.score.__kwdefaults__, "resamples", 60)
    for name, builder in list(tables.RECOMPUTE.items()):

        def small(layout, project, inputs, parameters, builder=builder):
            fewer = {"resamples": 60} if "resamples" in parameters else {}
            return builder(layout, project, inputs, parameters | fewer)

        patch.setitem(tables.RECOMPUTE, name, small)


def proven(root: Path) -> Path:
    """Return a project that is trained, selected, opened once, summarised and described."""
    layout, author = recorded.trained(root)
    table_record(layout)
    (root / ".gitignore").write_text("work/\ndata/\n")
    evidence.select(layout, author)
    evidence.register(layout, author)
    evidence.open_test(layout, author, "final evaluation")
    evidence.summarise(layout, author)
    (root / "README.md").write_text(README)
    claims.write(root)
    git.commit(layout, [layout.evidence], "Evaluate")
    return root


def edit_json(path: Path, change) -> None:
    """Apply `change` to a JSON file in place and write it in canonical form."""
    value = files.read_json(path)
    change(value)
    files.write_json(path, value)


def rehash_split(root: Path) -> None:
    """Give every record the hash of the parts file as it now is: a careful forger's work."""
    layout = Layout(root)
    digest = files.sha256_file(layout.split("primary") / "parts.csv")
    for path in [layout.split("primary") / "split.json", *layout.runs.glob("*/run.json")]:
        edit_json(path, lambda value: value.update(parts_sha256=digest))


def rehash_table(root: Path) -> None:
    """Give every record the hashes of the table as it now is."""
    from proofolio import table

    layout = Layout(root)
    examples, hashes = pd.read_parquet(layout.examples), pd.read_parquet(layout.hashes)
    known = {
        "membership_sha256": table.membership_sha256(examples),
        "content_sha256": table.content_sha256(hashes),
    }
    edit_json(layout.dataset, lambda value: value.update(known))
    for path in [layout.split("primary") / "split.json", *layout.runs.glob("*/run.json")]:
        own = files.read_json(path)
        edit_json(path, lambda v, own=own: v.update({k: x for k, x in known.items() if k in own}))


def edit_log(root: Path, change) -> None:
    """Rewrite `runs.jsonl` through `change`, a function of its list of lines."""
    path = Layout(root).runs_log
    lines = change(path.read_text().splitlines())
    path.write_text("".join(f"{line}\n" for line in lines))


def relink(lines: list[str]) -> list[str]:
    """Return log lines whose chain is computed anew."""
    linked: list[str] = []
    for line in lines:
        previous = files.sha256_text(linked[-1]) if linked else None
        entry = json.loads(line) | {"previous": previous}
        linked.append(files.json_line(entry).rstrip("\n"))
    return linked


def run_folder(root: Path, name: str = "good", seed: int = 0) -> Path:
    """Return the folder of one run."""
    return next(Layout(root).runs.glob(f"{name}-s{seed}-*"))


def strip(root: Path, *, keep_runs: bool) -> None:
    """Go back to before the selection (or before any run), without git history."""
    import shutil

    layout = Layout(root)
    shutil.rmtree(root / ".git", ignore_errors=True)
    shutil.rmtree(layout.results)
    for path in (layout.selection, layout.test_access, layout.registry, root / "README.md"):
        path.unlink(missing_ok=True)
    if keep_runs:
        for path in layout.runs.glob("*/run.json"):
            edit_json(path, lambda value: value["metrics"].pop("test", None))
        return
    shutil.rmtree(layout.runs)
    layout.runs_log.unlink()
