"""One suggestion, from a document and a cursor: prompt, request, clean-up.

No protocol, no tensors.
"""
