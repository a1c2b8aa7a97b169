"""What else in the repository matters here: an index, two stages of search, and training."""
