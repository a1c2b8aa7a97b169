"""The arms, one module for each library; loaded only in a process of their own."""
