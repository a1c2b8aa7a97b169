"""What is seen on a terminal while the engine loads its model and the index is read."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from engine.client.base import EngineClient
from engine.protocol.messages import EngineState, Phase
from evaluation.loading_bar import loading_bar
from lsp_server.ports import CompleterPort

INDEX_TIMEOUT_S = 60.0
_LOOK_EVERY_S = 0.05


@contextmanager
def show_loading(engine: EngineClient) -> Iterator[None]:
    """Show the engine's progress on standard error until the context ends.

    Where standard error is no terminal, only notices are written there.
    """
    console = Console(stderr=True)
    engine.on_notice(lambda sentence: console.print(Text(sentence, "yellow")))
    with loading_bar(console) as progress:
        task = progress.add_task("starting the engine", total=1.0)
        engine.on_state(
            lambda state: progress.update(
                task, description=_description(state), completed=_fraction(state)
            )
        )
        yield


async def wait_for_index(completer: CompleterPort) -> None:
    """Wait until every file has been looked at, showing how far that is, but not for ever."""
    console = Console(stderr=True)
    with console.status("looking at the files of the repository") as status:
        for _ in range(round(INDEX_TIMEOUT_S / _LOOK_EVERY_S)):
            building = [each for each in completer.repositories() if each.phase == "building"]
            if not building:
                return
            num_chunks = sum(each.num_chunks for each in building)
            status.update(f"reading the repository: {num_chunks:,} chunks of text so far")
            await asyncio.sleep(_LOOK_EVERY_S)
    console.print(f"The repository is searched as far as it was read in {INDEX_TIMEOUT_S:.0f} s.")


def _description(state: EngineState) -> str:
    return (
        state.message
        or {
            Phase.STARTING: "starting the engine",
            Phase.LOADING: "loading the model",
            Phase.READY: "the model is loaded",
            Phase.FAILED: "the model could not be loaded",
        }[state.phase]
    )


def _fraction(state: EngineState) -> float:
    return 1.0 if state.phase is Phase.READY else state.fraction
