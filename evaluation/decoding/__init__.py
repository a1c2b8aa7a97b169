"""What a model writes after several prompts, found for all of them in common passes."""
