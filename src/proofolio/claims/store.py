"""Recorded evidence as claims read it: plain JSON, read once, absent files as empty.

Nothing here validates (that is `verify`'s work): a claim shows what is written, or says it is
missing.
"""

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from proofolio import files
from proofolio.contract import ClaimError, Layout


def _json(path: Path, missing: Any) -> Any:
    if not path.is_file():
        return missing
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ClaimError(
            f"{path.name} is not JSON", received=str(error), remedy=f"restore {path} from git"
        ) from None


class Store:
    """The evidence of one project, by subject."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    @cached_property
    def runs(self) -> dict[str, dict[str, Any]]:
        """Every recorded run by id, in the order in which the log says they ended."""
        found = [_json(path, {}) for path in sorted(self.layout.runs.glob("*/run.json"))]
        place = {run_id: number for number, run_id in enumerate(self._ended)}
        found.sort(key=lambda run: (place.get(run.get("id"), len(place)), run.get("finished", "")))
        return {run["id"]: run for run in found if "id" in run}

    @property
    def _ended(self) -> list[str]:
        path = self.layout.runs_log
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        try:
            entries = [json.loads(line) for line in lines]
        except ValueError:
            return []
        return [e["id"] for e in entries if e.get("status") in ("finished", "failed", "pruned")]

    @cached_property
    def results(self) -> dict[str, dict[str, Any]]:
        """Every result by name."""
        paths = sorted(self.layout.results.glob("*.json"))
        return {path.stem: _json(path, {}) for path in paths}

    @cached_property
    def registry(self) -> dict[str, dict[str, Any]]:
        """Registered models by name."""
        return _json(self.layout.registry, {}).get("models", {})

    @cached_property
    def references(self) -> dict[str, dict[str, Any]]:
        """Published figures by id."""
        return {entry["id"]: entry for entry in _json(self.layout.references, [])}

    @cached_property
    def dataset(self) -> dict[str, Any]:
        """`dataset.json`."""
        return _json(self.layout.dataset, {})

    @cached_property
    def selection(self) -> dict[str, Any]:
        """`selection.json`."""
        return _json(self.layout.selection, {})

    @cached_property
    def findings(self) -> list[dict[str, Any]]:
        """Findings of the audit, those of the primary split first."""
        found = _json(self.layout.audit, {})
        found = found.get("findings", []) if isinstance(found, dict) else found
        return sorted(found, key=lambda finding: finding.get("split") != self.primary)

    @cached_property
    def splits(self) -> dict[str, dict[str, Any]]:
        """Every split's `split.json` by name, with the examples and units of each of its parts."""
        paths = sorted((self.layout.evidence / "splits").glob("*/split.json"))
        return {
            path.parent.name: _json(path, {}) | {"parts": self._parts(path.parent)}
            for path in paths
        }

    def _parts(self, folder: Path) -> dict[str, dict[str, int]]:
        """Return examples and units of each part; of events those that are scored."""
        import pandas as pd

        path = folder / "parts.csv"
        if not (path.is_file() and self.layout.examples.is_file()):
            return {}
        parts = pd.read_csv(path, dtype=str, keep_default_na=False)
        if "id" not in parts:
            from proofolio import splits

            parts = splits.read(self.layout, folder.name)
        units = pd.read_parquet(self.layout.examples, columns=["id", "unit"])
        joined = parts.merge(units.astype({"id": str}), on="id")
        return {
            str(part): {"n_examples": int(rows["id"].nunique()), "n_units": rows["unit"].nunique()}
            for part, rows in joined.groupby("part")
        }

    @cached_property
    def primary(self) -> str:
        """Name of the split with purpose primary."""
        paths = sorted((self.layout.evidence / "splits").glob("*/split.json"))
        named = (p.parent.name for p in paths if _json(p, {}).get("purpose") == "primary")
        return next(named, "primary")

    @cached_property
    def project(self) -> dict[str, Any]:
        """`project.yaml` as plain data: its ladder's order, its metric and its results are read."""
        import yaml

        if not self.layout.project.is_file():
            return {}
        try:
            loaded = files.read_yaml(self.layout.project)
        except yaml.YAMLError:
            return {}
        return loaded if isinstance(loaded, dict) else {}

    @property
    def planned(self) -> list[str]:
        """Configurations named in `project.yaml`, in its order."""
        ladder = self.project.get("ladder") or []
        return [entry["name"] for entry in ladder if isinstance(entry, dict) and "name" in entry]

    @property
    def asked(self) -> dict[str, dict[str, Any]]:
        """Results that `project.yaml` asks for, by name."""
        listed = self.project.get("results") or []
        return {entry["name"]: entry for entry in listed if isinstance(entry, dict)}

    @cached_property
    def test_opened(self) -> bool:
        """Whether predictions were ever joined with test labels."""
        path = self.layout.test_access
        return path.is_file() and bool(path.read_text(encoding="utf-8").strip())

    def seeds(self, name: str) -> list[dict[str, Any]]:
        """Finished runs of a configuration, the newest per seed, by seed.

        A configuration edited under its name leaves older runs behind: only those that share the
        newest run's configuration and split are of one kind and may be averaged.
        """
        done = [r for r in self.runs.values() if r["name"] == name and r["status"] == "finished"]
        if not done:
            return []
        newest = done[-1]
        same = ("config_sha256", "parts_sha256", "content_sha256")
        alike = [run for run in done if all(run.get(k) == newest.get(k) for k in same)]
        return [run for _, run in sorted({run["seed"]: run for run in alike}.items())]
