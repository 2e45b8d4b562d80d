"""Claims at a root that holds several projects: each names the one whose evidence it quotes."""

import pytest
from claims.claimed import write_evidence

from proofolio import claims
from proofolio.contract import ClaimError

LINE = "AUROC <!--claim in:lungs model:champion test.auroc .3f ci-->0<!--/claim--> on test.\n"
TABLE = "<!--claims in:lungs by_site-->\n<!--/claims-->\n"


def page(root, text, name="README.md"):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def root(tmp_path):
    write_evidence(tmp_path / "case_studies" / "lungs")
    write_evidence(tmp_path / "case_studies" / "skin")
    return tmp_path


def whats(root):
    return [problem.what for problem in claims.check(root, strict=True)]


def test_a_root_page_is_filled_from_the_named_project_and_then_in_order(root):
    readme, guide = page(root, LINE), page(root, TABLE, "docs/guides/leakage.md")
    assert claims.write(root) == 2
    assert "-->0.974 (95% CI 0.961-0.981)<!--/claim--> on test." in readme.read_text("utf-8")
    assert "| north west | 0.900 (95% CI 0.800-0.950) |" in guide.read_text("utf-8")
    assert whats(root) == []
    assert claims.write(root) == claims.write(guide) == 0


def test_an_edited_number_on_a_root_page_is_seen(root):
    page(root, LINE, "docs/index.md")
    (what,) = whats(root)
    assert "says '0', evidence says '0.974" in what


def test_a_number_nothing_binds_is_seen_on_a_root_page(root):
    page(root, "The best accuracy is 0.97.\n", "docs/guides/metrics.md")
    assert whats(root) == ["a number beside a metric word is not bound: '0.97'"]


@pytest.mark.parametrize(
    ("claim", "what"),
    [
        (LINE.replace("in:lungs", "in:hearts"), "no case study 'hearts'.*lungs, skin"),
        (LINE.replace("in:lungs ", ""), "no case study is named.*lungs, skin"),
        (LINE.replace("in:lungs", "in:"), "no case study is named"),
        (TABLE.replace("in:lungs ", ""), "no case study is named"),
        (LINE.replace("in:lungs model:champion", "in:lungs"), "not a claim"),
        (LINE.replace("model:champion", "model:other"), "unknown registered model 'other'"),
    ],
)
def test_a_claim_that_names_no_project_of_the_root_is_refused(root, claim, what):
    page(root, claim)
    with pytest.raises(ClaimError, match=rf"README\.md:1: .*{what}"):
        claims.write(root)
    assert whats(root)


def test_within_a_project_no_claim_names_another(root):
    lungs = root / "case_studies" / "lungs"
    page(lungs, LINE)
    with pytest.raises(ClaimError, match="in:lungs names a project within a project"):
        claims.write(lungs)


def test_built_pages_and_pages_of_the_projects_are_not_the_roots(root):
    page(root, "accuracy 0.5\n", "docs/case_studies/lungs/index.md")
    page(root, "accuracy 0.5\n", "docs/rubric/example/report.md")
    page(root, "accuracy 0.5\n", "case_studies/lungs/README.md")
    listed = page(root, "# Case studies\n", "docs/case_studies/index.md")
    assert claims.pages(root) == [listed]
    assert whats(root) == []


def test_a_folder_without_projects_has_no_evidence_to_quote(tmp_path):
    readme = page(tmp_path, LINE)
    with pytest.raises(ClaimError, match="belongs to no project"):
        claims.write([readme])
