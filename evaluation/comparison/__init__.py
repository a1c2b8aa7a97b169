"""Several arms at the same cases: figures with intervals, paired differences, tables and plots."""
