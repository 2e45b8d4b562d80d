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
# # Where the chosen model is wrong
# Run `python -m dog_breeds train` first.
# Val is what you may learn from; set `PART` to `test` only after `evaluate`, to report and never to
# tune.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
from proofolio import project as projects

from dog_breeds import evaluate, explore

ROOT = next(p for p in [Path.cwd(), *Path.cwd().parents] if (p / "project.yaml").is_file())
PART = "val"
author = projects.load(ROOT)

# %%
run = evaluate.chosen(ROOT)
print(run.id, run.decision)

# %% [markdown]
# ## By group: is one of them served worse? Mind the intervals

# %%
evaluate.slices(ROOT, PART)

# %% [markdown]
# ## The mistakes it was surest of

# %%
wrong = evaluate.mistakes(ROOT, PART)
wrong

# %%
explore.pictures(wrong, ROOT / author.data.raw, by="decided")
plt.show()

# %% [markdown]
# What do they share? Write the answer into `project.yaml` (`model_card: caveats`) and the README.
