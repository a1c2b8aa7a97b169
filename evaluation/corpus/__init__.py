"""Real code for measurements: pinned releases of packages, read as text and never installed."""
