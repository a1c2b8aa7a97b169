"""Python: Jedi, and what else answers for it."""
