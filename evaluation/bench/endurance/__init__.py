"""What being served is like for long, and for many at once: recorded typing, played again."""
