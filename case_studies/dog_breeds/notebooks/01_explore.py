# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Look at the data before any model
# Run `python -m dog_breeds prepare`, then `split`.
# Only train is looked at closely: what you learn from test, you would tune towards.
# Open it as a notebook with `jupytext --to ipynb notebooks/01_explore.py`.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
from proofolio import project as projects
from proofolio import splits, table
from proofolio.contract import Layout

from dog_breeds import explore

ROOT = next(p for p in [Path.cwd(), *Path.cwd().parents] if (p / "project.yaml").is_file())
layout, author = Layout(ROOT), projects.load(ROOT)
parts = splits.read(layout, author.primary_split.name)[["id", "part"]]
frame = table.read(layout).merge(parts, on="id")
train = frame[frame["part"] == "train"]

# %% [markdown]
# ## Balance: does every part hold every class, and how many units stand behind a row count?

# %%
explore.balance(frame)

# %% [markdown]
# ## Missing values

# %%
explore.missing(frame)

# %% [markdown]
# ## Size and brightness: a class that differs here may be told by a shortcut

# %%
explore.sizes(train)

# %%
explore.histograms(train, ["bytes", "brightness", "contrast"])
plt.show()

# %% [markdown]
# ## Some pictures of each class, and what augmentation makes of one

# %%
explore.pictures(train, layout.root / author.data.raw)
plt.show()

# %%
explore.augmented(train, layout.root / author.data.raw, "light")
plt.show()
