"""The Proofolio runtime: image cache, device choice, training loop, features, export."""
