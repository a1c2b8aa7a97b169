"""Are the names that are offered there? Real dereferences, imports and calls, cut at the name."""
