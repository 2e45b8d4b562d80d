"""Every Python block of a guide runs, in the order of the page and in one namespace."""

import pytest
from guides.guides_support import FOLDER, GUIDES, NOT_RUN, blocks, namespace

torch = pytest.importorskip("torch")


def run(text: str, name: str) -> int:
    """Run the Python blocks of a page; return how many ran. Others must at least compile."""
    told, ran = namespace(), 0
    for block in blocks(text):
        if block.language != "python":
            continue
        code = compile("\n" * (block.line - 1) + block.text, name, "exec")
        if NOT_RUN not in block.options:
            exec(code, told)
            ran += 1
    return ran


@pytest.fixture(autouse=True)
def _as_before(monkeypatch):
    monkeypatch.setenv("NO_ALBUMENTATIONS_UPDATE", "1")
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    yield
    torch.set_num_threads(threads)
    torch.set_rng_state(state)


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_code_of_a_guide_runs(path):
    text = path.read_text(encoding="utf-8")
    written = [b for b in blocks(text) if b.language == "python" and NOT_RUN not in b.options]
    assert run(text, str(path.relative_to(FOLDER.parents[1]))) == len(written)


def test_a_block_that_fails_is_seen_with_its_page_and_line():
    with pytest.raises(AssertionError) as seen:
        run("# Page\n\n```python\nx = 1\n```\n\n```python\n\nassert x == 2\n```\n", "page.md")
    last = seen.traceback[-1]
    assert (str(last.path), last.lineno + 1) == ("page.md", 9)


def test_a_block_that_is_not_run_still_compiles():
    with pytest.raises(SyntaxError):
        run('```python title="shown and not run"\nimport (\n```\n', "page.md")
    assert run('```python title="shown and not run"\nimport nowhere\n```\n', "page.md") == 0
