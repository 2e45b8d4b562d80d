import pytest
from claims.claimed import put, write_evidence

from proofolio import claims
from proofolio.contract import ClaimError

LINE = "AUROC <!--claim model:champion test.auroc .3f ci-->old<!--/claim--> on test.\n"


def page(root, text, name="README.md"):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def whats(root, **options):
    return [problem.what for problem in claims.check(root, **options)]


def test_write_then_check_is_clean_and_writing_again_changes_nothing(tmp_path):
    root = write_evidence(tmp_path)
    readme = page(root, LINE)
    page(root, "# A\n\n<!--claims ladder-->\n<!--/claims-->\n", "docs/a/b.md")
    assert claims.write(root) == 2
    assert "-->0.974 (95% CI 0.961-0.981)<!--/claim--> on test." in readme.read_text("utf-8")
    assert claims.check(root, strict=True) == []
    assert claims.write(root) == 0


def test_an_edited_number_in_the_readme_is_seen(tmp_path):
    root = write_evidence(tmp_path)
    readme = page(root, LINE)
    claims.write(root)
    readme.write_text(readme.read_text("utf-8").replace("0.974 ", "0.984 "), encoding="utf-8")
    (problem,) = claims.check(root)
    assert problem.where == "README.md:1"
    assert "0.984" in problem.what and "0.974" in problem.what
    assert not problem.warning


def test_an_edited_table_is_seen(tmp_path):
    root = write_evidence(tmp_path)
    readme = page(root, "<!--claims ladder-->\n<!--/claims-->\n")
    claims.write(root)
    readme.write_text(readme.read_text("utf-8").replace("0.910", "0.990"), encoding="utf-8")
    assert whats(root) == ["table ladder differs, evidence says its recorded table"]


def test_a_faulty_claim_refuses_all_files_with_line_and_remedy(tmp_path):
    root = write_evidence(tmp_path)
    good = page(root, LINE)
    page(root, f"one\n\n{LINE.removeprefix('AUROC ')}", "docs/bad.md")
    with pytest.raises(ClaimError, match=r"docs/bad\.md:3: .*start of its line.*remedy"):
        claims.write(root)
    assert good.read_text("utf-8") == LINE
    assert any("start of its line" in what for what in whats(root))


def test_an_unknown_subject_fails_the_check(tmp_path):
    root = write_evidence(tmp_path)
    page(root, "It is <!--claim run:nobody test.auroc-->0.9<!--/claim-->.\n")
    (problem,) = claims.check(root)
    assert "unknown run" in problem.what and not problem.warning


@pytest.mark.parametrize(
    "text",
    [
        "We reach an AUROC of 0.97 on test.",
        "0.97 is our AUROC.",
        "Accuracy: 93 %",
        "The sensitivity\nof the model is 0.93",
        "top-1 accuracy 91.2",
        "The F1 is 0.8",
        "an AP of .5 and 0.6",
        "- balanced accuracy 88",
        "| model | AUROC |\n| --- | --- |\n| ours | 0.97 |",
        "| metric | value |\n| --- | --- |\n| Brier | 0.04 |",
        "# Accuracy 97 %",
        "AUROC 0.97 <!--not-a-claim-->",
    ],
)
def test_a_typed_number_beside_a_metric_word_warns_and_fails_when_strict(tmp_path, text):
    root = write_evidence(tmp_path)
    page(root, text + "\n")
    found = claims.check(root)
    assert found and all(problem.warning for problem in found)
    assert [p for p in claims.check(root, strict=True) if not p.warning]


@pytest.mark.parametrize(
    "text",
    [
        "## Top-5 accuracy",
        "We report top-1 accuracy and F1 with 95% CI over 2,000 resamples.",
        "AUROC with 95 % confidence intervals",
        "Accuracy as in Kermany et al. 2018 (https://example.org/2018/12).",
        "Training uses float32 precision, 16-bit precision or precision 16-mixed.",
        "```\nauroc 0.97\n```",
        "the key `auroc: 0.97` sets it",
        "---\nmetrics: auroc\nvalue: 0.9\n---\n",
        "1. AUROC chooses.\n2. Accuracy informs.",
        "Target AUROC 0.95 <!--not-a-claim: target stated before training-->",
        "<!--not-a-claim: figures of others-->\n| who | AUROC |\n| --- | --- |\n| they | 0.97 |",
        "AUROC chooses. We had 12 days.",
        "| part | AUROC | images |\n| --- | --- | --- |\n| test | x | 12 |",
        "[accuracy](page-2.md) is explained there",
    ],
)
def test_no_false_alarm(tmp_path, text):
    root = write_evidence(tmp_path)
    page(root, text + "\n")
    assert whats(root, strict=True) == []


def test_front_matter_of_a_card_is_compared_with_evidence(tmp_path):
    root = write_evidence(tmp_path)
    text = (
        "---\nmodel-index:\n- name: net\n  results:\n  - metrics:\n"
        "    - type: auroc\n      value: {}\n---\n# Card\n"
    )
    page(root, text.format(0.974), "MODEL_CARD.md")
    assert whats(root) == []
    page(root, text.format(0.984), "MODEL_CARD.md")
    assert whats(root) == ["front matter says auroc 0.984, evidence holds no such value"]


def test_fresh_project_prints_not_measured(tmp_path):
    put(tmp_path / "project.yaml", {})
    page(tmp_path, LINE.replace("old", "not measured"))
    assert whats(tmp_path) == []
