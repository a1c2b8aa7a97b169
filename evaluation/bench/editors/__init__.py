"""What was seen in a real editor, as a report: from a key to ghost text, and to be active."""
