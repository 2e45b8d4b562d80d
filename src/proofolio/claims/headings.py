"""What the columns of a printed table are called, and in which form and words their cells stand."""

_TITLES = {
    "n_units": "units",
    "alerts_per_day": "alerts a day",
    "value_share": "share of the value found",
    "value_per_day": "value found a day",
    "cost_per_day": "cost a day",
    "n_positive": "positives",
    "share_of_positives": "share of all positives",
    "confused_with": "most often taken for",
    "confused": "times",
    "n_answered": "answered",
    "n_handed_over": "handed over",
    "calib_sensitivity": "sensitivity on calib",
    "calib_specificity": "specificity on calib",
    "cost_miss": "cost of a miss",
    "cost_false_alarm": "cost of a false alarm",
    "treat_all": "all treated",
    "treat_none": "none treated",
}
_TITLES_OF = {
    "risk_coverage": {
        "target": "share to answer",
        "coverage": "share answered",
        "risk": "error share of the answered",
    },
    "conformal": {
        "level": "promised coverage",
        "mean_size": "classes per set",
        "empty": "no class",
        "single": "one class",
        "both": "both classes",
        "several": "several classes",
        "n_calib": "calib rows",
        "n_calib_class": "calib rows of its rarest class",
        "marginal_coverage": "coverage by one quantile for all",
        "marginal_size": "classes per set by one quantile for all",
    },
    "hierarchy": {
        "by": "level",
        "values": "groups",
        "mistakes": "mistakes at this level",
        "within": "share of wrong classes within the true group",
        "within_by_chance": "by chance",
        "within_less_chance": "more than by chance",
    },
    "budget": {"budget": "alerts allowed a day"},
    "ceiling": {
        "slice": "folds",
        "n_positive_units": "units with a positive event",
        "value": "reached",
        "share_of_ceiling": "share of the ceiling",
    },
    "detection_delay": {
        "entity": "what is compromised",
        "budget": "alerts a day",
        "n": "compromised in a window",
        "alerted": "share alerted",
        "at_first_fraud": "share alerted at the first fraud",
        "hours_median": "hours until then, median",
        "hours_p90": "hours until then, 90th percentile",
        "missed_before": "frauds before the first alerted one",
    },
    "difference_by_slice": {
        "against": "negatives",
        "config": "first configuration",
        "versus": "second configuration",
    },
    "cost": {"cost": "cost per example"},
    "label_noise": {
        "label": "given label",
        "decided": "what the model says",
        "p_label": "probability of the label",
        "p_decided": "probability of what it says",
        "share": "share doubted",
        "estimated_share": "estimated share wrong",
    },
    "confused_pairs": {
        "n": "mistakes",
        "first_as_second": "first taken for second",
        "second_as_first": "second taken for first",
        "share": "share of all mistakes",
        "note": "what tells them apart",
    },
    "decision_curve": {"model": "net benefit of the model"},
    "stability": {
        "what": "",
        "psi": "population stability index",
        "by_chance": "mean without a change",
        "known_at": "known on",
        "precision": "precision of the alerts",
        "found": "share of frauds alerted",
        "labels_known_at": "labels known on",
        "signs": "outside its limits",
    },
    "retraining": {
        "what": "",
        "never_precision": "precision, never",
        "weekly_precision": "precision, weekly",
        "score_psi": "index of the one model's scores",
        "after_less_never": "more than never",
        "retrainings": "trainings",
        "noticed": "worlds that showed a sign of it",
        "days_to_sign": "days until the first",
        "first_signs": "what came first",
    },
    "threshold_transfer": {"target": "sensitivity aimed at"},
}
_PER_DAY = {"alerts_per_day", "value_per_day", "cost_per_day"}
_SHORT = {
    "target",
    "budget",
    "cost_miss",
    "cost_false_alarm",
}  # stated by somebody: printed as typed
_SHORT_OF = {"conformal": {"level"}, "decision_curve": {"threshold"}}
_LACKS = {
    "needs rows of both classes": "one class only",
    "needs rows of the negative class": "no negatives",
    "needs rows of the positive class": "no positives",
}


def remark(text: str) -> str:
    """Return why something is not measured in few words, each reason once."""
    said = [piece.removeprefix("undefined: ") for piece in text.split("; ")]
    named = [piece for piece in said if piece != "needs rows of both classes"]
    return "; ".join(dict.fromkeys(_LACKS.get(piece, piece) for piece in named or said))


def title(column: str, kind: str) -> str:
    """Return the heading of a column."""
    if kind == "conformal" and column.startswith("coverage_"):
        return f"coverage of {column.removeprefix('coverage_')}"
    return _TITLES_OF.get(kind, {}).get(column) or _TITLES.get(column, column.replace("_", " "))


def form(column: str, kind: str, spec: str) -> str:
    """Return the format of a column's fractions: `spec`, or as typed for what somebody stated."""
    if column in _PER_DAY:
        return ",.1f"
    return "g" if column in _SHORT | _SHORT_OF.get(kind, set()) else spec
