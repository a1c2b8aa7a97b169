"""The analysis host: a process with language servers in an environment of its own.

It is started by path with the interpreter of that environment and imports nothing of Warmline
but its own siblings, always relatively. What it is asked and what it answers is in `host`.
"""
