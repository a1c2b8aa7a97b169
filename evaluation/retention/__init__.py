"""Suggestions held against what a recorded author typed next, and kept."""
