"""From logits to tokens, and from tokens to text.

`generate` runs the loop, `candidate` one text, `sampling` chooses, `constraint` forbids,
`stops` ends, `vocabulary` knows what tokens say, `token_index` finds them by their bytes and
`string_tokens` those that go on with one of many names. Only `generate` sees the cache.
"""
