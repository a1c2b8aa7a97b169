"""The engine as a process of its own, shared by all who need it."""
