"""The audit's thresholds, each with its reason; a finding prints the one it was judged by."""

# Leaks have no tolerable amount: one patient in two parts already lifts the number beyond proof.
NONE_ALLOWED = 0.0

# Label shares that differ by less hardly move prevalence-bound metrics (precision, accuracy).
DRIFT_SHARE = 0.05
# A small part drifts by chance: a warning also needs more than clusters dealt at random would show.
DRIFT_P = 0.05
DRIFT_PERMUTATIONS = 500  # resolves p = 0.05 with a standard error of 0.01

# Below about 30 resampled clusters percentile intervals are clearly too narrow.
PART_UNITS = 30
# With 10 units a sensitivity near 0.9 carries a standard error of 0.09: more units, or say so.
CLASS_UNITS = 10

# A probe that surely ranks better than this knows something; 0.5 is chance, and weak hints at
# 0.5-0.6 are what brightness or file size give on honest data.
SHORTCUT_AUROC = 0.6
SHORTCUT_FOLDS = 5
# The lower bound only has to be placed against 0.6; 500 resamples place it within 0.01 or so.
SHORTCUT_RESAMPLES = 500
# One statistic alone: 20 quantile bins see a middle value as well as a trend; with fewer than 20
# rows a bin's share would be noise.
SHORTCUT_BINS = 20
SHORTCUT_BIN_ROWS = 20
# Trees see seven ranks: 40 of them, with leaves of 10, are past the point of gain.
SHORTCUT_TREES = 40
SHORTCUT_LEAF = 10
# Bounds the cost of one tree on large tables; statistics of a file need no more examples.
SHORTCUT_ROWS_PER_TREE = 4_000
AUDIT_SEED = 0  # of every draw the audit makes: equal input gives equal findings
