"""One module a benchmark; each has `SUMMARY`, `add_arguments(parser)`, `run(arguments) -> int`."""
