"""Starts the host when this folder is run: `<python of its environment> <this folder>`."""

import importlib
import importlib.util
import sys
from pathlib import Path

_NAME = "warmline_analysis_host"


def _import_run() -> object:
    """Import this folder as a package, whatever lies beside it, and return its `run`.

    Python has put the folder itself on its path; that would let its modules hide others.
    """
    folder = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != folder]
    places = [str(folder)]
    spec = importlib.util.spec_from_file_location(
        _NAME, folder / "__init__.py", submodule_search_locations=places
    )
    if spec is None:
        raise ImportError(f"There is no package in {folder}; install Warmline again.")
    sys.modules[_NAME] = importlib.util.module_from_spec(spec)
    return importlib.import_module(f"{_NAME}.run")


if __name__ == "__main__":
    sys.exit(_import_run().main())  # type: ignore[attr-defined]
