"""From logits to tokens, and from tokens to text.

`generate` runs the loop, `candidate` one text, `sampling` chooses, `constraint` forbids,
`stops` ends, `sorted_tokens` finds tokens by prefix. Only `generate` sees the cache.
"""
