"""How right a corrected cache is: cases of edits, ways to answer after them, and what differs."""
