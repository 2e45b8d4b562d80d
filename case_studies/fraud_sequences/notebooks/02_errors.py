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
# Run `python -m fraud_sequences train` first.
# Val is what you may learn from; set `PART` to `test` only after `evaluate`, to report and never to
# tune.

# %%
from pathlib import Path

from proofolio import table
from proofolio.contract import Layout

from fraud_sequences import evaluate, explore

ROOT = next(p for p in [Path.cwd(), *Path.cwd().parents] if (p / "project.yaml").is_file())
PART = "val"

# %%
run = evaluate.chosen(ROOT)
print(run.id, run.decision)

# %% [markdown]
# ## By fold, day and group: is one of them served worse? Mind the intervals

# %%
evaluate.slices(ROOT, PART)

# %% [markdown]
# ## The mistakes it was surest of

# %%
wrong = evaluate.mistakes(ROOT, PART)
wrong

# %% [markdown]
# ## What happened around the first of them

# %%
known = table.read(Layout(ROOT))
for entity in (c for c in ("unit", "unit2") if c in known and len(wrong)):
    print(explore.around(known, wrong["id"].iloc[0], by=entity).to_string())

# %% [markdown]
# What do they share? Write the answer into `project.yaml` (`model_card: caveats`) and the README.
