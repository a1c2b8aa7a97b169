"""One module a command; each has `add_parser(subparsers)` and `run(arguments) -> int`."""
