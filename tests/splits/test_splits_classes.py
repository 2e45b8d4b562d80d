"""Splits with classes of their own: who is ood, who is excluded, and what is refused."""

import builders
import pytest
import strangers
from pydantic import ValidationError
from split_tables import spec

from proofolio import project, splits
from proofolio.contract import Layout

OFFICIAL = {"strategy": "official", "fractions": strangers.SPLIT["fractions"]}


def divided(table, **changes):
    split = splits.make(table, spec(**(OFFICIAL | changes)))
    return split, split.parts.merge(table, on="id")


def test_published_test_without_a_class_is_ood_and_the_rest_excluded():
    split, rows = divided(strangers.examples(), classes=strangers.OWN)
    spiders = rows[rows["label"] == "spider"]
    assert set(spiders.loc[spiders["official"] == "test", "part"]) == {"ood"}
    others = spiders[spiders["official"] == "train"]
    assert set(others["part"]) == {"excluded"} and all("none of" in n for n in others["note"])
    assert not rows.loc[rows["label"] != "spider", "part"].isin(["ood", "excluded"]).any()
    assert split.info.classes == strangers.OWN and split.info.achieved["ood"] > 0


def test_without_a_published_membership_they_are_excluded():
    _, rows = divided(
        strangers.examples(),
        classes=strangers.OWN,
        strategy="patient",
        fractions={"train": 0.4, "val": 0.2, "calib": 0.2, "test": 0.2},
    )
    assert set(rows.loc[rows["label"] == "spider", "part"]) == {"excluded"}
    folds = {"strategy": "cross_validation", "fractions": {"train": 0.8, "test": 0.2}}
    _, rows = divided(strangers.examples(), classes=strangers.OWN, **folds)
    assert set(rows.loc[rows["label"] == "spider", "part"]) == {"excluded"}


def test_an_ood_example_linked_to_one_with_a_class_is_excluded():
    table = strangers.examples()
    spider = table.index[(table["label"] == "spider") & (table["official"] == "test")][0]
    ant = table.index[(table["label"] == "ant") & (table["official"] == "test")][0]
    table.loc[spider, "cluster"] = table.loc[ant, "cluster"]
    rows = divided(table, classes=strangers.OWN)[1].set_index("id")
    assert rows.loc[table.loc[spider, "id"], "part"] == "excluded"
    assert rows.loc[table.loc[ant, "id"], "part"] == "test"


def test_look_alikes_across_the_published_split_leave_train_or_both():
    table = strangers.examples()
    twins = [table.index[(table["official"] == o) & (table["label"] == "bee")][0] for o in
             ("train", "test")]  # fmt: skip
    table.loc[twins, "cluster"] = table.loc[twins[0], "cluster"]
    ids = table.loc[twins, "id"].tolist()
    kept, both = (divided(table, crossing=c)[1].set_index("id") for c in ("train", "both"))
    assert kept.loc[ids, "part"].tolist() == ["excluded", "test"]
    assert both.loc[ids, "part"].tolist() == ["excluded", "excluded"]
    assert "both sides" in both.loc[ids[1], "note"]
    rest = table.loc[~table["id"].isin(ids), "id"]
    assert kept.loc[rest, "part"].equals(both.loc[rest, "part"])


def test_a_split_of_all_classes_records_none_of_its_own(tmp_path):
    layout, _ = strangers.prepared(tmp_path / "own")
    assert '"classes"' in (layout.split("primary") / "split.json").read_text()
    plain = {k: v for k, v in strangers.SPLIT.items() if k != "classes"}
    root = builders.write_project(tmp_path / "all", classes=strangers.CLASSES,
                                  positive_class=None, splits=[plain])  # fmt: skip
    author = project.load(root)
    made = splits.make(strangers.examples(), author.primary_split)
    layout.dataset.parent.mkdir(exist_ok=True)
    splits.write(layout, made._replace(info=made.info.model_copy(update={"name": "all"})))
    assert '"classes"' not in (Layout(layout.root).split("all") / "split.json").read_text()
    assert author.classes_of("primary") == strangers.CLASSES


@pytest.mark.parametrize(
    "changes",
    [
        {"classes": ["ant", "moth"]},
        {"classes": ["bee", "ant"]},
        {"classes": ["ant"]},
        {"crossing": "both", "strategy": "patient"},
    ],
)
def test_classes_and_crossings_without_sense_are_refused(changes):
    told = builders.project_dict(
        classes=strangers.CLASSES, positive_class=None, splits=[strangers.SPLIT | changes]
    )
    with pytest.raises(ValidationError, match=r"classes|crossing"):
        project.Project.model_validate(told)
