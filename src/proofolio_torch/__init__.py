"""The Proofolio runtime: image cache, device choice, training loop, features, export."""

import os

# albumentations asks the package index for a newer version: nothing here may call the network
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
# OpenMP threads that wait by spinning starve each other on a shared machine: two of them were three
# to ten times slower than one. Read when torch is loaded, so import this package before torch.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
