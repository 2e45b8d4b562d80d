"""The tables of decisions and errors as they are printed: order, words, rows, levels."""

import pytest

from proofolio import claims


def printed(kind, rows, **more):
    lines = claims.result_table({"kind": kind, "table": rows, **more}).splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def curve(step, n):
    rates = {"model": 0.25, "model_ci_low": 0.2, "model_ci_high": 0.3}
    return [
        {"treat_none": 0.0, "treat_all": 0.1, "threshold": round(step * i, 4)} | rates
        for i in range(1, n + 1)
    ]


def test_of_a_long_decision_curve_the_table_shows_round_thresholds_alone():
    head, _, *body = printed("decision_curve", curve(0.01, 99))
    assert head == ["threshold", "net benefit of the model", "all treated", "none treated"]
    assert [row[0] for row in body] == ["0.05", *(f"0.{i}" for i in range(1, 10))]
    assert body[0][1] == "0.250 (95% CI 0.200-0.300)"


def test_a_short_decision_curve_is_shown_whole_and_a_crooked_long_one_thinned():
    assert len(printed("decision_curve", curve(0.1, 9))) == 2 + 9
    assert 2 + 9 <= len(printed("decision_curve", curve(0.00317, 300))) <= 2 + 20


CONFORMAL = {"level": 0.9, "quantile": 0.4, "coverage": 0.91, "mean_size": 1.1} | {
    "coverage_ci_low": 0.88,
    "coverage_ci_high": 0.93,
    "n_units": 80,
    "empty": 0.0,
    "single": 0.9,
}


def test_a_conformal_row_shows_its_promise_beside_an_interval_of_its_own_level():
    row = CONFORMAL | {"both": 0.1, "coverage_well": 0.92, "coverage_sick": 0.9}
    head, _, body = printed("conformal", [row], parameters={"level": 0.95})
    assert head[:4] == [
        "promised coverage",
        "coverage",
        "coverage of sick",
        "coverage of well",
    ]
    assert body[:2] == ["0.9", "0.910 (95% CI 0.880-0.930)"]
    assert head[4:9] == ["classes per set", "no class", "one class", "both classes", "units"]


def test_the_coverage_of_each_of_many_classes_stays_in_the_file():
    row = CONFORMAL | {f"coverage_breed {i}": 0.9 for i in range(37)}
    head, *_ = printed("conformal", [row])
    assert not any("breed" in name for name in head)


def test_mistakes_show_their_slices_then_the_reading_and_no_gap_is_a_measurement():
    row = {"unit": "u", "probability": 0.99, "series": "IM", "reading": "a | b", "decided": "sick"}
    rows = [row | {"label": "well", "id": "x"}, row | {"label": "well", "id": "y", "reading": ""}]
    head, _, first, second = printed("mistakes", rows)
    assert head == ["id", "label", "decided", "probability", "series", "reading"]
    assert first[-1] == r"a \| b"
    assert second[-1] == ""


@pytest.mark.parametrize(
    ("kind", "columns", "expected"),
    [
        (
            "risk_coverage",
            "risk n_handed_over n_answered coverage cut target",
            "share to answer,share answered,answered,handed over,error share of the answered",
        ),
        (
            "cost",
            "treat_all cost false_alarms misses cost_false_alarm cost_miss threshold",
            "cost of a miss,cost of a false alarm,threshold,misses,false alarms,"
            "cost per example,all treated",
        ),
        (
            "threshold_transfer",
            "accuracy sensitivity specificity calib_sensitivity calib_specificity threshold target",
            "sensitivity aimed at,threshold,sensitivity on calib,specificity on calib,"
            "sensitivity,specificity,accuracy",
        ),
        (
            "hierarchy",
            "within_less_chance within_by_chance within mistakes accuracy n_units n values by",
            "level,groups,n,units,accuracy,mistakes at this level,"
            "share of wrong classes within the true group,by chance,more than by chance",
        ),
        ("slice_difference", "n_units n value slice", "slice,value,n,units"),
        (
            "conformal",
            "marginal_size marginal_coverage mean_size coverage n_units n n_calib_class n_calib "
            "classes group level",
            "promised coverage,group,classes,calib rows,calib rows of its rarest class,n,units,"
            "coverage,classes per set,coverage by one quantile for all,"
            "classes per set by one quantile for all",
        ),
        ("drift", "n_units n value part which", "which,part,value,n,units"),
    ],
)
def test_columns_come_in_reading_order(kind, columns, expected):
    texts = {"which": "all", "part": "val", "by": "class", "slice": "a=b", "group": "all"}
    rows = [{name: texts.get(name, 0.5) for name in columns.split()}]
    assert ",".join(printed(kind, rows)[0]) == expected


def test_what_somebody_stated_is_printed_as_typed():
    _, _, body = printed("cost", [{"cost_miss": 10.0, "cost_false_alarm": 1.0, "cost": 0.2}])
    assert body == ["10", "1", "0.200"]


def test_a_note_says_once_what_a_slice_lacks():
    both, one = (
        f"undefined: needs rows of {which}" for which in ("both classes", "the negative class")
    )
    rows = [{"slice": "a", "note": f"{both}; {one}"}, {"slice": "b", "note": both}]
    _, _, first, second = printed("slice_table", rows)
    assert first[-1] == "no negatives"
    assert second[-1] == "one class only"
