"""Every command of the Linux path on the Start pages is run as it is shown."""

import pytest
import shown

from proofolio import evidence, verify
from proofolio.contract import Layout

SET_UP = "Set up"


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The template of the working tree, tagged, in a repository of its own."""
    return shown.repository(tmp_path_factory.mktemp("source"))


def set_up():
    """Return the blocks that every page begins with."""
    return [block for block in shown.blocks("index") if block.section == SET_UP]


@pytest.mark.slow
@pytest.mark.parametrize(("page", "project"), [("images", "leaf-rust"), ("events", "chargebacks")])
def test_own_data_becomes_a_verified_project(page, project, source, tmp_path):
    said = shown.run(tmp_path, [*set_up(), *shown.blocks(page)], source)
    print(said)
    root = tmp_path / "portfolio" / project
    assert not verify.run(root).problems
    assert (root / "site/index.html").is_file()
    assert {run.status for run in evidence.runs(Layout(root))} == {"finished"}
