"""Events: windows, sequences, simulated cards."""
