"""Results of gradings, made up from the rubric's own criteria: what the reports are tried on."""

from functools import cache
from pathlib import Path

import numpy as np
import yaml

RUBRIC = Path(__file__).parents[2] / "src" / "proofolio" / "rubric" / "criteria.yaml"
SHARE = {"pass": 1.0, "partial": 0.5, "fail": 0.0, "na": 0.0, "human": 0.0}
NAMES = ("skin-lesions", "bird_calls", "churn", "pneumonia", "card fraud", "leaf-disease")


@cache
def rubric():
    """The criteria as the package ships them."""
    return yaml.safe_load(RUBRIC.read_text(encoding="utf-8"))


def criterion(known, status, **other):
    """One graded criterion with a status; points follow from it."""
    kept = ("code", "section", "phase", "title", "why", "how", "fix", "url", "question", "levels")
    told = {key: known[key] for key in kept if key in known}
    message = {"pass": "Found and in order.", "na": "There is no time in this table."}
    return {
        **told,
        "url": f"guides/{known['guide'][0]}/",
        "status": status,
        "points": SHARE[status] * known["points"],
        "max": known["points"],
        "evidence": ["evidence/run.json", "README.md:12"] if status != "human" else [],
        "message": message.get(status, f"{known['title']}: this is {status}."),
        **other,
    }


def project(path, statuses, gates=()):
    """A graded project; `statuses` is {code: status}, all others pass, human ones wait."""
    usual = {c["code"]: "human" if c["how"] == "human" else "pass" for c in rubric()["criteria"]}
    criteria = [criterion(c, {**usual, **statuses}[c["code"]]) for c in rubric()["criteria"]]
    sections = [
        {
            "code": section["code"],
            "title": section["title"],
            "points": sum(c["points"] for c in criteria if c["section"] == section["code"]),
            "max": section["weight"],
        }
        for section in rubric()["sections"]
    ]
    total = sum(section["points"] for section in sections)
    waiting = any(c["status"] == "human" for c in criteria)
    grade = "not yet" if gates or total < 50 else "sound" if total < 70 else "strong"
    if grade == "strong" and total >= 85 and all(s["points"] * 2 >= s["max"] for s in sections):
        grade = "exemplary"
    return {
        "path": path,
        "grade": grade,
        "provisional": waiting,
        "total": total,
        "gates": [{"code": code, "reason": f"{code} is broken here."} for code in gates],
        "sections": sections,
        "criteria": criteria,
    }


def result(*projects):
    """A result of these projects."""
    return {"schema": 1, "by": "proofolio 0.0", "projects": list(projects)}


def random_project(path, rng, answered=False):
    """A project of a random quality; with `answered`, two graders judged the human criteria."""
    skill = rng.beta(3, 2)
    statuses, gates = {}, []
    for known in rubric()["criteria"]:
        if known["how"] != "human":
            odds = [skill, (1 - skill) / 3, (1 - skill) * 2 / 3 - 0.02, 0.02]
            odds = np.clip(odds, 0, None) / np.clip(odds, 0, None).sum()
            statuses[known["code"]] = str(rng.choice(["pass", "partial", "fail", "na"], p=odds))
            if known.get("gate") and statuses[known["code"]] == "fail":
                gates.append(known["code"])
    made = project(path, statuses, gates)
    if answered:
        human = [c["code"] for c in rubric()["criteria"] if c["how"] == "human"]
        first = {
            code: int(np.clip(round(4 * skill + rng.normal(0, 1) - 0.5), 0, 3)) for code in human
        }
        second = {c: int(np.clip(v + rng.choice([-1, 0, 0, 1]), 0, 3)) for c, v in first.items()}
        made["answers"] = [
            {"grader": "A. Vogel", "levels": first},
            {"grader": "B. Okafor", "levels": second},
        ]
    return made


def random_cohort(count, seed=0, answered=True):
    """A class of `count` projects."""
    rng = np.random.default_rng(seed)
    names = [f"cohort/{NAMES[k % len(NAMES)]}-{k:03d}" for k in range(count)]
    return result(*(random_project(name, rng, answered) for name in names))
