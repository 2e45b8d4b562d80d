"""A hand-written evidence folder for claim tests: two seeds of one configuration, a baseline."""

import json
from pathlib import Path


def metric(value, low=None, high=None, n=624, n_units=250):
    return {"value": value, "ci_low": low, "ci_high": high, "level": 0.95, "n": n} | {
        "n_units": n_units
    }


def run(name, seed, val, test=None, **changes):
    metrics = {"val": {"auroc": val}} | ({} if test is None else {"test": {"auroc": test}})
    base = {
        "id": f"{name}-s{seed}-abc",
        "name": name,
        "rung": "network",
        "split": "primary",
        "status": "finished",
        "seed": seed,
        "config_sha256": name,
        "parts_sha256": "p",
        "content_sha256": "c",
        "started": f"2026-01-01T00:0{seed}:00Z",
        "finished": f"2026-01-01T00:1{seed}:00Z",
        "wall_seconds": 192.4,
        "model": {"name": "net", "parameters": 1234567},
        "metrics": metrics,
    }
    return base | changes


def put(path: Path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def write_evidence(root: Path) -> Path:
    evidence = root / "evidence"
    put(evidence / "contract.json", {"evidence_contract": 1})
    put(evidence / "dataset.json", {"n_examples": 5856, "license": "CC BY 4.0 <!--x-->"})
    put(evidence / "splits" / "primary" / "split.json", {"purpose": "primary", "seed": 3})
    runs = [
        run("prior", 0, metric(0.5), None, rung="prior", finished="2026-01-01T00:00:30Z"),
        run("net", 0, metric(0.90, 0.88, 0.92), metric(0.97, 0.96, 0.98)),
        run("net", 1, metric(0.92, 0.90, 0.94), metric(0.974, 0.961, 0.981)),
    ]
    for entry in runs:
        put(evidence / "runs" / entry["id"] / "run.json", entry)
    put(
        evidence / "results" / "seed_mean_net_test.json",
        {
            "kind": "seed_mean",
            "value": 0.972,
            "ci_low": 0.961,
            "ci_high": 0.981,
            "level": 0.95,
            "inputs": {"config": "net", "part": "test", "metric": "auroc"},
        },
    )
    put(
        evidence / "results" / "by_site.json",
        {
            "kind": "slice_table",
            "table": [
                {"site": "north west", "auroc": 0.9, "auroc_ci_low": 0.8, "auroc_ci_high": 0.95},
                {"site": "south", "auroc": None, "auroc_ci_low": None, "auroc_ci_high": None},
            ],
        },
    )
    put(
        evidence / "results" / "gain.json",
        {"kind": "paired_difference", "value": 0.01, "ci_low": -0.003, "ci_high": 0.023}
        | {"level": 0.95, "inputs": {}},
    )
    put(
        evidence / "registry.json",
        {"models": {"champion": {"run": "net-s1-abc", "tags": ["candidate"]}}},
    )
    put(evidence / "references.json", [{"id": "kermany", "value": 0.968}])
    put(
        evidence / "audit.json",
        {
            "findings": [
                {"check": "shortcut", "split": "other", "statistic": 0.1},
                {"check": "shortcut", "split": "primary", "statistic": 0.71, "ci_low": 0.7}
                | {"ci_high": 0.72},
            ]
        },
    )
    (evidence / "test_access.jsonl").write_text('{"time": "x"}\n', encoding="utf-8")
    return root
