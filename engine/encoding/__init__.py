"""Text encoders: transformers that turn a text into one vector."""
