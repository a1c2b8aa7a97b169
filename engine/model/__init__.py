"""A decoder-only transformer that hands out unrotated keys."""
