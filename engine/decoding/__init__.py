"""From logits to tokens, and from tokens to text.

`generate` runs the loop, `candidate` one text, `sampling` chooses, `constraint` forbids,
`stops` ends, `vocabulary` knows what tokens say and `token_index` finds them by their bytes. Only
`generate` sees the cache.
"""
