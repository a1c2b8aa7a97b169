"""Guesses of what the model will say, so that one pass can check several tokens.

`sources` of guesses (`lookup`, `recycling`, `forced`) say what may follow a text, `acceptance`
knows how often each kind of guess comes true, `planning` grows the tree of drafts that pays
most, and `drafter` holds it all together for one model.
"""
