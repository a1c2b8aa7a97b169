"""Python: ty, which knows types as a checker does, and says so where it does not know them."""
