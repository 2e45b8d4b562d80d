"""The Proofolio runtime: image cache, device choice, training loop, features, export."""

import os

# albumentations asks the package index for a newer version: nothing here may call the network
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
