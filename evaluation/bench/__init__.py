"""Timings, side by side: `warmline bench`."""
