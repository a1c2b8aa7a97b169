"""Cases of edits, made from real code: one module for each family of kinds."""
