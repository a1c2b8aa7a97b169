"""What a document imports, and whether that may be a given file, by the look of both.

Nothing is resolved as a compiler would: modules are compared by the names they consist of, from
the last one backwards, so that it makes no difference where in a repository packages begin.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

_READ_CHARACTERS = 20_000  # imports stand at the beginning

_PYTHON_FROM = re.compile(
    r"^[ \t]*from[ \t]++(\.*+)([\w.]*+)[ \t]++import[ \t]*+(?:\(([^)]*+)\)|([^\n#(]*+))",
    re.MULTILINE,
)
_PLAIN_IMPORT = re.compile(  # Python, Java
    r"^[ \t]*import[ \t]++(?:static[ \t]++)?([^\W\d][\w.]*+(?:[ \t]*,[ \t]*[\w.]++)*+)"
    r"(?:[ \t]++as[ \t]++\w++)?[ \t]*;?[ \t]*(?:#.*)?$",
    re.MULTILINE,
)
_SCRIPT_FROM = re.compile(
    r"^[ \t]*(?:import|export)\b([^'\";]{0,1500}?)\bfrom[ \t]*['\"]([^'\"\n]++)['\"]", re.MULTILINE
)
_QUOTED = re.compile(  # for its effects, by `require`, of Go, of C
    r"^(?:[ \t]*import[ \t]++|.{0,200}?\b(?:require|import)\(|[ \t]*#[ \t]*include[ \t]*|"
    r"[ \t]*(?:\w++[ \t]++)?(?=\"[\w./-]++\"[ \t]*$))[\"<'`]([\w@./~-]++)[\">'`]",
    re.MULTILINE,
)
_RUST_VISIBLE = r"^[ \t]*(?:pub(?:\([^)\n]*\))?[ \t]++)?"
_RUST_USE = re.compile(_RUST_VISIBLE + r"use[ \t]++([^;]{1,2000});", re.MULTILINE)
_RUST_MODULE = re.compile(_RUST_VISIBLE + r"mod[ \t]++(\w++)[ \t]*;", re.MULTILINE)
_NAME = re.compile(r"[^\W\d]\w*")
_RENAMED = re.compile(r"\bas[ \t\n]+[^\W\d]\w*")  # the name in the other file stands before

_FILES_OF_FOLDERS = frozenset({"__init__", "index", "mod", "lib", "main"})
_ROOTS = frozenset({"src", "lib", "python", "packages", "source", "app", "crates", "dist"})
_ENDINGS = (".py", ".pyi", ".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".d.ts")

Module = tuple[str, ...]
"""A module or a file as the names that lead to it, the outermost first."""


@dataclass(frozen=True, slots=True)
class Import:
    """One module that a document names.

    Attributes:
        module: Where it leads, in the repository if `is_placed`.
        names: What is taken from it, as it is called there; empty for the module itself.
        is_placed: `module` begins at the repository, since the import was a relative one.
    """

    module: Module
    names: frozenset[str] = frozenset()
    is_placed: bool = False


def imports_of(path: str, text: str) -> tuple[Import, ...]:
    """Return what the beginning of a document imports.

    Args:
        path: Of the document, relative to the repository.
        text: Of the document.
    """
    folder = PurePosixPath(path).parent.parts
    head = text[:_READ_CHARACTERS]
    if path.endswith(".rs"):
        return tuple(_rust_imports(head, module_of(path)))
    return tuple(dict.fromkeys((*_python_imports(head, folder), *_others(head, folder))))


def is_imported(imported: Import, module: Module) -> bool:
    """Tell whether a module may be the one that an import names, or one of the names it takes."""
    if _leads_to(imported.module, module, is_placed=imported.is_placed):
        return True
    return (
        bool(module)
        and module[-1] in imported.names
        and _leads_to((*imported.module, module[-1]), module, is_placed=imported.is_placed)
    )


@lru_cache(16_384)
def module_of(path: str) -> Module:
    """Return the names that lead to a file; `a/b/__init__.py` is `a, b`."""
    place = PurePosixPath(path)
    name = place.name.split(".", 1)[0]
    parts = tuple(part for part in place.parent.parts if part != ".")
    return parts if name in _FILES_OF_FOLDERS and parts else (*parts, name)


def _leads_to(wanted: Module, module: Module, *, is_placed: bool) -> bool:
    if not wanted or not module:
        return False
    if is_placed:
        return wanted == module
    shared = min(len(wanted), len(module))
    if wanted[-shared:] != module[-shared:]:
        return False
    rest = module[:-shared]
    return shared > 1 or (len(wanted) == 1 and all(part in _ROOTS for part in rest))


def _python_imports(text: str, folder: Module) -> Iterator[Import]:
    for found in _PYTHON_FROM.finditer(text):
        dots, module, several, one = found.groups()
        names = _names(several if several is not None else one)
        parts = tuple(part for part in module.split(".") if part)
        if dots:
            above = folder[: len(folder) - (len(dots) - 1)]
            yield Import((*above, *parts), names, is_placed=True)
        else:
            yield Import(parts, names)
    for found in _PLAIN_IMPORT.finditer(text):
        for module in found[1].split(","):
            parts = tuple(module.strip().split("."))
            yield Import(parts)
            if parts[-1][:1].isupper():  # a class of Java
                yield Import(parts[:-1], frozenset(parts[-1:]))


def _others(text: str, folder: Module) -> Iterator[Import]:
    for found in _SCRIPT_FROM.finditer(text):
        yield _by_address(found[2], _names(found[1]), folder)
    for found in _QUOTED.finditer(text):
        yield _by_address(found[1], frozenset(), folder)


def _by_address(address: str, names: frozenset[str], folder: Module) -> Import:
    """Read an import that names a file: `./a/b.js`, `@/a/b`, `package/a`, `a/b.h`."""
    for ending in _ENDINGS:
        address = address.removesuffix(ending)
    parts = [part for part in address.split("/") if part not in ("", "@", "~")]
    is_placed = address.startswith(".")
    place = list(folder) if is_placed else []
    for part in parts:
        if part == "..":
            place = place[:-1]
        elif part != ".":
            place.append(part.split(".")[0] if is_placed else part.removesuffix(".h"))
    if len(place) > 1 and place[-1] in _FILES_OF_FOLDERS:
        place.pop()
    return Import(tuple(place), names, is_placed)


def _rust_imports(text: str, own: Module) -> Iterator[Import]:
    for found in _RUST_USE.finditer(text):
        for path in _spread(found[1]):
            yield _rust_import(path, own)
    for found in _RUST_MODULE.finditer(text):
        yield Import((*own, found[1]), is_placed=True)


def _rust_import(path: Module, own: Module) -> Import:
    """Read `crate::a::Name`: `Name` may be in module `a` or be a module itself."""
    *module, name = path
    if module[:1] in (["self"], ["super"]):
        above = list(own)
        while module[:1] in (["self"], ["super"]):
            if module.pop(0) == "super":
                above = above[:-1]
        return Import((*above, *module), frozenset({name}), is_placed=True)
    return Import(tuple(part for part in module if part != "crate"), frozenset({name}))


def _spread(tree: str, outer: Module = ()) -> Iterator[Module]:
    """Yield every path of `a::{b, c::{d, e as f}}`."""
    for branch in _branches(tree):
        stem, brace, inner = branch.partition("{")
        path = (*outer, *_NAME.findall(_RENAMED.sub("", stem.replace("::", " "))))
        if brace:
            yield from _spread(inner.rsplit("}", 1)[0], path)
        elif path:
            yield path


def _branches(tree: str) -> Iterator[str]:
    """Yield what stands between the commas outside all braces."""
    depth, start = 0, 0
    for index, character in enumerate(tree):
        depth += (character == "{") - (character == "}")
        if character == "," and depth == 0:
            yield tree[start:index]
            start = index + 1
    yield tree[start:]


def _names(text: str) -> frozenset[str]:
    return frozenset(_NAME.findall(_RENAMED.sub("", text))) - {"type", "as"}
