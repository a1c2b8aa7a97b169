"""A language server process over doubles: `fake_main.py stdio` or `fake_main.py tcp`."""

import sys

from lsp_fakes import FakeBackend

from lsp_server.running import run_stdio, run_tcp


class PrintingBackend(FakeBackend):
    """Prints where only messages may go, as a careless library would."""

    def __call__(self, *arguments: object) -> object:
        print("this is no message", flush=True)  # noqa: T201 - the fault under test
        return super().__call__(*arguments)


def main(transport: str) -> int:
    backend = PrintingBackend()
    if transport == "stdio":
        return run_stdio(backend, "9.9")
    return run_tcp(backend, "9.9", "127.0.0.1", 0)


def heavy_modules() -> list[str]:
    return sorted({"torch", "transformers", "numpy"} & sys.modules.keys())


if __name__ == "__main__":
    exit_code = main(sys.argv[1])
    sys.stderr.write(f"heavy modules: {heavy_modules()}\n")
    sys.exit(exit_code)
