"""Everything that runs a model: weights, live caches, decoding, the service.

Speaks tokens and tensors; knows no files of the user's and no editor protocol.
`engine.client`, `engine.protocol` and `engine.errors` import no torch.
"""
