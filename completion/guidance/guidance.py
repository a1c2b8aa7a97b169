"""Judges the candidates of one suggestion while they are written."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from completion.guidance.failing import BlindWatch, Failures
from completion.guidance.given import Given
from completion.guidance.inquiries import Inquiries, Place
from completion.guidance.report import GuidanceReport, Veto
from engine.protocol.messages import GenerationRequest, Sampling
from monitors.types import Answer, Site, Watch

MOST_VETOES = 3
"""Of one suggestion, each of which has a candidate written anew from there on."""

_NONE_FITS = "no known name begins with what is typed"
_NO_ANSWER = "no answer in time"


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What is to be done about a forbidden name.

    Attributes:
        candidate: Whose name it is.
        kept: The candidate's text up to there.
        forbidden: The candidate's text up to the end of the name.
        continuations: What may follow `kept`.
        is_worthwhile: Whether it is to be written anew; else what is kept is all there is.
    """

    candidate: int
    kept: str
    forbidden: str
    continuations: tuple[str, ...]
    is_worthwhile: bool

    def request(self, request: GenerationRequest) -> GenerationRequest:
        """Return `request` for this candidate alone, from the forbidden name on."""
        is_greedy_of_several = self.candidate == 0 and request.num_candidates > 1
        seed = request.sampling.seed + self.candidate  # else all of them were drawn alike
        return replace(
            request,
            num_candidates=1,
            sampling=Sampling() if is_greedy_of_several else replace(request.sampling, seed=seed),
            forced_text=_encoded(self.kept),
            continuations=tuple(_encoded(text) for text in self.continuations),
        )


@dataclass(frozen=True, slots=True)
class _Looked:
    """A candidate as it was last looked at."""

    written: str
    is_whole: bool
    sites: Sequence[Site]


@dataclass(frozen=True, slots=True)
class _Forbidden:
    """A name that was taken back."""

    candidate: int
    place: Place
    site: Site
    answer: Answer


class Guidance:
    """Knows what may stand where in one suggestion.

    Leaving it as a context ends its questions, unless somebody has taken it over.

    Args:
        watch: Follows the place of the suggestion.
        given: What stands around what is written.
        budget_ms: How long answers may be waited for, all in all.
        failures: Told of those of monitors.
    """

    def __init__(self, watch: Watch, given: Given, budget_ms: float, failures: Failures) -> None:
        self._watch = watch
        self._given = given
        self._failures = failures
        self._inquiries = Inquiries(watch, budget_ms, failures)
        self._looked: dict[int, _Looked] = {}  # by candidate
        self._places: dict[Place, None] = {}  # where a name was judged, in order
        self._forbidden: list[_Forbidden] = []
        self._is_constrained = False
        self._is_taken_over = False

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._is_taken_over:
            self.close()

    def take_over(self) -> None:
        """Keep its questions open; whoever takes it over closes it."""
        self._is_taken_over = True

    def begin(self) -> None:
        """Ask about the name at the cursor, if there is one."""
        self._asked(self._given.forced_text)

    def close(self) -> None:
        """End its questions."""
        self._inquiries.close()

    def constrained(self, request: GenerationRequest) -> GenerationRequest:
        """Return `request`, kept to known names at the cursor if they are known by now.

        A greedy text that is allowed is the same either way. One that is drawn is not, so
        several candidates begin without.
        """
        if request.num_candidates > 1:
            return request
        written = self._given.forced_text
        for site in self._asked(written):
            answer = self._inquiries.answer(self._place(site, written))
            if answer is None or not self._given.is_open_at_stop(site):
                continue
            continuations = self._given.continuations(answer)
            self._is_constrained = bool(continuations)
            return replace(request, continuations=tuple(_encoded(text) for text in continuations))
        return request

    def look(self, candidate: int, written: str, *, is_whole: bool = False) -> Rewriting | None:
        """Ask about new names in a candidate, and say what to do about one that is forbidden.

        Args:
            candidate: Its index.
            written: All of it so far.
            is_whole: Whether nothing more will be written.
        """
        sites = self._asked(written)
        self._looked[candidate] = _Looked(written, is_whole, sites)
        for index, site in enumerate(sites):
            place = self._place(site, written)
            answer = self._inquiries.answer(place)
            if answer is None or not self._given.forbids(answer, site, written, is_whole=is_whole):
                continue
            if continuations := self._given.continuations(answer):
                is_worthwhile = self._is_worthwhile(candidate, place)
                self._forbidden.append(_Forbidden(candidate, place, site, answer))
                kept = self._given.written_before(site, written)
                self._looked[candidate] = _Looked(kept, is_whole=False, sites=sites[:index])
                forbidden = self._given.written_with(site, written)
                return Rewriting(candidate, kept, forbidden, continuations, is_worthwhile)
        return None

    async def settle(self, candidate: int, written: str, *, is_whole: bool) -> Rewriting | None:
        """Do as `look`, and wait for answers that are still out while the budget lasts."""
        while True:
            rewriting = self.look(candidate, written, is_whole=is_whole)
            if rewriting is not None:
                return rewriting
            if not await self._inquiries.wait(self._judged_places(candidate)):
                return None

    @property
    def is_settled(self) -> bool:
        """Tell whether every answer has come that says something of what was looked at."""
        return not any(self._inquiries.are_out(self._judged_places(each)) for each in self._looked)

    async def objections(self, budget_ms: float) -> AsyncIterator[str]:
        """Judge what was looked at by the answers that are still out.

        Args:
            budget_ms: How long they are waited for.

        Yields:
            What was written, up to the end of a name that may not stand there.
        """
        self._inquiries.allow(budget_ms)
        for candidate in self._looked:
            while (rewriting := await self._settle_again(candidate)) is not None:
                yield rewriting.forbidden

    async def _settle_again(self, candidate: int) -> Rewriting | None:
        looked = self._looked[candidate]
        return await self.settle(candidate, looked.written, is_whole=looked.is_whole)

    def report(self) -> GuidanceReport:
        """Say what came of it."""
        answers = [self._inquiries.answer(place) for place in self._places]
        return GuidanceReport(
            vetoes=tuple(self._vetoes()),
            num_sites=len(answers),
            num_answered=sum(answer is not None and bool(answer.texts) for answer in answers),
            is_constrained=self._is_constrained,
            waited_ms=self._inquiries.waited_s * 1000,
            notes=tuple(dict.fromkeys(self._notes(answers))),
        )

    def _asked(self, written: str) -> Sequence[Site]:
        """Return the sites that may be judged, once analysis is asked about each."""
        sites = [site for site in self._found(written) if not self._given.covers(site)]
        for site in sites:
            place = self._place(site, written)
            self._inquiries.ask(place, site, written)
            if not site.is_ahead:
                self._places[place] = None
        return sites

    def _judged_places(self, candidate: int) -> list[Place]:
        looked = self._looked[candidate]
        return [self._place(site, looked.written) for site in looked.sites if not site.is_ahead]

    def _found(self, written: str) -> Sequence[Site]:
        try:
            return self._watch.sites(written)
        except Exception as error:  # noqa: BLE001 -- it reads whatever a model writes
            self._failures.tell(error)
            self._watch = BlindWatch()
            return ()

    def _place(self, site: Site, written: str) -> Place:
        before = written[: max(0, site.start - len(self._given.before))]
        return site.kind, site.start, site.receiver, before

    def _is_worthwhile(self, candidate: int, place: Place) -> bool:
        """Tell whether there are rewritings left, and this is not the result of one."""
        is_new = all((each.candidate, each.place) != (candidate, place) for each in self._forbidden)
        return is_new and len(self._forbidden) < MOST_VETOES

    def _vetoes(self) -> Iterator[Veto]:
        for each in self._forbidden:
            name, answer = each.site.name, each.answer
            now = (
                site.name
                for site in self._looked[each.candidate].sites
                if (site.kind, site.start) == each.place[:2] and not site.is_ahead
            )
            instead = next(now, "")
            yield Veto(
                each.site.kind, each.site.receiver, name, instead, answer.analyser, answer.took_ms
            )

    def _notes(self, answers: Sequence[Answer | None]) -> Iterator[str]:
        for answer in answers:
            if answer is None:
                yield _NO_ANSWER
            elif not answer.texts:
                yield answer.reason
            elif self._given.has_typed(answer.site) and not self._given.continuations(answer):
                yield _NONE_FITS


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", errors="replace")
