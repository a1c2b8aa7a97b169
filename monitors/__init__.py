"""Which names may come next. Nothing is here: suggestions are not restricted.

The engine's side of it is there and tested, in `engine.decoding.constraint`.
"""
