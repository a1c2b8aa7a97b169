"""One module a suite; each has `SUMMARY`, `add_arguments(parser)`, `run(arguments) -> int`."""
