"""The parts of a prompt put in order, markers between them by id.

What changes least stands in front: repository, chunks of other files, path, text before the
cursor, text after it. So an edit moves as few tokens as possible.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from completion.families import ContextStyle, Family
from completion.languages import comment_mark
from completion.tokenization import Tokenization
from engine.protocol.messages import TokenRange
from engine.tokens import TokenArray
from retrieval.types import Chunk

_FALLBACK_BEGINNING = "<|endoftext|>"  # parts documents where training text is packed


class SegmentKind(StrEnum):
    """What a run of tokens is for."""

    MARKER = "marker"
    REPOSITORY = "repository"
    CHUNK = "chunk"
    PATH = "path"
    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of the prompt, [start, stop) in tokens."""

    kind: SegmentKind
    start: int
    stop: int
    label: str = ""  # a marker's written form, a chunk's path


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model reads."""

    tokens: TokenArray  # (L,)
    cursor: int  # token index just past the text before the cursor
    segments: tuple[Segment, ...]  # cover [0, L) in order

    @property
    def chunks(self) -> tuple[TokenRange, ...]:
        """Where pieces of other files stand, each as it would stand in any other prompt."""
        return tuple(
            TokenRange(segment.start, segment.stop)
            for segment in self.segments
            if segment.kind is SegmentKind.CHUNK
        )


@dataclass(frozen=True, slots=True)
class PromptParts:
    """What goes into a prompt. `before` and `after` are tokens already."""

    before: TokenArray
    after: TokenArray
    path: str = ""  # relative to the repository; empty: not told
    language: str = ""
    repository_name: str = ""
    chunks: tuple[Chunk, ...] = ()


class Layout:
    """One family's way to write a prompt, with one tokenizer."""

    def __init__(self, family: Family, tokenization: Tokenization) -> None:
        self.family = family
        self._tokenization = tokenization

    def lay_out(self, parts: PromptParts) -> Prompt:
        """Put the parts in order."""
        assembly = _Assembly(self._tokenization)
        self._add_beginning(assembly)
        match self.family.context_style:
            case ContextStyle.REPOSITORY:
                self._add_repository(assembly, parts)
            case ContextStyle.SEPARATED:
                self._add_separated(assembly, parts)
            case ContextStyle.COMMENTS:
                assembly.add_marker(self.family.prefix)
                self._add_comments(assembly, parts)
        cursor = assembly.add(SegmentKind.BEFORE, parts.before)
        if self.family.fills_in_the_middle:
            assembly.add_marker(self.family.suffix)
            assembly.add(SegmentKind.AFTER, parts.after)
            assembly.add_marker(self.family.middle)
        return assembly.prompt(cursor)

    def leading_text(self, chunks: tuple[Chunk, ...]) -> str:
        """Return what belongs directly before the text before the cursor."""
        return "" if chunks else self.family.leading_text

    def count_tokens(self, chunk: Chunk, language: str) -> int:
        """Return how many tokens `chunk` adds to a prompt, its path and marker included."""
        nothing = np.empty(0, dtype=np.int32)
        prompt = self.lay_out(PromptParts(nothing, nothing, language=language, chunks=(chunk,)))
        chunks = [each for each in prompt.segments if each.kind is SegmentKind.CHUNK]
        return 1 + sum(segment.stop - segment.start for segment in chunks)

    def _add_beginning(self, assembly: "_Assembly") -> None:
        if self.family.beginning:
            assembly.add_marker(self.family.beginning)
        elif not self.family.fills_in_the_middle:
            fallback = self._tokenization.token_id(_FALLBACK_BEGINNING)
            leading = self._tokenization.leading_tokens
            if not leading and fallback is not None:
                leading = (fallback,)
            assembly.add(SegmentKind.MARKER, np.array(leading, dtype=np.int32))

    def _add_repository(self, assembly: "_Assembly", parts: PromptParts) -> None:
        if not parts.repository_name and not parts.chunks:
            assembly.add_marker(self.family.prefix)
            return
        assembly.add_marker(self.family.repository)
        # Qwen puts a newline after the name and the code; StarCoder2 goes straight on
        line_end = "" if self.family.is_path_after_prefix else "\n"
        assembly.add_text(SegmentKind.REPOSITORY, parts.repository_name + line_end)
        for chunk in parts.chunks:
            assembly.add_marker(self.family.separator)
            text = f"{chunk.path}\n{_without_end(chunk.text)}{line_end}"
            assembly.add_text(SegmentKind.CHUNK, text, chunk.path)
        assembly.add_marker(self.family.separator)
        if self.family.is_path_after_prefix:
            assembly.add_marker(self.family.prefix)
            assembly.add_text(SegmentKind.PATH, _line(parts.path))
        else:
            assembly.add_text(SegmentKind.PATH, _line(parts.path))
            assembly.add_marker(self.family.prefix)

    def _add_separated(self, assembly: "_Assembly", parts: PromptParts) -> None:
        for chunk in parts.chunks:
            assembly.add_text(SegmentKind.CHUNK, f"{chunk.path}\n{chunk.text}", chunk.path)
            assembly.add_marker(self.family.separator)
        if parts.chunks:
            assembly.add_text(SegmentKind.PATH, _line(parts.path))
        assembly.add_marker(self.family.prefix)

    def _add_comments(self, assembly: "_Assembly", parts: PromptParts) -> None:
        mark = comment_mark(parts.language)
        lead = self.family.leading_text
        for chunk in parts.chunks:
            text = f"{lead}{mark} {chunk.path}\n{_without_end(chunk.text)}\n\n"
            assembly.add_text(SegmentKind.CHUNK, text, chunk.path)
            lead = ""
        if parts.chunks and parts.path:
            assembly.add_text(SegmentKind.PATH, f"{mark} {parts.path}\n")


class _Assembly:
    """Tokens put one after the other, with a note of what is where."""

    def __init__(self, tokenization: Tokenization) -> None:
        self._tokenization = tokenization
        self._arrays: list[TokenArray] = []
        self._segments: list[Segment] = []
        self._length = 0

    def add(self, kind: SegmentKind, tokens: TokenArray, label: str = "") -> int:
        """Append tokens and return the length so far."""
        if len(tokens):
            start, self._length = self._length, self._length + len(tokens)
            self._arrays.append(tokens)
            self._segments.append(Segment(kind, start, self._length, label))
        return self._length

    def add_text(self, kind: SegmentKind, text: str, label: str = "") -> None:
        self.add(kind, self._tokenization.encode(text), label)

    def add_marker(self, content: str) -> None:
        """Append the token written `content`; nothing for the empty marker."""
        index = self._tokenization.token_id(content) if content else None
        if index is not None:
            self.add(SegmentKind.MARKER, np.array([index], dtype=np.int32), content)

    def prompt(self, cursor: int) -> Prompt:
        tokens = np.concatenate([np.empty(0, dtype=np.int32), *self._arrays])
        return Prompt(tokens, cursor, tuple(self._segments))


def _line(text: str) -> str:
    return f"{text}\n" if text else ""


def _without_end(text: str) -> str:
    return text.rstrip("\r\n")
