"""Transformers as second-stage encoders: in the engine or in this process."""
