"""The parts of `warmline train-retriever` put together: files, the served model, the report."""
