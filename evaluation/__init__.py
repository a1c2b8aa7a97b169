"""The server as an editor sees it: a small client of its own, and a demo that measures with it."""
