"""Recorded typing, played through document, prompt and live cache."""
