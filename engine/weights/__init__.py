"""Where models come from, and the form in which they are kept."""
