"""A document as it is at one moment. Positions are offsets in code points."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Document:
    """An immutable snapshot; an edit gives a new one."""

    name: str  # URI or path; the key under which its cache lives
    language: str  # LSP language identifier, e.g. "python"
    version: int
    text: str

    def is_larger_than(self, num_bytes: int) -> bool:
        """Tell whether the text takes more than `num_bytes` in UTF-8."""
        if self.text.isascii() or len(self.text) > num_bytes:  # no need to encode it
            return len(self.text) > num_bytes
        return len(self.text.encode("utf-8", "replace")) > num_bytes

    def edited(self, start: int, stop: int, text: str, version: int) -> "Document":
        """Return the document with `[start, stop)` replaced by `text`.

        Raises:
            ValueError: If the range is not inside the text.
        """
        if not 0 <= start <= stop <= len(self.text):
            raise ValueError(
                f"an edit of [{start}, {stop}) is outside a document of {len(self.text)} characters"
            )
        return replace(self, text=self.text[:start] + text + self.text[stop:], version=version)
