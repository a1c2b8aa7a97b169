"""What of other files is in a prompt: found, chosen, fitted into a budget, and kept still."""
