"""Which names of a package's files come from which other files of it."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from evaluation.corpus.fetching import Files
from evaluation.repo.symbols import Import, Symbols, Use, read_symbols

_MOST_FILES_OF_A_MEMBER = 3
"""A member that more files define than these is no name of one of them."""
_SHORTEST_MEMBER = 4  # characters
_RELATIVE_MODULES = (".", "~/", "@/", "#")
_OWN_MODULES = frozenset({"crate", "self", "super"})
_FOLDERS_THAT_NAME = {"python": 1, "typescript": 1, "rust": 3}
"""How many leading parts of a path may be what absolute imports begin with."""
_STANDARD_MEMBERS = frozenset(
    [
        *("append", "args", "body", "build", "clear", "clone", "close", "code", "config"),
        *("content", "context", "copy", "count", "create", "data", "decode", "default", "delete"),
        *("description", "encode", "error", "execute", "exists", "extend", "fields", "filter"),
        *("find", "format", "from", "headers", "host", "index", "info", "input", "insert", "into"),
        *("items", "iter", "join", "keys", "kind", "label", "length", "line", "list", "load"),
        *("match", "message", "method", "mode", "model", "name", "next", "node", "open"),
        *("options", "output", "params", "parse", "path", "prefix", "push", "query", "read"),
        *("remove", "replace", "request", "reset", "result", "reverse", "schema", "send", "size"),
        *("sort", "split", "start", "state", "status", "stop", "strip", "suffix", "tags", "text"),
        *("title", "toString", "to_string", "token", "type", "unwrap", "update", "user", "value"),
        *("values", "version", "wait", "write"),
    ]
)
"""Members that types of every standard library have too, so that a dot before them says little."""
_NOWHERE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Origins:
    """The files that define each name of a package."""

    top_level: Mapping[str, frozenset[str]]
    members: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class _Links:
    """What a file has of the rest of its package.

    Attributes:
        imported: Names it imports that another file defines.
        modules: Other names it imports, of the package's modules.
        outside: Names it imports from other packages.
        reached: Files that define what is imported, and the modules.
    """

    imported: frozenset[str]
    modules: frozenset[str]
    outside: frozenset[str]
    reached: frozenset[str]


class PackageNames:
    """The files of a package, taken apart when they are first needed.

    Args:
        files: Texts by path.
        language: Of the package.
    """

    def __init__(self, files: Files, language: str) -> None:
        self._files = files
        self._language = language
        self._symbols: dict[str, Symbols] = {}
        self._known_links: dict[str, _Links] = {}

    def symbols(self, path: str) -> Symbols:
        """Return what stands in a file."""
        if path not in self._symbols:
            self._symbols[path] = read_symbols(self._files[path], self._language)
        return self._symbols[path]

    def foreign_names(self, path: str, line: int) -> frozenset[str]:
        """Return the names on a line that other files define, and this one imports or reaches.

        A name is reached if it stands behind an imported module, or is a member of a file that
        something is imported from. Members that many files or every standard library have are
        left out.
        """
        uses = self.symbols(path).uses_by_line.get(line, ())
        return frozenset(use.name for use in uses if self._is_foreign(use, path))

    def may_be_foreign(self, path: str, line: int) -> bool:
        """Tell whether any name on a line could come from another file, by its name alone."""
        own, links = self.symbols(path).defined_names, self._links(path)
        imported = links.imported | links.modules
        return any(
            use.name in imported
            or (use.is_member and use.name not in own and self._others(use.name, path))
            for use in self.symbols(path).uses_by_line.get(line, ())
        )

    def called_names(self, path: str, line: int) -> frozenset[str]:
        """Return the names that are called on a line and defined somewhere in the package."""
        uses = self.symbols(path).uses_by_line.get(line, ())
        return frozenset(use.name for use in uses if use.is_called and self._is_callable(use, path))

    @cached_property
    def _origins(self) -> _Origins:
        top_level: defaultdict[str, set[str]] = defaultdict(set)
        members: defaultdict[str, set[str]] = defaultdict(set)
        for path in self._files:
            for each in self.symbols(path).definitions:
                (members if each.is_member else top_level)[each.name].add(path)
        return _Origins(
            {name: frozenset(paths) for name, paths in top_level.items()},
            {name: frozenset(paths) for name, paths in members.items()},
        )

    @cached_property
    def _callables(self) -> frozenset[str]:
        return frozenset(
            each.name
            for path in self._files
            for each in self.symbols(path).definitions
            if each.is_callable
        )

    @cached_property
    def _first_words(self) -> frozenset[str]:
        """What absolute imports of the package's own modules begin with."""
        depth = _FOLDERS_THAT_NAME[self._language]
        parts = (part for path in self._files for part in PurePosixPath(path).parts[:depth])
        return frozenset(part.split(".")[0].replace("-", "_") for part in parts)

    def _is_foreign(self, use: Use, path: str) -> bool:
        if use.name in self.symbols(path).defined_names:
            return False
        if not use.is_member:
            return use.name in self._links(path).imported
        return self._is_foreign_member(use, path)

    def _is_foreign_member(self, use: Use, path: str) -> bool:
        links, others = self._links(path), self._others(use.name, path)
        if use.owner in links.modules:
            return bool(self._origins.top_level.get(use.name, _NOWHERE) - {path})
        is_telling = len(use.name) >= _SHORTEST_MEMBER and use.name not in _STANDARD_MEMBERS
        is_rare = len(others) <= _MOST_FILES_OF_A_MEMBER and use.owner not in links.outside
        return is_telling and is_rare and not others.isdisjoint(links.reached)

    def _is_callable(self, use: Use, path: str) -> bool:
        """Tell whether a called name is defined here or comes from another file, as a callable."""
        is_known = use.name in self.symbols(path).defined_names or self._is_foreign(use, path)
        return is_known and use.name in self._callables

    def _others(self, name: str, path: str) -> frozenset[str]:
        """Return the other files that define a name, at whatever level."""
        origins = self._origins
        files = origins.members.get(name, _NOWHERE) | origins.top_level.get(name, _NOWHERE)
        return files - {path}

    def _links(self, path: str) -> _Links:
        if path not in self._known_links:
            self._known_links[path] = self._read_links(path)
        return self._known_links[path]

    def _read_links(self, path: str) -> _Links:
        imports = self.symbols(path).imports
        inside = [each for each in imports if self._is_inside(each)]
        everything = frozenset(name for each in imports for name in each.names)
        words = frozenset(name for each in inside for name in each.names)
        whole = frozenset(name for each in inside if each.is_whole for name in each.names)
        origins = {
            word: self._origins.top_level.get(word, _NOWHERE) - {path} for word in words - whole
        }
        imported = frozenset(word for word, files in origins.items() if files)
        modules = {other for other in self._files if PurePosixPath(other).stem in words}
        return _Links(
            imported=imported,
            modules=words - imported,
            outside=everything - words,
            reached=frozenset(modules.union(*origins.values())),
        )

    def _is_inside(self, imported: Import) -> bool:
        """Tell whether an import is from the package itself."""
        head = re.split(r"[./:]", imported.module, maxsplit=1)[0]
        is_relative = imported.module.startswith(_RELATIVE_MODULES)
        return is_relative or head in _OWN_MODULES or head in self._first_words
