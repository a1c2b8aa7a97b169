"""What becomes of suggestions: shown, taken, kept; how fast they come, and at what cost.

Pure: it is told what happens and asks a clock. It keeps places and numbers, and the text of a
suggestion only as long as the suggestion may still be taken.
"""
