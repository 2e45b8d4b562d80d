"""The population stability index against values by hand, and the signs with their days."""

import numpy as np
import pytest

from proofolio.contract import ProjectError, TableError
from proofolio_torch import stability
from proofolio_torch.events import monitor
from proofolio_torch.events.monitor import Limits, Watch
from proofolio_torch.stability import Reference

RNG = np.random.default_rng(0)


def test_two_bins_by_hand():
    reference = Reference.of(np.arange(1, 11), bins=2)  # 1 to 5, 6 to 10
    assert reference.edges.tolist() == [5] and reference.shares.tolist() == [0.5, 0.5, 0]
    found = reference.psi([1, 2, 6, 7, 8, 9, 10, 7, 8, 9])  # shares 0.2 and 0.8
    assert found == pytest.approx(0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5))
    assert reference.psi(np.arange(1, 11)) == 0


def test_the_index_is_symmetric_over_the_same_bins():
    a, b = np.repeat([1, 2, 3], [5, 3, 2]), np.repeat([1, 2, 3], [2, 2, 6])
    assert Reference.of(a, 3).psi(b) == pytest.approx(Reference.of(b, 3).psi(a))


def test_an_empty_bin_counts_as_the_floor():
    reference = Reference.of(np.arange(1, 11), bins=2)
    told = (1 - 0.5) * np.log(1 / 0.5) + (0.01 - 0.5) * np.log(0.01 / 0.5)
    assert reference.psi([6, 7], floor=0.01) == pytest.approx(told)
    assert np.isfinite(reference.psi([6, 7]))


def test_missing_values_have_a_bin_of_their_own():
    values = np.array([*range(1, 9), np.nan, np.nan])
    reference = Reference.of(values, bins=2)
    assert reference.shares.tolist() == [0.4, 0.4, 0.2] and reference.bins == 3
    assert reference.psi(values) == 0
    none = Reference.of(np.arange(1, 9), bins=2)
    assert none.psi(np.full(8, np.nan)) > none.psi(np.ones(8))
    assert none.psi(np.r_[np.arange(1, 9), np.full(8, np.nan)]) > stability.CHANGED


def test_a_value_that_fills_a_bin_is_one():
    values = np.r_[np.zeros(60), np.arange(1, 41)]
    reference = Reference.of(values, bins=4)
    assert reference.ties.tolist() == [0]
    assert reference.shares[0] == 0.6 and reference.bins == 1 + 3
    near = np.r_[np.full(60, 1e-9), np.arange(1, 41)]  # nearly the same numbers, no tie among them
    assert reference.psi(near) > stability.CHANGED


def test_every_bin_of_a_reference_is_filled_and_shares_add_up():
    for values in (RNG.normal(size=999), RNG.integers(0, 3, 500), RNG.poisson(2.0, 1000), [7.0]):
        reference = Reference.of(values)
        assert (reference.shares[:-1] > 0).sum() >= min(len(np.unique(values)), 2)
        assert reference.shares.sum() == pytest.approx(1)
        assert reference.psi(values) == 0


def test_without_a_change_the_index_is_what_chance_gives():
    found = []
    for _ in range(200):
        reference = Reference.of(RNG.normal(size=2000))
        found.append(reference.psi(RNG.normal(size=700)))
    assert np.mean(found) == pytest.approx(reference.by_chance(700), rel=0.1)
    assert Reference.of(RNG.normal(size=2000)).psi(RNG.normal(0.6, 1, 700)) > stability.CHANGED


@pytest.mark.parametrize("values", [[], [np.nan], np.array(["a"]), np.ones((2, 2))])
def test_what_has_no_quantiles_is_refused(values):
    with pytest.raises(TableError):
        Reference.of(np.asarray(values))
    with pytest.raises(TableError):
        Reference.of([1.0, 2.0]).psi([])


def watch(found=None):
    calm = {"amount": RNG.normal(50, 10, 7000)}
    limits = Limits(precision=0.3, alerts=(5, 20), found=found, delay_days=7)
    return Watch(calm, RNG.random(7000), limits, threshold=0.99)


def signs(amount, scores, days=7):
    found = watch().period({"amount": amount}, scores, end="2018-07-11", days=days)
    return {sign.what: sign for sign in found}


def test_a_calm_week_fires_nothing_and_is_known_when_it_ends():
    found = signs(RNG.normal(50, 10, 7000), RNG.random(7000))
    assert not any(sign.fired for sign in found.values())
    assert {sign.known_at for sign in found.values()} == {np.datetime64("2018-07-11")}


@pytest.mark.parametrize(
    ("amount", "scores", "fires"),
    [
        (RNG.normal(70, 10, 7000), RNG.random(7000), {"amount"}),
        (RNG.normal(50, 10, 7000), RNG.random(7000) ** 4, {"score", "few"}),
        (RNG.normal(50, 10, 7000), 0.95 + RNG.random(7000) / 20, {"score", "many"}),
    ],
)
def test_what_moved_fires(amount, scores, fires):
    found = signs(amount, scores)
    alerts = found["alerts a day above the threshold"]
    fired = {what for what in ("amount", "score") if found[what].fired}
    if alerts.fired:
        fired.add("few" if alerts.value < 5 else "many")
    assert fired == fires


def test_what_rests_on_labels_is_known_a_delay_later():
    y, alerted = np.array([1, 0, 0, 0, 1, 1]), np.array([0, 1, 2, 3])
    found, precision = list(watch(found=0.5).labelled(y, alerted, end="2018-07-11"))[::-1]
    assert precision.fired and precision.value == 0.25
    assert found.fired and found.value == pytest.approx(1 / 3)
    assert {precision.known_at, found.known_at} == {np.datetime64("2018-07-18")}
    (kept,) = watch().labelled(y, np.array([0, 4]), end="2018-07-11")
    assert not kept.fired and kept.kind == monitor.PRECISION


def test_without_alerts_or_frauds_there_is_nothing_to_say():
    nothing = np.empty(0, int)
    (kept,) = watch(found=0.5).labelled(np.ones(3), nothing, end="2018-07-11")
    assert kept.kind == monitor.FOUND and kept.value == 0
    assert not list(watch(found=0.5).labelled(np.zeros(3), nothing, end="2018-07-11"))


def test_limits_that_nothing_can_keep_are_refused():
    with pytest.raises(ProjectError, match="limits"):
        Limits(precision=0.2, alerts=(9, 3))
    with pytest.raises(ProjectError, match="limits"):
        Limits(precision=0.2, alerts=(3, 9), found=1.5)


def test_the_threshold_gives_the_budget_on_average():
    day, score = np.array([1, 1, 1, 2, 2]), np.array([0.1, 0.9, 0.9, 0.2, 0.3])
    assert monitor.threshold_for(day, score, 1) == 0.9
    assert monitor.threshold_for(day, score, 9) == 0.1
    assert monitor.threshold_for(np.arange(3), np.array([0.5, 0.4, 0.4]), 1) == 0.4
    assert monitor.threshold_for(np.arange(2), np.array([0.5, 0.4, 0.4][:2]), 1) == 0.4


def test_a_tie_beyond_the_budget_is_not_alerted():
    day, score = np.arange(3), np.array([0.9, 0.9, 0.4, 0.4, 0.4])
    threshold = monitor.threshold_for(day, score, 1)
    assert threshold == 0.9 and (score >= threshold).sum() <= 3
    none = monitor.threshold_for(np.array([1]), np.array([0.9, 0.9]), 1)
    assert none > 0.9  # not even the best tie is affordable
