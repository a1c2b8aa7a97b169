"""Keeps what the model writes to names that exist, without making it wait for anybody.

The model writes while analysis is asked. Only where it wrote what analysis forbids is a
candidate written anew, from that place on.
"""
