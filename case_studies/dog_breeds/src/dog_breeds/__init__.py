"""The science of this project in plain code; proof and plumbing come from `proofolio`.

Read data.py (raw files to table), models.py (the ladder), dataset.py (pictures, augmentation),
train.py (loss, optimizer, schedule), evaluate.py. `__main__.py` runs them in order.
"""
