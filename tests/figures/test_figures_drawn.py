"""Each figure from plain inputs: clean SVG, readable text, the message in numbers."""

import itertools
import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from proofolio import figures
from proofolio.contract import Metric
from proofolio.figures import canvas, rungs

SVG = "{http://www.w3.org/2000/svg}"
LONG = "a very long configuration name that says everything"


def metric(value):
    ends = {"ci_low": value - 0.02, "ci_high": value + 0.02}
    return Metric(value=value, n=300, n_units=90, method="cluster_bootstrap_percentile", **ends)


def scores(seed=0, n=300):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    return y, 1 / (1 + np.exp(-1.5 * (2 * y - 1) - rng.normal(0, 1.5, n)))


def history(seed):
    epoch = np.arange(1, 7)
    loss = {"train_loss": 1 / (epoch + seed), "val_loss": 1 / epoch + 0.1}
    return pd.DataFrame({"epoch": epoch, **loss, "val_auroc": 1 - 0.4 / (epoch + seed)})


def ladder_table(names=("prior", "file_statistics", LONG)):
    rows = [
        (name, "rung", part, 2, 0.5 + 0.1 * i, 0.45 + 0.1 * i, 0.55 + 0.1 * i)
        for i, name in enumerate(names)
        for part in ("val", "test")
    ]
    return pd.DataFrame(
        rows, columns=["name", "rung", "part", "seeds", "value", "ci_low", "ci_high"]
    )


def counts(k):
    shape = (4, k)
    parts = ["train", "val", "calib", "test"]
    values = np.arange(1, 1 + np.prod(shape)).reshape(shape) * 10
    return pd.DataFrame(values, index=parts, columns=[f"class number {i}" for i in range(k)])


def matrix(k):
    names = [f"class number {i}" for i in range(k)]
    return np.eye(k, dtype=int) * 40 + 3, names


def benefit(n=99):
    t = np.arange(1, n + 1) / (n + 1)
    model, every = 0.5 - 0.1 * t, 0.5 - 0.5 * t / (1 - t)
    ends = {"model_ci_low": model - 0.05, "model_ci_high": model + 0.05}
    return pd.DataFrame({"threshold": t, "model": model, **ends, "treat_all": every}).assign(
        treat_none=0.0
    )


def answers(slope, n=400):
    share = np.arange(1, n + 1) / n
    return pd.DataFrame({"coverage": share, "risk": slope * share**2})


POINTS = pd.DataFrame(
    {"coverage": [0.8, 0.95], "risk": [0.1, 0.12], "risk_ci_low": 0.05, "risk_ci_high": 0.2}
)


def shifted():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        [
            (f"a rather long class: site {site}", part, p)
            for site in range(4)
            for part in ("calib", "test")
            for p in rng.uniform(0, 1, 30)
        ],
        columns=["group", "part", "probability"],
    )


def crowded():
    names = ("prior", *(f"finetuned_without_part_{i}" for i in range(9)))
    table = ladder_table(names)
    value = np.where(table["name"] == "prior", 0.5, 0.99 + 0.0005 * table.index)
    return table.assign(value=value, ci_low=value - 0.002, ci_high=value + 0.001)


def draw(name):
    y, p = scores()
    both = {"threshold": 0.31}
    kinds = {
        "learning": lambda: figures.learning_curves(
            name, "Learning", {0: history(0), 1: history(1)}, "auroc"
        ),
        "roc": lambda: figures.roc(name, "ROC", y, p, auroc=metric(0.93), **both),
        "pr": lambda: figures.precision_recall(
            name, "PR", y, p, average_precision=metric(0.91), **both
        ),
        "reliability": lambda: figures.reliability(
            name, "Reliability", (y, p), (y, p**2), ece_raw=metric(0.09), ece=metric(0.03)
        ),
        "balance": lambda: figures.class_balance(name, "Balance", counts(2)),
        "balance many": lambda: figures.class_balance(name, "Balance", counts(37)),
        "confusion": lambda: figures.confusion(name, "Confusion", *matrix(2)),
        "confusion some": lambda: figures.confusion(name, "Confusion", *matrix(9)),
        "confusion many": lambda: figures.confusion(name, "Confusion", *matrix(18)),
        "ladder": lambda: figures.ladder(name, "Ladder", ladder_table(), "auroc", target=0.9),
        "ladder crowded": lambda: figures.ladder(name, "Ladder", crowded(), "auroc", target=0.97),
        "worth": lambda: figures.decision_curve(name, "Worth", benefit(), **both),
        "risk": lambda: figures.risk_coverage(
            name, "Risk", {LONG: answers(0.1), "b": answers(0.2), "c": answers(0.3)}, POINTS
        ),
        "transfer": lambda: figures.calibration_transfer(
            name,
            "Transfer",
            {"calib": (y, p), "test": (y, p**2)},
            {"calib": metric(0.02), "test": metric(0.08)},
            **both,
        ),
        "shift": lambda: figures.score_shift(
            name, "Shift", shifted(), "calibrated probability\nof a rather long class", **both
        ),
    }
    return kinds[name]()


NAMES = [
    "learning",
    "roc",
    "pr",
    "reliability",
    "balance",
    "balance many",
    "confusion",
    "confusion some",
    "confusion many",
    "ladder",
    "ladder crowded",
    "worth",
    "risk",
    "transfer",
    "shift",
]


@pytest.fixture(scope="module")
def drawn():
    return {name: draw(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_it_is_an_image_with_a_title_and_a_description_in_numbers(drawn, name):
    root = ElementTree.fromstring(drawn[name].svg)
    assert root.get("role") == "img"
    named = {e.get("id"): e.text for e in root if e.tag in (f"{SVG}title", f"{SVG}desc")}
    assert list(named) == root.get("aria-labelledby").split()
    assert list(named.values()) == [drawn[name].title, drawn[name].description]
    assert re.search(r"\d", drawn[name].description)
    assert len(drawn[name].table) > 0


@pytest.mark.parametrize("name", ["roc", "learning"])
def test_the_same_input_gives_the_same_bytes(drawn, name):
    assert draw(name).svg == drawn[name].svg
    assert not re.search(r"20\d\d-\d\d-\d\d|Matplotlib v", drawn[name].svg)


@pytest.mark.parametrize("name", NAMES)
def test_ink_follows_the_page_and_no_other_colour_is_used(drawn, name):
    used = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", drawn[name].svg))
    assert used <= {*canvas.COLOURS, canvas.GREY}
    assert "currentColor" in drawn[name].svg


def test_all_figures_may_stand_on_one_page(drawn):
    ids = [re.findall(r'\bid="([^"]+)"', d.inline()) for d in drawn.values()]
    flat = list(itertools.chain(*ids))
    assert len(flat) == len(set(flat))
    for drawing in drawn.values():
        svg = drawing.inline()
        used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
        assert used <= set(re.findall(r'\bid="([^"]+)"', svg))
        assert "<style" not in svg and "<style" in drawing.svg


def test_the_style_of_a_file_names_only_itself(drawn):
    (style,) = re.findall(r"<style>(.*?)</style>", drawn["roc"].svg)
    assert "prefers-color-scheme:dark" in style
    selectors = re.findall(r"(?:^|[{}])([^{}@]+)\{", style)
    assert set(selectors) <= {":root", "#figure-roc"}


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot((0.2126, 0.7152, 0.0722), linear))


@pytest.mark.parametrize("colour", [*canvas.COLOURS, canvas.GREY])
@pytest.mark.parametrize("background", ["#ffffff", "#1e2129"])
def test_data_colours_have_contrast_in_both_schemes(colour, background):
    low, high = sorted((luminance(colour), luminance(background)))
    assert (high + 0.05) / (low + 0.05) >= 3


def misplaced(figure):
    """Return the texts that cross each other, or the figure's edge, when it is drawn."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg

    texts, boxes = [], []

    class Watcher(RendererAgg):
        def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
            width, height, _ = self.get_text_width_height_descent(s, prop, ismath)
            upright = angle == 90
            texts.append(s)
            boxes.append(
                (x - height, y - width, x, y) if upright else (x, y - height, x + width, y)
            )

    figure.draw(FigureCanvasAgg(figure).get_renderer())  # lays out
    figure.draw(Watcher(*figure.bbox.size, figure.dpi))
    left, top, right, bottom = np.array(boxes).T
    across = np.minimum.outer(right, right) - np.maximum.outer(left, left)
    down = np.minimum.outer(bottom, bottom) - np.maximum.outer(top, top)
    found = np.argwhere(np.triu((across > 0.5) & (down > 0.5), 1))
    wide, high = figure.bbox.size
    cut = (left < 0) | (top < 0) | (right > wide) | (bottom > high)
    clipped = [(texts[i], "the edge") for i in np.flatnonzero(cut)]
    return [(texts[i], texts[j]) for i, j in found] + clipped


@pytest.mark.parametrize("name", NAMES)
def test_no_text_overlaps_another_or_is_cut(monkeypatch, name):
    seen = []
    original = canvas.Sheet.drawing

    def spy(sheet, *args):
        seen.append(misplaced(sheet.figure))
        return original(sheet, *args)

    monkeypatch.setattr(canvas.Sheet, "drawing", spy)
    draw(name)
    assert seen == [[]]


def test_overlapping_text_would_be_seen():
    with canvas.Sheet(height=2) as sheet:
        axes = sheet.axes()
        axes.text(0.5, 0.5, "one")
        axes.text(0.5, 0.5, "two")
        axes.text(0.9, 0.2, "far too long for what is left of the sheet").set_in_layout(False)
    found = misplaced(sheet.figure)
    assert found[0] == ("one", "two")
    assert [edge for _, edge in found[1:]] == ["the edge"]


def test_the_roc_curve_is_that_of_scikit_learn():
    from sklearn.metrics import auc

    y, p = scores()
    table = figures.roc("x", "ROC", y, p).table
    from sklearn.metrics import roc_auc_score

    area = auc(table["false_positive_rate"], table["sensitivity"])
    assert area == pytest.approx(roc_auc_score(y, p), abs=1e-9)


def test_the_decision_point_is_counted_from_the_rows():
    y, p = np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.4, 0.9])
    told = figures.roc("x", "ROC", y, p, threshold=0.5).description
    assert "sensitivity 0.500, specificity 0.500" in told


def test_reliability_bins_have_equal_mass_and_lose_no_row():
    y, p = scores(n=301)
    table = figures.reliability("x", "R", (y, p), (y, p)).table
    before = table[table["when"] == "before"]
    assert len(before) == 15
    assert before["n"].sum() == 301
    assert before["n"].max() - before["n"].min() <= 1
    assert before["predicted"].is_monotonic_increasing


def test_a_missing_interval_and_value_are_said():
    table = ladder_table(("prior",)).assign(ci_low=np.nan, ci_high=np.nan)
    table.loc[1, "value"] = np.nan
    told = figures.ladder("x", "Ladder", table, "auroc").description
    assert "prior on test not measured" in told
    assert "CI" not in told


def test_names_of_classes_are_text_not_markup():
    names = ["<b>&", "$x_1$"]
    svg = figures.confusion("x", "C", np.array([[3, 1], [0, 4]]), names).svg
    texts = [t.text for t in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert {"<b>&", "$x_1$"} <= {t.strip() for t in texts if t}


def test_a_closeup_shows_what_crowds_near_the_best_and_only_then():
    low, high = rungs.closeup(crowded(), "auroc")
    assert 0.98 < low < 0.99
    assert 0.999 < high < 1.01
    assert rungs.closeup(ladder_table(), "auroc") is None
    worse = crowded().assign(value=1 - crowded()["value"])
    assert rungs.closeup(worse.assign(ci_low=np.nan, ci_high=np.nan), "log_loss")[1] < 0.02


def test_the_worth_of_a_decision_is_told_with_its_range():
    told = draw("worth").description
    assert "at 99 of 99 thresholds, 0.01 to 0.99." in told
    nothing = benefit().assign(model=-0.1)
    drawn = figures.decision_curve("x", "W", nothing)
    assert "at no threshold" in drawn.description


def test_a_risk_curve_is_thinned_and_keeps_its_ends():
    table = draw("risk").table
    own = table[(table["configuration"] == LONG) & ~table["interval"]]
    assert len(own) == 200
    assert own["coverage"].iloc[[0, -1]].tolist() == [1 / 400, 1.0]
    assert table["interval"].sum() == len(POINTS)


def test_quantiles_of_a_group_are_those_of_its_rows():
    table = draw("shift").table
    rows = shifted()
    first = rows[(rows["group"] == table["group"][0]) & (rows["part"] == table["part"][0])]
    assert table["n"].tolist() == [30] * 8
    assert table["q0.25"][0] == pytest.approx(first["probability"].quantile(0.25))


def test_the_choice_stands_out_on_the_ladder():
    marked = figures.ladder("x", "Ladder", ladder_table(), "auroc", chosen="prior")
    plain = figures.ladder("x", "Ladder", ladder_table(), "auroc")
    assert marked.svg.count("bold") == plain.svg.count("bold") + 1
    assert "In bold: prior" in marked.description and "bold" not in plain.description
