"""Which names may come next."""
