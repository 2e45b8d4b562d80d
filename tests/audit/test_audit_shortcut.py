import time

import numpy as np
import pytest
from audit_tables import audited, ids_in, spec, table_of

from proofolio import splits
from proofolio.audit import FEATURES


def with_shortcut(table, feature="brightness", size=15.0):
    values = table[feature] + size * (table["label"] == "sick")
    return table.assign(**{feature: values})


def test_noise_is_no_shortcut_and_constants_are_not_applicable():
    found = audited(table_of())
    assert found["shortcut"].status == "pass"
    assert 0.4 < found["shortcut"].statistic < 0.6
    assert found["shortcut"].ci_low < found["shortcut"].statistic < found["shortcut"].ci_high
    assert found["shortcut_brightness"].status == "pass"
    assert found["shortcut_width"].status == "not_applicable"
    assert "same in every file" in found["shortcut_width"].explanation
    assert set(found) >= {f"shortcut_{f}" for f in FEATURES}
    assert not any(check.startswith("shortcut_test") for check in found)


def test_brightness_that_knows_the_label_warns():
    found = audited(with_shortcut(table_of()))
    for check in ("shortcut", "shortcut_brightness"):
        assert found[check].status == "warn"
        assert found[check].ci_low > found[check].threshold == 0.6
        assert "may also measure what the image shows" in found[check].explanation
    assert found["shortcut_contrast"].status == "pass"


def test_a_middle_value_or_a_missing_one_is_seen_too():
    table = table_of()
    rng = np.random.default_rng(0)
    sick = (table["label"] == "sick").to_numpy()
    middle = np.where(sick, rng.normal(0, 0.3, len(table)), rng.choice([-3, 3], len(table)))
    assert audited(table.assign(contrast=middle))["shortcut_contrast"].statistic > 0.95
    no_jpeg = np.where(sick & (rng.random(len(table)) < 0.7), np.nan, 75.0)
    assert audited(table.assign(quality=no_jpeg))["shortcut_quality"].status == "warn"


def test_patients_are_not_split_between_fitting_and_scoring():
    """Statistics that only name the patient must not pass for knowledge of the label."""
    table = table_of(units=60, per_unit=10)
    rng = np.random.default_rng(1)
    named = rng.normal(size=60)[table["unit"].str[1:].astype(int)]
    found = audited(table.assign(border=named))
    assert found["shortcut_border"].status == "pass"
    assert found["shortcut_border"].statistic < 0.7


def test_test_rows_stay_out_until_asked_for():
    table = table_of()
    split = splits.make(table, spec())
    in_test = table["id"].isin(ids_in(split, table, "test")["id"])
    altered = table.assign(
        brightness=table["brightness"].mask(in_test, 900.0),
        label=table["label"],
    )
    plain, changed = audited(table, split), audited(altered, split)
    for check in plain:
        if check.startswith("shortcut"):
            assert plain[check] == changed[check]
    assert plain["shortcut"].n == (~in_test).sum()


def test_on_test_the_probe_fitted_elsewhere_is_scored():
    table = with_shortcut(table_of())
    found = audited(table, test=True)
    split = splits.make(table, spec())
    assert found["shortcut_test"].status == "warn"
    assert found["shortcut_test"].n == len(ids_in(split, table, "test"))
    assert found["shortcut_test_contrast"].status == "pass"
    assert found["shortcut"].status == "warn"


@pytest.mark.parametrize("planted", [False, True])
def test_several_classes_are_scored_one_against_the_rest(planted):
    table = table_of(units=240)
    kind = "c" + (table["unit"].str[1:].astype(int) % 3).astype(str)
    shift = 40 * (kind == "c2") if planted else 0
    table = table.assign(label=kind, border=table["border"] + shift)
    found = audited(table, classes=["c0", "c1", "c2"])
    assert found["shortcut_border"].status == ("warn" if planted else "pass")
    assert found["shortcut_bytes"].status == "pass"
    assert found["shortcut_bytes"].ci_low < found["shortcut_bytes"].statistic


def test_folds_split_is_probed_outside_the_hold_out():
    table = with_shortcut(table_of())
    wanted = spec("cross_validation")
    found = audited(table, wanted=wanted)
    rotating = splits.make(table, wanted).info.balance["rows"]["test"]
    assert found["shortcut"].status == "warn"
    assert found["shortcut"].n == len(table) - rotating


def test_only_the_primary_split_is_probed():
    found = audited(table_of(units=80), wanted=spec(purpose="robustness", name="other"))
    assert not any(check.startswith("shortcut") for check in found)


def test_too_few_clusters_are_not_applicable():
    found = audited(table_of(units=10), wanted=spec())
    assert found["shortcut"].status == "not_applicable"
    assert "the probe needs 5" in found["shortcut"].explanation


def test_tables_without_statistics_are_not_applicable():
    found = audited(table_of(units=80).drop(columns=list(FEATURES)))
    assert found["shortcut"].status == "not_applicable"
    assert "no column bytes" in found["shortcut_bytes"].explanation


def test_six_thousand_rows_take_seconds():
    table = table_of(units=2000)
    started = time.process_time()
    audited(table)
    assert time.process_time() - started < 40
