"""One place of one real file where a name begins, and what its author wrote there."""

from dataclasses import dataclass

MEMBER, IMPORT, KEYWORD, SCOPED = "member", "import", "keyword", "scoped"
SORTS = {
    "python": (MEMBER, IMPORT, KEYWORD),
    "typescript": (MEMBER, IMPORT),
    "javascript": (MEMBER, IMPORT),
    "c": (MEMBER,),
    "cpp": (MEMBER, SCOPED),
    "java": (MEMBER, IMPORT),
}
"""By the language of a package."""
KINDS = tuple(f"{language}/{sort}" for language, sorts in SORTS.items() for sort in sorts)

MOST_OTHER_FILES = 2
"""A name is rare if no more files of the corpus have it, its own not counted."""


@dataclass(frozen=True, slots=True)
class NameSite:
    """Where a name is to be written, and the document around it.

    Attributes:
        key: Names the site; the same for the same package.
        kind: One of `KINDS`.
        package: Name and version of the package; sites of one package are alike.
        language: Of the document, an LSP language identifier.
        path: Of the document in the package.
        before: Everything before the name; it ends with what triggers a question, such as a dot.
        name: What its author wrote.
        rest: The rest of the line, without the name and without the line's end.
        after: Everything behind that line, its end included.
        other_files: How many other files of the corpus have the name.
    """

    key: str
    kind: str
    package: str
    language: str
    path: str
    before: str
    name: str
    rest: str
    after: str
    other_files: int

    @property
    def text(self) -> str:
        """The document while it is written: the line ends at the cursor."""
        return self.before + self.after

    @property
    def offset(self) -> int:
        """The cursor, in code points."""
        return len(self.before)

    @property
    def truth(self) -> str:
        """What its author wrote from the cursor to the end of the line."""
        return self.name + self.rest

    @property
    def sort(self) -> str:
        """The kind without the language."""
        return self.kind.partition("/")[2]

    @property
    def is_rare(self) -> bool:
        """Whether hardly any other file has the name."""
        return self.other_files <= MOST_OTHER_FILES
