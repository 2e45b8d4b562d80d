"""Small projects, tables and pictures for tests: no torch, no network, deterministic."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml


def project_dict(**changes: Any) -> dict[str, Any]:
    """Return a valid `project.yaml` as a dict: two classes, patients, three configurations."""
    base: dict[str, Any] = {
        "name": "tiny",
        "package": "tiny",
        "title": "Tiny patients",
        "summary": "A made-up project for tests.",
        "kind": "image",
        "authors": ["A. Tester"],
        "license": "MIT",
        "demo_data": True,
        "problem": {
            "statement": "Find sick patients.",
            "decision": "Whom to look at first.",
            "user": "A nurse.",
            "harm_of_miss": "A delayed treatment.",
            "harm_of_false_alarm": "A needless look.",
            "limit": "Made-up data.",
            "not_for": "Any use.",
        },
        "data": {
            "name": "Tiny",
            "version": "1",
            "variant": "as made",
            "license": "CC0-1.0",
            "homepage": "https://example.org",
            "citation": "None.",
            "how_to_get": "Made by tests/builders.py.",
        },
        "unit": "patient",
        "unit_note": "Recorded.",
        "classes": ["healthy", "sick"],
        "positive_class": "sick",
        "splits": [{"name": "primary", "strategy": "patient", "rationale": "Images correlate."}],
        "metric": {"primary": "auroc", "target": 0.8, "reason": "Ranking."},
        "decision": {"rule": "sensitivity", "target": 0.9, "reason": "Misses cost more."},
        "budget": "a minute",
        "seeds": [0, 1],
        "prior_exposure": "none",
        "sign_off": {"by": "A. Tester", "date": "2026-11-22"},
        "ladder": [
            {
                "name": "prior",
                "rung": "prior",
                "hypothesis": "Nothing is learnt.",
                "config": {"model": {"kind": "prior"}},
                "seeds": [0],
            },
            {
                "name": "good",
                "rung": "network",
                "hypothesis": "A signal is learnt.",
                "config": {"model": {"kind": "net"}, "optim": {"lr": 0.1, "epochs": 3}},
            },
            {
                "name": "good_slow",
                "rung": "network",
                "hypothesis": "A smaller step helps.",
                "parent": "good",
                "change": {"optim.lr": 0.01},
            },
        ],
    }
    return base | changes


def write_project(root: Path, **changes: Any) -> Path:
    """Write `project.yaml` into a new folder and return the folder."""
    root.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(project_dict(**changes), sort_keys=False)
    (root / "project.yaml").write_text(text, encoding="utf-8")
    return root


def image_frame(
    raw: Path, *, units: int = 40, per_unit: int = 3, size: int = 32, seed: int = 0
) -> pd.DataFrame:
    """Write PNGs of made-up patients into `raw` and return their author's table.

    Every second unit is `sick`: its pictures carry a diagonal stripe pattern. Unit backgrounds
    differ, images of one unit are correlated. Columns id, unit, label, path, slice_site.
    """
    from PIL import Image

    rng = np.random.default_rng(seed)
    rows = []
    y, x = np.mgrid[:size, :size]
    for u in range(units):
        label = "sick" if u % 2 else "healthy"
        base = np.repeat(np.repeat(rng.uniform(40, 200, (4, 4)), size // 4, 0), size // 4, 1)
        for k in range(per_unit):
            picture = base + rng.normal(0, 12, (size, size))
            if label == "sick":
                picture = picture + 25 * np.sin((x + y) * rng.uniform(0.8, 1.2))
            name = f"{label}/p{u:03d}_{k}.png"
            (raw / label).mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(raw / name)
            rows.append((name, f"p{u:03d}", label, name, "north" if u % 3 else "south"))
    return pd.DataFrame(rows, columns=["id", "unit", "label", "path", "slice_site"])


def example_frame(*, units: int = 60, per_unit: int = 3) -> pd.DataFrame:
    """Return a table without pictures, hashes included; two slices; every second unit is sick."""
    rows = [
        (
            f"p{u:03d}_{k}",
            f"p{u:03d}",
            f"p{u:03d}",
            "sick" if u % 2 else "healthy",
            f"{u * 1000 + k:064x}",
            f"{(u * 1000 + k) * 0x9E3779B97F4A7C15 % 2**64:016x}",
            "north" if u % 3 else "south",
        )
        for u in range(units)
        for k in range(per_unit)
    ]
    columns = ["id", "unit", "cluster", "label", "content", "perceptual", "slice_site"]
    return pd.DataFrame(rows, columns=columns)


def predictions(
    parts: pd.DataFrame, examples: pd.DataFrame, *, skill: float = 1.5, seed: int = 0
) -> pd.DataFrame:
    """Return made-up `p_sick` for val, calib and test: noise plus `skill` times the truth."""
    rng = np.random.default_rng(seed)
    scored = parts[parts["part"].isin(["val", "calib", "test"])].merge(examples, on="id")
    logit = skill * (2 * (scored["label"] == "sick") - 1) + rng.normal(0, 1.5, len(scored))
    p = (1 / (1 + np.exp(-logit))).astype(np.float32)
    return pd.DataFrame({"id": scored["id"], "part": scored["part"], "p_sick": p})
