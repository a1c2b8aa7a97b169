"""Warmline's side of the analysis host: its environment, its process, and what is asked of it."""
