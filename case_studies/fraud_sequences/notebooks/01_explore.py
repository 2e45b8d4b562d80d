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
# # Look at the events before any model
# Run `python -m fraud_sequences prepare`, then `split`.
# Only what lies before the first tested day is looked at: what you learn from test, you would tune
# towards. Open it as a notebook with `jupytext --to ipynb notebooks/01_explore.py`.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from proofolio import project as projects
from proofolio import splits, table
from proofolio.contract import Layout

from fraud_sequences import explore, features

ROOT = next(p for p in [Path.cwd(), *Path.cwd().parents] if (p / "project.yaml").is_file())
layout, author = Layout(ROOT), projects.load(ROOT)
parts = splits.windows(layout, author.primary_split.name)
tested = parts.loc[(parts["role"] == "test") & (parts["part"] == "score"), "start"].min()
known = table.read(layout)
known = known[known["time"] < tested]

# %% [markdown]
# ## Windows: what does each fold learn from, and what does it score?

# %%
explore.windows(parts)

# %% [markdown]
# ## Missing values; entities, and how the positives cluster in them

# %%
explore.missing(known)

# %%
explore.entities(known, author.positive_class)

# %% [markdown]
# ## Time: does the share of positives move?

# %%
explore.per_day(known, author.positive_class)
plt.show()

# %% [markdown]
# ## Amounts: a limit shows as a line that one class alone passes

# %%
explore.amounts(known)
plt.show()

# %% [markdown]
# ## Features of the windows: how far apart are the classes?

# %%
names, values = features.Stream(author, known).features([1, 7, 30])
explore.features(pd.DataFrame(values, columns=names), known["label"])
