"""What else in the repository matters here. Only the contract: nothing searches.

`completion` lays chunks out where it is given some, and nobody gives it any.
"""
