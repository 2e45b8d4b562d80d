"""Problem and decision: what is stated in `project.yaml`, and whether runs follow it."""

from proofolio.rubric.outcome import Outcome, check, failed, partial, passed
from proofolio.rubric.subject import Subject

_PROBLEM = (
    "statement",
    "decision",
    "user",
    "harm_of_miss",
    "harm_of_false_alarm",
    "limit",
    "not_for",
)
_TASK = r"\b(problem|goal|objective|task|aim)\b"
_WHO = r"\b(decisions?|decide[sd]?|stakeholders?|clinicians?|customers?|users?|harms?|cost of)\b"
_METRIC = r"(?:primary|main|chosen|evaluation) metric|metric[^.]{0,80}\b(?:because|since|as)\b"
_STEERING = r"(?i:\bmonitor|optimi[sz]ed_metric|\bscoring)[\"']?\s*[=:]\s*[\"']?[a-z]"
_THRESHOLD = r"\b(?:best_|decision_|optimal_)?threshold\s*=\s*\S"
_RULE = r"\b(?:decision threshold|threshold of|operating point|cost[- ]sensitive|cost matrix)\b"


@check("PD1", static=True)
def decision_named(subject: Subject) -> Outcome:
    """Statement, decision, user, both harms, limit and misuse are answered."""
    answered = [key for key in _PROBLEM if subject.stated("problem", key)]
    missing = [key for key in _PROBLEM if key not in answered]
    if not missing:
        return passed("all seven entries under problem are answered", "project.yaml: problem")
    if len(answered) >= 4:
        return partial(f"not answered under problem: {', '.join(missing)}", "project.yaml")
    task, who = subject.says(_TASK), subject.says(_WHO)
    if task and who:
        return partial("problem and who is concerned are told in prose only", task, who)
    if not subject.project:
        return failed("neither project.yaml nor the README says whose decision this is about")
    return failed(f"not answered under problem: {', '.join(missing)}")


@check("PD2")
def metric_fixed(subject: Subject) -> Outcome:
    """Metric, target and reason stand, signed off before the first run."""
    if broken := subject.broken("PD2"):
        return failed("project.yaml or the criterion of the choice is at fault", *broken)
    missing = [k for k in ("primary", "target", "reason") if not subject.stated("metric", k)]
    missing += [f"sign_off.{k}" for k in ("by", "date") if not subject.stated("sign_off", k)]
    if not missing:
        date = subject.stated("sign_off", "date")
        first = min((r.started for r in subject.primary_runs), default="9999")
        told = f"metric {subject.stated('metric', 'primary')}, signed off on {date}"
        if date > first[:10]:
            return partial(f"signed off on {date}, after the first run of {first[:10]}", told)
        return passed(told, "project.yaml: metric, sign_off")
    if {"primary", "reason"} & set(missing):
        prose = subject.says(_METRIC)
        if prose:
            return partial("metric and reason are told in prose only", prose)
        steering = subject.in_code(_STEERING) or subject.in_settings(_STEERING)
        if steering:
            return failed("a metric steers training; its reason and target are not told", steering)
        return failed("no metric is fixed with target and reason (project.yaml: metric)")
    return partial(f"not answered: {', '.join(missing)}", "project.yaml")


@check("PD3")
def decision_rule(subject: Subject) -> Outcome:
    """A rule with its reason, and the chosen runs decide by it."""
    if broken := subject.broken("PD3"):
        return failed("a threshold or a result of decisions does not follow", *broken)
    rule, reason = subject.stated("decision", "rule"), subject.stated("decision", "reason")
    if not (rule and reason):
        prose = subject.says(_RULE) or subject.in_code(_THRESHOLD)
        if prose or rule:
            return partial("a threshold is told of, without a rule and its reason", prose or rule)
        return failed("no rule turns scores into a decision (project.yaml: decision)")
    chosen = [r for r in subject.primary_runs if r.name == subject.chosen]
    if not chosen:
        return partial(f"rule {rule} is stated; no run decides by it yet", "project.yaml: decision")
    fitted = {r.decision.fitted_on for r in chosen if r.decision}
    if rule != "argmax" and (None in fitted or not fitted):
        return partial(f"rule {rule} is stated; the chosen run has no threshold fitted by it")
    where = ", ".join(sorted(map(str, fitted - {None}))) or "nothing to fit"
    return passed(f"rule {rule}, fitted on: {where}", f"evidence/runs/{chosen[0].id}/run.json")
