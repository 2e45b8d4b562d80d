"""Rungs without a network: rules, the Handbook's three classical models, boosting over histograms.

Each sees one fold: it learns from train, and scores what comes after the delay.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from proofolio.contract import ModelInfo

from fraud_sequences.events import Outcome, Study

if TYPE_CHECKING:
    from xgboost import XGBClassifier


class Rules(NamedTuple):
    """Alert on an amount above `limit`, and where the share of fraud lately was above `risk`.

    `shares` are of fraud among payments of train that no rule hits, the terminal's, the amount's,
    both; the mean where there were none.
    """

    limit: float
    risk: float
    shares: tuple[float, ...]

    @classmethod
    def of(cls, study: Study) -> "Rules":
        """Return the rules of a fold, fitted on its train."""
        c, x, y = study.config, study.inputs("train"), study.positives()
        plain = cls(float(x["amount"].quantile(c["quantile"])), c["risk"], ())
        known = plain.hits(x["amount"], x[risk_of(c["days"])])
        found, total = (np.bincount(known, weights, minlength=4) for weights in (y, None))
        return plain._replace(shares=tuple(((found + y.mean()) / (total + 1)).tolist()))

    def hits(self, amount: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Return which rules hit (n,): 0 none, 1 the terminal's, 2 the amount's, 3 both."""
        return np.asarray(2 * (amount > self.limit) + (seen > self.risk))

    def __call__(self, amount: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Return scores (n,) of amounts and of the share of fraud seen at their terminals."""
        return np.asarray(self.shares)[self.hits(amount, seen)]


def risk_of(days: Sequence[int]) -> str:
    """Return the name of the feature that the rules look at: the terminal's longest window."""
    return f"unit2_risk_{max(days)}d"


def rules(study: Study) -> Outcome:
    """Alert on an amount above a quantile of train, and where fraud was seen lately."""
    fitted, x = Rules.of(study), study.inputs("scored")
    study.run.fit("weights: amount limit and share of fraud per rule", "train")
    info = ModelInfo(name="two rules", parameters=1 + len(fitted.shares))
    return study.outcome(fitted(x["amount"], x[risk_of(study.config["days"])]), info)


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
    """Boost trees with the settings of `trees`."""
    return _fitted(
        study,
        trees(study),
        "boosted trees",
        lambda m: sum(tree.count("\n") for tree in m.get_booster().get_dump()),  # a node a line
    )


def trees(study: Study) -> "XGBClassifier":
    """Return trees to fit; cuts at any value where `bins` is `exact`, else at a histogram's edges.

    The start of 0.5 is that of the versions the Handbook used; later ones estimate it from train.
    """
    from xgboost import XGBClassifier

    c = study.config
    exact = c["bins"] == "exact"
    return XGBClassifier(
        n_estimators=c["trees"],
        max_depth=c["depth"],
        learning_rate=c["lr"],
        tree_method="exact" if exact else "hist",
        max_bin=None if exact else c["bins"],
        base_score=0.5,
        random_state=study.run.seed,
        n_jobs=2,
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
