"""What else in the repository matters here."""
