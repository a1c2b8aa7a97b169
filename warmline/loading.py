"""What is seen on a terminal while the engine starts and loads its model."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from engine.client.base import EngineClient
from engine.protocol.messages import EngineState, Phase
from evaluation.loading_bar import loading_bar


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
