"""The pages: order, gains, links, and that nothing is fetched."""

import base64
import hashlib
import re
from pathlib import PurePosixPath

import pytest
from rubric import made_up as graded
from rubric.tags import tags

from proofolio.rubric import report
from proofolio.rubric.report import html, view

WEAK = {"SL1": "fail", "SL4": "fail", "BU4": "partial", "CO3": "na", "RT3": "fail"}


@pytest.fixture
def cohort():
    return graded.random_cohort(12)


def page_of(statuses, gates=(), **other):
    return html.write(graded.result({**graded.project("work/birds", statuses, gates), **other}))


def test_the_profile_comes_first_then_remedies_then_everything():
    page = page_of(WEAK, ["SL1"])
    places = [page.index(f'id="{name}"') for name in ("profile", "first", "everything", "pd1")]
    assert places == sorted(places)
    assert page.index("Trade-offs and operation") < page.index(">Total<")
    assert "not yet" in page[: places[0]] and view.MEANING["not yet"] in page
    assert "/ 100" not in page[: places[0]]  # the total stands last in the profile


def test_gates_stand_above_the_remedies_and_these_by_gain():
    page = page_of(WEAK, ["SL1"])
    first = page[page.index('id="first"') : page.index('id="everything"')]
    assert first.index('class="gate"') < first.index("<b>+")
    gains = [float(g) for g in re.findall(r"<b>\+([\d.]+)</b>", first)]
    assert gains == [5, 4, 3, 1.5]


def test_criteria_with_one_remedy_are_one_entry():
    project = graded.project("a", {"RT1": "fail", "RT4": "fail"})
    for criterion in project["criteria"]:
        if criterion["code"] in ("RT1", "RT4"):
            criterion["fix"] = "Copy the workflow."
    (remedy,) = view.remedies(project)
    assert (remedy.gain, [c["code"] for c in remedy.criteria]) == (4, ["RT1", "RT4"])


@pytest.mark.parametrize(
    ("statuses", "gates", "said"),
    [
        ({"SL1": "fail"}, ["SL1"], "until the gate SL1 is mended"),
        (
            {"TO1": "fail"},
            [],
            "For exemplary it needs at least half of the points of Trade-offs and operation.",
        ),
        (
            {"PD1": "fail", "SL4": "fail", "BU1": "fail"},
            [],
            "For exemplary it needs 7 points more.",
        ),
        ({}, [], ""),
    ],
)
def test_what_separates_from_the_next_grade(statuses, gates, said):
    assert said in view.next_step(graded.project("a", statuses, gates))
    assert bool(view.next_step(graded.project("a", statuses, gates))) == bool(said)


def test_every_criterion_and_remedy_carries_its_phase():
    found = tags(page_of(WEAK))
    phases = {value for _, name, value in found.attributes if name == "data-phases"}
    assert set(view.PHASES) <= phases and set(" ".join(phases).split()) == set(view.PHASES)
    inputs = [value for tag, name, value in found.attributes if (tag, name) == ("input", "id")]
    assert inputs == ["phase-all", *(f"phase-{code}" for code in view.PHASES)]


def test_evidence_question_and_the_given_level_are_shown():
    project = graded.project("a", {"PD4": "partial"})
    judged = next(c for c in project["criteria"] if c["code"] == "PD4")
    judged |= {"level": 1.0, "evidence": ["Names a user."]}
    page = html.write(graded.result(project))
    assert '<li class="chosen">A user is named, but not what they do today. (given)</li>' in page
    assert "<b>Grader:</b> Names a user." in page
    assert "<b>Ask:</b> Pick one mistake" in page
    assert "<code>README.md:12</code>" in page


def test_links_to_the_guide_need_its_address():
    result = graded.result(graded.project("a", WEAK))
    assert "guides/leakage/" not in html.write(result)
    assert "Read: Leakage" in html.write(result)
    page = html.write({**result, "guide": "https://example.org/x/"})
    assert 'href="https://example.org/x/guides/leakage/"' in page


def test_pages_allow_only_their_own_style_and_script(cohort):
    for page in [page_of(WEAK), *html.pages(cohort).values()]:
        policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
        policy = policy.replace("&#39;", "'")
        assert policy.startswith("default-src 'none'") and "unsafe" not in policy
        for tag in ("style", "script"):
            inside = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
            if inside:
                digest = base64.b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()
                assert f"{tag}-src 'sha256-{digest}'" in policy
        assert " style=" not in page and not re.search(r"url\(|@import", page)
        found = tags(page)
        assert not {"img", "iframe", "object", "embed"} & set(found.tags)
        assert [a for a in found.attributes if a[0] == "link"] == [
            ("link", "rel", "icon"),
            ("link", "href", "data:,"),
        ]


def test_the_folder_links_both_ways(cohort, tmp_path):
    cohort["projects"][1]["name"] = cohort["projects"][2]["name"] = "../Same Name"
    cohort["projects"][3]["name"] = "漢字"
    written = report.folder(cohort, tmp_path)
    assert written[0] == tmp_path / "index.html"
    assert all(p.resolve().is_relative_to(tmp_path) and p.is_file() for p in written)
    names = [p.name for p in written if p.parent.name == "projects"]
    assert len(set(names)) == 12
    assert {"same-name--1.html", "same-name--2.html", "project.html"} <= set(names)
    for path in (p for p in written if p.suffix == ".html"):
        local = [
            value.split("#")[0]
            for tag, name, value in tags(path.read_text()).attributes
            if (tag, name) == ("a", "href") and not value.startswith("#")
        ]
        assert local, path
        for address in local:
            assert (path.parent / PurePosixPath(address)).resolve() in written


def test_anchors_of_a_page_exist_once(cohort):
    for page in html.pages(cohort).values():
        found = tags(page)
        ids = [value for _, name, value in found.attributes if name == "id"]
        assert len(ids) == len(set(ids))
        asked = {v[1:] for _, name, v in found.attributes if name == "href" and v.startswith("#")}
        assert asked <= set(ids)


def test_a_single_page_of_a_cohort_links_to_no_file(cohort):
    page = html.write(cohort)
    assert "a" not in tags(page).tags and "bird_calls-001" in page


def test_what_changed_is_shown_where_there_is_something_earlier():
    since = {
        "grade": ["not yet", "sound"], "total": [40, 61.5], "gates_mended": ["CO2"],
        "gates_failed": [], "criteria": [],
    }  # fmt: skip
    assert "What changed" not in page_of({})
    page = page_of({}, since=since)
    assert "Gate mended: CO2" in page and "40 → <b>61.5</b>" in page
    assert page.index('id="profile"') < page.index('id="changed"') < page.index('id="first"')
