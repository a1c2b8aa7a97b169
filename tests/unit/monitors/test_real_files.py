"""Real files, in which parsers know every attribute, argument and import."""

import ast
import sysconfig
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from completion.grammars import parsed_tree
from monitors.languages import scanner_for
from monitors.types import Site, SiteKind

REPOSITORY = Path(__file__).parents[3]
LIBRARY = Path(sysconfig.get_paths()["stdlib"])
MOST_BYTES = 25_000
NUM_FILES = 50
PYTHON_FILES = [
    *sorted(path for path in LIBRARY.glob("*.py") if path.stat().st_size < MOST_BYTES)[:NUM_FILES],
    *sorted((REPOSITORY / "monitors").glob("*.py")),
]
SCRIPT_FILES = sorted((REPOSITORY / "vscode-extension" / "src").rglob("*.ts"))
PROPERTY_OF = {"member_expression": "property", "import_specifier": "name"}


class PythonTruth(ast.NodeVisitor):
    """What a Python file holds, as pairs of offset and name, but for strings with code."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self.reads: set[tuple[int, str]] = set()
        self.unclear: set[tuple[int, str]] = set()  # `a.b` on a line of its own, `x = a.b = 1`
        self.keywords: set[tuple[int, str]] = set()
        self.imports: list[tuple[int, SiteKind, str]] = []
        self.types: set[tuple[int, str]] = set()
        self.num_arguments_before: Counter[int] = Counter()
        self.strings: list[range] = []
        self.visit(ast.parse(text))

    def offset(self, line: int, column_bytes: int) -> int:
        prefix = self._lines[line - 1].encode()[:column_bytes].decode()
        return self._starts[line - 1] + len(prefix)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not isinstance(node.ctx, ast.Store):
            self.reads.add(self._name_of(node))
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        targets = (each for target in node.targets[1:] for each in ast.walk(target))
        self.unclear |= {self._name_of(each) for each in targets if isinstance(each, ast.Attribute)}
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Attribute):
            self.reads.add(self._name_of(node.target))
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        self.unclear |= {self._name_of(each) for each in values if isinstance(each, ast.Attribute)}
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        for keyword in node.keywords:
            if keyword.arg is not None:
                start = self.offset(keyword.lineno, keyword.col_offset)
                self.keywords.add((start, f"{keyword.arg}="))
        for index, argument in enumerate(node.args):
            if isinstance(argument, ast.Starred):
                break
            self.num_arguments_before[index] += index > 0
        self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> None:
        self._add_types(node.annotation)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._add_types(node.annotation)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._add_types(node.returns)
        self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815  as `ast` looks it up

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add_path(alias, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self._add_path(node, node.module or "")
        for alias in node.names:
            if alias.name != "*":
                start = self.offset(alias.lineno, alias.col_offset)
                self.imports.append((start, SiteKind.IMPORT, alias.name))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        start = self.offset(node.lineno, node.col_offset)
        stop = self.offset(node.end_lineno or 0, node.end_col_offset or 0)
        self.strings.append(range(start, stop))

    def _add_path(self, node: ast.alias | ast.ImportFrom, path: str) -> None:
        start = self.offset(node.lineno, node.col_offset)
        parts = [part for part in path.split(".") if part]
        self.imports.extend((start, SiteKind.MODULE, part) for part in parts)

    def _add_types(self, node: ast.expr | None) -> None:
        if isinstance(node, ast.Name):
            self.types.add((self.offset(node.lineno, node.col_offset), node.id))
        elif isinstance(node, ast.Constant) and node.value is None:
            self.types.add((self.offset(node.lineno, node.col_offset), "None"))
        elif isinstance(node, ast.BinOp | ast.Tuple | ast.List | ast.Subscript):
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self._add_types(child)

    def _name_of(self, node: ast.Attribute) -> tuple[int, str]:
        stop = self.offset(node.end_lineno or 0, node.end_col_offset or 0)
        return stop - len(node.attr), node.attr


def sites_of(language: str, text: str) -> tuple[Site, ...]:
    scanner = scanner_for(language)
    return scanner.sites(text)


def named(sites: list[Site], kind: SiteKind) -> set[tuple[int, str]]:
    return {(site.start, site.name) for site in sites if site.kind is kind}


@pytest.mark.parametrize("path", PYTHON_FILES, ids=lambda path: path.name)
def test_every_name_in_python_is_found_and_nothing_else(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    truth = PythonTruth(text)
    sites = [
        site
        for site in sites_of("python", text)
        if not any(site.start in string for string in truth.strings)
    ]
    members = named(sites, SiteKind.MEMBER)
    assert members - truth.reads - truth.unclear == set()
    assert truth.reads - members - truth.unclear == set()
    assert named(sites, SiteKind.KEYWORD) == truth.keywords
    assert named(sites, SiteKind.TYPE) == truth.types
    arities = Counter(site.num_before for site in sites if site.kind is SiteKind.ARITY)
    assert arities == +truth.num_arguments_before
    imports = (SiteKind.MODULE, SiteKind.IMPORT)
    found = [(site.kind, site.name) for site in sites if site.kind in imports]
    assert found == [(kind, name) for _, kind, name in sorted(truth.imports, key=lambda it: it[0])]


def scripted(text: str) -> Iterator[tuple[int, str]]:
    """Give every member and imported name that TypeScript's grammar finds."""
    waiting = [parsed_tree(text.encode(), "typescript").root_node]
    while waiting:
        node = waiting.pop()
        waiting.extend(node.children)
        field = PROPERTY_OF.get(node.type)
        name = node.child_by_field_name(field) if field else node.children[-1:]
        if node.type in ("nested_type_identifier", "nested_identifier"):
            name = node.children[-1]
        if name and not isinstance(name, list):
            yield len(text.encode()[: name.start_byte].decode()), (name.text or b"").decode()


@pytest.mark.parametrize("path", SCRIPT_FILES, ids=lambda path: path.name)
def test_every_name_in_typescript_is_found_and_nothing_else(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    sites = list(sites_of("typescript", text))
    assert named(sites, SiteKind.MEMBER) | named(sites, SiteKind.IMPORT) == set(scripted(text))
    assert all(one.start + len(one.name) <= other.start for one, other in pairwise(sites))
