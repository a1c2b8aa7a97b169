"""How the rest of Warmline talks to an engine, in this process or another."""
