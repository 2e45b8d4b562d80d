"""Notebooks as pages: run, kept, run again, stopped where data is missing, never half shown."""

import shutil
from types import SimpleNamespace

import finished_project
import matplotlib
import pandas as pd
import pytest
from matplotlib.figure import Figure

from proofolio.contract import ProjectError
from proofolio.pages import cells, kernel, notebooks

HEAD = "# %% [markdown]\n# # Looked at\n# Some words.\n\n# %%\n"
GOOD = (
    HEAD
    + """import os
import matplotlib.pyplot as plt
import pandas as pd
print(os.getcwd() + "/data/raw", "``` <b>")
print("\\n".join(map(str, range(100))))

# %% [markdown]
# ## A figure

# %%
figure, axis = plt.subplots()
axis.plot([1, 2], label="one")
axis.set_xlabel("days")
axis.legend()
plt.show()

# %%
pd.DataFrame({"a|b": ["<script>", "_x_"]}, index=pd.Index(["p", "q"], name="key"))
"""
)


@pytest.fixture
def project(tmp_path):
    layout, author = finished_project.start(tmp_path / "new")
    (layout.root / "notebooks").mkdir(exist_ok=True)
    for old in (layout.root / "notebooks").iterdir():
        old.unlink()
    return layout, author, layout.root / "docs" / "result"


def write(project, name, text, *, run=True):
    layout, author, folder = project
    (layout.root / "notebooks" / name).write_text(text, encoding="utf-8")
    return notebooks.write(layout, author, folder, run=run)


def test_a_notebook_is_run_shown_kept_and_run_again_when_what_it_reads_changes(project):
    layout, author, folder = project
    assert write(project, "01_look_well.py", GOOD) == [
        ("notebook_01_look_well.md", "Notebook: look well")
    ]
    page = folder / "notebook_01_look_well.md"
    text = page.read_text(encoding="utf-8")
    assert "\n# Looked at\nSome words.\n\n`notebooks/01_look_well.py` of" in text
    assert "no claim check holds them to evidence" in text
    assert str(layout.root) not in text and "\n````text\ndata/raw ``` <b>\n" in text
    assert "\n... 41 more lines\n" in text
    assert "![A figure. One panel: days across, by one.](sheets/notebooks/" in text
    assert "| key | a&#124;b |" in text and "| p | &lt;script&gt; |" in text
    figure = folder / cells.FIGURES / "01_look_well_1.webp"
    assert figure.read_bytes()[8:12] == b"WEBP"

    page.write_text(text + "kept", encoding="utf-8")
    assert notebooks.write(layout, author, folder) == notebooks.write(
        layout, author, folder, run=True
    )
    assert page.read_text(encoding="utf-8").endswith("kept")

    figure.unlink()
    notebooks.write(layout, author, folder, run=True)
    assert figure.is_file() and page.read_text(encoding="utf-8") == text

    (layout.root / "project.yaml").write_text(
        (layout.root / "project.yaml").read_text(encoding="utf-8") + "\n", encoding="utf-8"
    )
    assert notebooks.write(layout, author, folder) == []  # not run, so not shown: it is out of date
    assert not page.exists() and not figure.exists()


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        ("from proofolio import table\nfrom proofolio.contract import Layout\n"
         "from pathlib import Path\ntable.read(Layout(Path.cwd() / 'nowhere'))", "brings it: "),
        ("open(__import__('os').getcwd() + '/data/raw/x.png')", "prepare` brings the data."),
        ("import no_such_module_at_all", "install the project with all its extras."),
    ],
)  # fmt: skip
def test_where_data_is_missing_the_page_stops_and_says_what_brings_it(project, raised, told):
    layout, _, folder = project
    write(project, "02_stops.py", f"{HEAD}{raised}\n\n# %%\nprint('after')\n")
    text = (folder / "notebook_02_stops.md").read_text(encoding="utf-8")
    last = text.split("The notebook stops here")[1]
    assert "Missing: " in last and told in last
    assert "after" not in text and str(layout.root) not in text and "Traceback" not in text


def test_another_error_is_refused_and_nothing_is_written(project):
    with pytest.raises(ProjectError, match=r"02_wrong.py does not run to its end") as refused:
        write(project, "02_wrong.py", f"{HEAD}1 / 0\n")
    assert "ZeroDivisionError" in refused.value.received
    assert not (project[2] / "notebook_02_wrong.md").exists()


def test_a_cell_that_takes_too_long_is_refused(project, monkeypatch):
    monkeypatch.setattr(notebooks, "_CELL_SECONDS", 5)
    with pytest.raises(ProjectError, match="does not run to its end"):
        write(project, "03_slow.py", f"{HEAD}import time\ntime.sleep(60)\n")


def test_without_the_flag_nothing_is_run_and_scripts_are_no_notebooks(project):
    assert write(project, "01_look.py", GOOD, run=False) == []
    (project[0].root / "notebooks" / "01_look.py").unlink()
    assert write(project, "tool.py", "print('no cells')\n") == []
    shutil.rmtree(project[0].root / "notebooks")
    assert notebooks.write(*project, run=True) == []


def test_long_tables_are_cut_and_only_a_number_of_the_row_is_left_out():
    frame = pd.DataFrame({"x": [1.23456, None] * 30})
    told = kernel.table(frame)
    assert told["header"] == ["x"] and told["rows"][:2] == [["1.235"], [""]]
    assert told["left"] == 20
    nested = frame.head(2).set_index(pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]))
    assert kernel.table(nested) == {
        "header": ["index", "index", "x"],
        "rows": [["a", "1", "1.235"], ["b", "2", ""]],
        "left": 0,
    }


def test_a_figure_is_described_by_its_panels_and_the_rest_counted():
    matplotlib.use("Agg")
    figure = Figure()
    for number, axes in enumerate(figure.subplots(3, 3).ravel()):
        axes.set_title(f"t{number}")
        axes.set_axis_off()
    assert kernel.described(figure) == "9 panels: t0; t1; t2; t3; t4; t5; 3 more."
    assert kernel.described(Figure()) == "One panel."


def test_warnings_are_not_shown():
    output = SimpleNamespace(output_type="stream", get={"name": "stderr"}.get)
    cell = SimpleNamespace(cell_type="code", source="x", outputs=[output])
    assert cells.shown([cell], None, None, "n") == (["```python\nx\n```"], {})
