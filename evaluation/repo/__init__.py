"""How much the rest of a repository helps: lines to be written, and who chose what is read."""
