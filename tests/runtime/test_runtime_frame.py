"""The table of predictions that the recorder takes."""

import numpy as np
import pytest

from proofolio.contract import RunError
from proofolio_torch import predict

P = np.array([[0.25, 0.75], [0.5, 0.5]])


def test_a_binary_task_keeps_the_positive_column():
    out = predict.frame(["b", "a"], ["val", "test"], P, ["ill", "well"], "ill")
    assert list(out.columns) == ["id", "part", "p_ill"]
    assert out["p_ill"].tolist() == [0.25, 0.5]
    assert out["p_ill"].dtype == np.float32
    assert out["id"].tolist() == ["b", "a"]


def test_several_classes_keep_all_columns_in_class_order():
    out = predict.frame(["a", "b"], ["val"] * 2, P, ["x", "y"])
    assert list(out.columns) == ["id", "part", "p_x", "p_y"]


@pytest.mark.parametrize(
    ("ids", "values", "message"),
    [
        (["a"], P, "do not fit ids"),
        (["a", "b"], P[:, :1], "do not fit ids"),
        (["a", "b"], P * 2, "add up to one"),
        (["a", "b"], P * np.nan, "add up to one"),
        (["a", "b"], np.array([[1.5, -0.5], [0.5, 0.5]]), "add up to one"),
    ],
)
def test_what_is_no_distribution_is_refused(ids, values, message):
    with pytest.raises(RunError, match=message):
        predict.frame(ids, ["val"] * len(ids), values, ["x", "y"])


def test_energy_stands_beside_the_probabilities_as_float32():
    p = np.array([[0.25, 0.75], [0.5, 0.5]])
    made = predict.frame(["a", "b"], ["val", "ood"], p, ["x", "y"], energy=np.array([-1.5, 2.0]))
    assert list(made) == ["id", "part", "p_x", "p_y", "energy"]
    assert made["energy"].dtype == np.float32 and made["energy"].tolist() == [-1.5, 2.0]
