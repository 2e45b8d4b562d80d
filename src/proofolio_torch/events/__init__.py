"""Sequences of events: features over time windows, live scoring, simulated cards, batches."""
