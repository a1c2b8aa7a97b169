"""The contract between the engine and whoever asks it: plain data, no torch."""
