import pytest

from retrieval.names import names_defined_in, names_in, names_of_chunk


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("def read_lines(path: str) -> None:", "read_lines"),
        ("    async def fetch(self):", "fetch"),
        ("class HttpClient(Client):", "HttpClient"),
        ("LIMIT = 3", "LIMIT"),
        ("    RED = 'red'", "RED"),
        ("        self._store = store", "_store"),
        ("    timeout: float = 3.0", "timeout"),
        ("export default async function openFile(path: string) {", "openFile"),
        ("  private readonly folder: Folder;", "folder"),
        ("  public async read<T>(key: string): Promise<T> {", "read"),
        ("export type Names = string[];", "Names"),
        ("export const enum Kind {", "Kind"),
        ("pub(crate) fn parse_line(line: &str) -> Line {", "parse_line"),
        ("    pub struct Parser<'a> {", "Parser"),
        ("    pub depth: usize,", "depth"),
        ("func (s *Server) Listen(port int) error {", "Listen"),
        ("static int read_all(FILE *file) {", "read_all"),
    ],
)
def test_a_line_defines_a_name(line: str, name: str) -> None:
    assert name in names_defined_in(line)


@pytest.mark.parametrize(
    "line",
    [
        "    result = compute()",  # a local variable
        "if value == 3:",
        "    return client.fetch(path)",
        "else:",
        "    for (const x of values) {",
        "    if (isReady(x)) {",
        "print(value)",
        "use std::fmt;",
    ],
)
def test_a_line_defines_nothing(line: str) -> None:
    assert names_defined_in(line) - {"x"} == frozenset()


def test_used_names_leave_out_keywords_and_single_letters() -> None:
    assert names_in("for x in self.items: return Größe(x)") == {"items", "Größe"}


def test_lines_that_import_are_told_apart() -> None:
    names = names_of_chunk("import os\nfrom a.b import c\n\nvalue = os.name\nimported = 3")
    assert names.num_lines == 4
    assert names.import_share == 0.5
    assert names.defined == {"value", "imported"}
    assert names.defined_words == {"value", "imported"}


@pytest.mark.parametrize(
    "line",
    [
        "import os",
        "    from a import b",
        "use a::b;",
        "pub use a::b;",
        '#include "a.h"',
        'export { a } from "./a"',
        'const a = require("./a")',
    ],
)
def test_a_line_imports(line: str) -> None:
    assert names_of_chunk(line).import_share == 1.0


@pytest.mark.parametrize("line", ["importance = 1", "const a = 1", "user = 2", "from_a = b", ""])
def test_a_line_imports_nothing(line: str) -> None:
    assert names_of_chunk(line).import_share == 0.0


def test_minified_code_is_not_read() -> None:
    assert names_defined_in("function a(" + "b," * 100_000 + ") {") == frozenset()
