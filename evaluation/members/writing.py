"""The model writes at a site, with monitors and without."""

import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from completion.completer import Completer
from completion.document import Document
from completion.types import CompletionOptions, Suggestion
from evaluation.errors import CannotMeasureError
from evaluation.members.asking import Reader, elsewhere
from evaluation.members.site import NameSite
from evaluation.members.workspaces import Workspace

OFF, ON = "off", "on"
_READING = CompletionOptions(max_tokens=4)
"""Long enough for the engine to have done all that it does only once."""
_NAME = re.compile(r"\s*(#?[^\W\d]\w*)")


@dataclass(frozen=True, slots=True)
class WrittenRecord:
    """What was written at one site.

    Attributes:
        key, kind, package, name, is_rare: Of the site.
        seconds: That all of it took, reading included.
        texts: By arm, the first line that was offered; empty where nothing was.
        arms: Figures by metric, by arm.
        vetoes: Names that monitors took back.
        reasons: By arm, why nothing was offered.
    """

    key: str
    kind: str
    package: str
    name: str
    is_rare: bool
    seconds: float
    texts: Mapping[str, str]
    arms: Mapping[str, Mapping[str, float]]
    vetoes: list[str]
    reasons: Mapping[str, str]


def read_written(fields: Mapping[str, Any]) -> WrittenRecord:
    """Read a line of a journal."""
    return WrittenRecord(**fields)


class WritingDesk:
    """Two completers over one engine and its caches, at work in one workspace.

    Args:
        workspace: Where.
        completers: By arm; closed by this.
        reader: Asks the monitors of the second one, so that they have read a document before.
    """

    def __init__(
        self, workspace: Workspace, completers: Mapping[str, Completer], reader: Reader
    ) -> None:
        self._workspace = workspace
        self._completers = completers
        self._reader = reader
        self._version = 0
        self._opened = ""

    async def aclose(self) -> None:
        """Stop what was started for this."""
        for completer in self._completers.values():
            await completer.aclose()

    async def measure(self, site: NameSite) -> WrittenRecord:
        """Let both arms write, in an order that the site decides, after one reading.

        Raises:
            CannotMeasureError: If the engine did not answer.
        """
        started = time.perf_counter()
        document = await self._turn_to(site)
        await self._complete(OFF, document, site, _READING)
        arms = [OFF, ON]
        random.Random(site.key).shuffle(arms)  # noqa: S311 - drawn, no secret
        found = {arm: await self._complete(arm, document, site) for arm in arms}
        reply = await self._reader.ask(site)
        is_covered = found[ON].guidance.num_answered > 0
        known = {
            "covered": float(is_covered),
            "constrained": float(is_covered and reply.num_texts > 0),
            "excluded_truth": float(is_covered and not reply.has_truth),
            "waited_ms": found[ON].guidance.waited_ms,
        }
        return WrittenRecord(
            key=site.key,
            kind=site.kind,
            package=site.package,
            name=site.name,
            is_rare=site.is_rare,
            seconds=round(time.perf_counter() - started, 3),
            texts={arm: _line(found[arm]) for arm in (OFF, ON)},
            arms={
                OFF: _figures(found[OFF], site),
                ON: _figures(found[ON], site) | known,
            },
            vetoes=[veto.name for veto in found[ON].guidance.vetoes],
            reasons={arm: found[arm].detail for arm in (OFF, ON)},
        )

    async def _turn_to(self, site: NameSite) -> Document:
        """Read the document without the line, then type the line up to the name."""
        name = (self._workspace.folder / site.path).as_uri()
        if name != self._opened:
            self._open(self._document(name, elsewhere(site)))
        await self._reader.turn_to(site)
        document = self._document(name, site)
        for completer in self._completers.values():
            completer.change(document, site.offset)
        return document

    def _open(self, document: Document) -> None:
        for completer in self._completers.values():
            completer.close(self._opened)
            completer.open(document)
        self._opened = document.name

    def _document(self, name: str, site: NameSite) -> Document:
        self._version += 1
        return Document(name, site.language, self._version, site.text)

    async def _complete(
        self,
        arm: str,
        document: Document,
        site: NameSite,
        options: CompletionOptions = CompletionOptions(),  # noqa: B008 - frozen
    ) -> Suggestion:
        suggestion = await self._completers[arm].complete(document.name, site.offset, options)
        if suggestion.sync is None:
            raise CannotMeasureError(
                f"{site.key} got no answer from the engine: {suggestion.detail}"
            )
        return suggestion


def _line(suggestion: Suggestion) -> str:
    return suggestion.text.split("\n", 1)[0]


def _figures(suggestion: Suggestion, site: NameSite) -> dict[str, float]:
    line, name = _line(suggestion), _NAME.match(_line(suggestion))
    return {
        "offered": float(bool(line.strip())),
        "next_identifier": float(name is not None and name[1] == site.name),
        "em": float(line.rstrip() == site.truth.rstrip()),
        "ms": round(suggestion.timings.total_ms, 3),
    }
