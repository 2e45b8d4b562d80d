"""Rungs without a network: rules, the Handbook's three classical models, boosting over histograms.

Each sees one fold: it learns from train, and scores what comes after the delay.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from proofolio.contract import ModelInfo

from fraud_sequences.events import Outcome, Study


def rules(study: Study) -> Outcome:
    """Alert on an amount above a quantile of train, and where fraud was seen lately."""
    c, x, scored = study.config, study.inputs("train"), study.inputs("scored")
    limit = x["amount"].quantile(c["quantile"])
    risk = f"unit2_risk_{max(c['days'])}d"

    def hits(frame):  # 0 none, 1 risk, 2 amount, 3 both
        return 2 * (frame["amount"] > limit) + (frame[risk] > c["risk"])

    known, y = hits(x), study.positives()
    found, total = (np.bincount(known, weights, minlength=4) for weights in (y, None))
    shares = (found + y.mean()) / (total + 1)  # of fraud among each; the mean where none was seen
    study.run.fit("weights: amount limit and share of fraud per rule", "train")
    info = ModelInfo(name="two rules", parameters=1 + len(shares))
    return study.outcome(shares[hits(scored)], info)


def logistic(study: Study) -> Outcome:
    """Fit a standardised logistic regression; the strength of its penalty is `c`."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    linear = LogisticRegression(C=study.config["c"], max_iter=2000)
    study.run.fit("transforms: standardise", "train")
    model = make_pipeline(StandardScaler(), linear)
    return _fitted(study, model, "logistic regression", lambda _: linear.coef_.size + 1)


def forest(study: Study) -> Outcome:
    """Fit a random forest with the Handbook's settings."""
    from sklearn.ensemble import RandomForestClassifier

    c = study.config
    model = RandomForestClassifier(
        c["trees"], max_depth=c["depth"], random_state=study.run.seed, n_jobs=2
    )
    return _fitted(
        study, model, "random forest", lambda m: sum(t.tree_.node_count for t in m.estimators_)
    )


def boosting(study: Study) -> Outcome:
    """Boost trees; cuts at any value where `bins` is `exact`, else at the edges of a histogram.

    The start of 0.5 is that of the versions the Handbook used; later ones estimate it from train.
    """
    from xgboost import XGBClassifier

    c = study.config
    exact = c["bins"] == "exact"
    model = XGBClassifier(
        n_estimators=c["trees"],
        max_depth=c["depth"],
        learning_rate=c["lr"],
        tree_method="exact" if exact else "hist",
        max_bin=None if exact else c["bins"],
        base_score=0.5,
        random_state=study.run.seed,
        n_jobs=2,
    )
    return _fitted(
        study,
        model,
        "boosted trees",
        lambda m: sum(tree.count("\n") for tree in m.get_booster().get_dump()),  # a node a line
    )


def histogram(study: Study) -> Outcome:
    """Boost trees as another library does by default: 255 bins at quantiles, 100 trees."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    c = study.config
    model = HistGradientBoostingClassifier(max_bins=c["bins"], random_state=study.run.seed)
    most = 2 * model.max_leaf_nodes - 1  # nodes of a full tree; the library tells no more
    return _fitted(study, model, "boosted trees over histograms", lambda m: m.n_iter_ * most)


def _fitted(study: Study, model: Any, name: str, size: Callable[[Any], int]) -> Outcome:
    """Fit a scikit-learn model on train and score the scored window; `size` counts its numbers."""
    model.fit(study.inputs("train").to_numpy(), study.positives())
    study.run.fit(f"weights: {name}", "train")
    scores = model.predict_proba(study.inputs("scored").to_numpy())[:, 1]
    return study.outcome(scores, ModelInfo(name=name, parameters=size(model)))
