"""The science of this project in plain code; proof and plumbing come from `proofolio`.

Read data.py (raw files to table), features.py (what is known of an event), events.py (what a fold
may look at), models.py and classical.py (the ladder), train.py (loss, optimizer, schedule),
evaluate.py. `__main__.py` runs them in order. After the choice: export.py and serve.py, explain.py.
"""
