"""What it costs to hold a text to names that exist."""
