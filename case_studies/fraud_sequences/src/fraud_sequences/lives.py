"""What became of each policy in the simulated worlds, over several seeds of the simulator.

python -m fraud_sequences replay --only worlds
"""

from pathlib import Path
from typing import Any

import numpy as np
from proofolio import evidence
from proofolio.contract import Layout, Result

from fraud_sequences import worlds
from fraud_sequences.replay import KIND, NEVER
from fraud_sequences.worlds import CHANGE, WEEK, Lived

SEEDS = (0, 1, 2, 3, 4)
_COLUMNS = ("world", "policy", "before", "after", "after_less_never", "lowest", "highest")
_COLUMNS += ("retrainings", "false_alarms", "noticed", "days_to_sign", "first_signs")


def record(root: Path, how: str, seeds: tuple[int, ...] = SEEDS) -> list[Result]:
    """Live through every world and store results/retraining_worlds.json, retraining_weeks.json."""
    lives = {
        (world, policy): [] for world in worlds.WORLDS for policy in worlds.POLICIES
    }  # Lived of every seed
    for name, changes in worlds.WORLDS.items():
        for seed in seeds:
            world = worlds.World(seed, changes)
            for policy in worlds.POLICIES:
                lives[name, policy].append(worlds.live(world, policy))
    told = {
        "kind": KIND,
        "n": len(seeds),
        "inputs": {"simulator": "proofolio_torch.events.cards", "worlds": worlds.WORLDS},
        "how": how,
        "hardware": evidence.environment(root)["cpu"],
    }
    settings = {"seeds": list(seeds), "size": worlds.SIZE, "budget": worlds.BUDGET}
    settings |= {"change": CHANGE, "kept": worlds.KEPT, "alerts": list(worlds.ALERTS)}
    results = {
        "retraining_worlds": Result(
            table=[_row(lives, *key) for key in lives],
            method="average precision, mean over weeks and seeds, before and after the change; "
            "lowest and highest difference to never over seeds; retrainings and false_alarms a "
            "seed, the latter on signs about time before the change; noticed: seeds with a sign "
            "about time after it",
            parameters={"rows": "worlds", "columns": list(_COLUMNS), **settings},
            **told,
        ),
        "retraining_weeks": Result(
            table=[row for key in lives for row in _weeks(lives, *key)],
            method="average precision of each scored week, mean over seeds",
            parameters={"rows": "weeks", **settings},
            **told,
        ),
    }
    for name, result in results.items():
        evidence.results.write(Layout(root), name, result)
    return list(results.values())


def _row(lives: dict[tuple[str, str], list[Lived]], world: str, policy: str) -> dict[str, Any]:
    """Return what a policy came to in a world, over the seeds."""
    own, never = lives[world, policy], lives[world, NEVER]
    early = (CHANGE - worlds.FIRST) // WEEK
    after = np.array([life.values[early:].mean() for life in own])
    less = after - [life.values[early:].mean() for life in never]
    true = [[s for s in life.signs if s[1] >= CHANGE and worlds.WORLDS[world]] for life in own]
    first = [min(signs)[0] for signs in true if signs]
    what = {s[2] for signs in true for s in signs if s[0] == min(signs)[0]}
    false = [{s[0] for s in a.signs} - {s[0] for s in b} for a, b in zip(own, true, strict=True)]
    return {
        "what": f"{world}: {policy}",
        "world": world,
        "policy": policy,
        "before": float(np.mean([life.values[:early].mean() for life in own])),
        "after": float(after.mean()),
        "after_less_never": float(less.mean()),
        "lowest": float(less.min()),
        "highest": float(less.max()),
        "retrainings": float(np.mean([len(life.trained) for life in own])),
        "false_alarms": float(np.mean([len(days) for days in false])),
        "noticed": len(first),
        "days_to_sign": float(np.median(first)) - CHANGE if first else None,
        "first_signs": ", ".join(sorted(what)),
    }


def _weeks(lives: dict[tuple[str, str], list[Lived]], world: str, policy: str) -> list[dict]:
    """Return the average precision of each week, with the days since the change."""
    values = np.mean([life.values for life in lives[world, policy]], axis=0)
    begins = worlds.FIRST - CHANGE + WEEK * np.arange(len(values))
    return [
        {"world": world, "policy": policy, "day": int(day), "average_precision": float(value)}
        for day, value in zip(begins, values, strict=True)
    ]
