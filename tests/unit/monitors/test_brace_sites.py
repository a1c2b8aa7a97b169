"""Which names are judged in languages with braces, and when they are known to be."""

import pytest

from monitors.languages import WATCHED
from tests.unit.monitors.marked import sites_at

SCRIPT = [
    ("x = ¦", "shop.na", ["member shop>na..."]),
    ("x = ¦", "a?.b!.c;", ["member a>b", "member a?.b!>c"]),
    ("x = ¦", "a\n  .b()\n  .c\n", ["member a>b", "member a.b()>c"]),
    ("x = ¦", "a?.[0] + b?.(1) + [...c]", []),
    ("x = ¦", "a ? .5 : 1.5 + 1e5", []),
    ("x = ¦", "1..toFixed()", ["member 1.>toFixed"]),
    ("x = ¦", "a.template.b;", ["member a>template", "member a.template>b"]),
    ("x = ¦", "this.#part;", ["member this>#part"]),
    ("x = ¦", "'a.b' + \"c.d\" // e.f\n /* g.h */", []),
    ("x = `a.b ¦", "c.d ${e.f} g.h`", ["member e>f"]),
    (
        "x = `${a.b¦",
        "} c.d ${`${e.f}`}` + g.h",
        ["member e>f", "member g>h..."],
    ),
    ("x = ¦", "/a.b'[/]c.d/g.test(e.f)", ["member /a.b'[/]c.d/g>test", "member e>f"]),
    ("x = ¦", "a / b.c / d.e;", ["member b>c", "member d>e"]),
    ("x = a[0] ¦", "/ b.c;", ["member b>c"]),
    (
        "¦",
        "import { a, b as c, type D } from './x/y'\n",
        ["import ./x/y>a", "import ./x/y>b", "import ./x/y>D"],
    ),
    ("¦", "import { a, b", []),
    ("¦", "import { a } from './", []),
    ("¦", "import { a } from './x", []),
    ("¦", "import a, { type } from 'x'\n", ["import x>type"]),
    ("¦", "import * as a from '@x/y/z'\n", []),
    ("¦", "import 'x'\n", []),
    ("¦", "export { a } from '../x'\n", ["import ../x>a"]),
    ("¦", "export { a }\nexport const b = { c: 'd' }\n", []),
    ("¦", "const a = await import('./b')", []),
    ("import { ¦ } from './x'", "a, b", ["import ./x>a", "import ./x>b..."]),
    ("import { a, ¦, c } from './x'", "b as d ", ["import ./x>b"]),
    ("import { ¦ };\nx = 1", "a, b", []),
    ("¦", "x = import.meta.url;", ["member meta>url"]),
    ("import {\n  a,¦", "\n  b,\n} from 'x'\n", ["import x>b"]),
]

TYPESCRIPT = [
    ("¦", "this.name = 1", ["member this>name"]),
    ("¦", "foo(a, b)", ["arity foo>, b"]),
    ("¦", "foo(a, b?.c, ...d)", ["arity foo>, b", "member b>c"]),
    ("¦", "function foo(a, b) {}", []),
    ("class A {\n  ¦", "foo(a: B, c?: D, e = f.g) {}", ["member f>g"]),
    ("class A {\n  ¦", "foo(a?: B, c: D) {}", []),
    ("x = ¦", "new Map<string, number>(a, b)", ["type >Map"]),
    ("x = ¦", "new Shop(a, b);", ["type >Shop", "arity Shop>, b"]),
    ("x = ¦", "new a.B();", ["member a>B"]),
    ("x = ¦", "new Sho", ["type >?"]),
    ("switch (x) {\n  case ¦", "'open': y.z;", ["case >open", "member y>z"]),
    ("switch (x) {\n  case ¦", '"op', ["case >op..."]),
    ("¦", "let a: B.C = d", ["member B>C"]),
    ("¦", "const f = <T>(x: T) => x.y;", ["member x>y"]),
]

REACT = [
    ("return ¦", "<p>it's a.b {c.d} e.g.</p>", ["member c>d"]),
    ("return <p>a.b ¦", "c.d</p>;\ne.f;", ["member e>f"]),
    (
        "return ¦",
        '<A b="c.d" e={f.g} {...h.i} />;\nj.k;',
        ["member f>g", "member h>i", "member j>k"],
    ),
    ("return <A b={¦", "c.", ["member c>..."]),
    ("x = ¦", "<>{a.b}</>", ["member a>b"]),
    ("x = ¦", "a < b.c && d > e.f;", ["member b>c", "member e>f"]),
    ("x = ¦", "<T,>(y: T) => y.z;", ["member y>z"]),
]

JAVASCRIPT = [
    ("¦", "this.name = 1", []),
    ("¦", "this.name", ["member this>?"]),
    ("¦", "this.name(", ["member this>name"]),
    ("¦", "exports.a = b.c;", ["member b>c"]),
    ("foo()\n¦", "this.a = 1\nthis.b = 2\n", []),
    ("¦", "x = require('./a/b')", []),
    ("¦", "foo(a, b)", []),
    ("¦", "x = new Foo(1)", []),
]

JAVA = [
    (
        "¦",
        "import java.util.List;",
        ["module >java", "module java.>util", "module java.util.>List"],
    ),
    ("¦", "import static a.b.*;", ["module >a", "module a.>b"]),
    ("¦", "package a.b.c;\nimport ", ["module >..."]),
    (
        "class A { void f() { ¦",
        "this.x = y.z(a, b);",
        ["member this>x", "member y>z", "arity y.z>, b"],
    ),
    ("class A { ¦", "void f(int a, List<B> c) {}", []),
    ("class A { ¦", "public A(int a, int b) {}", []),
    (
        "class A { void f() { ¦",
        "x = A::new; y = A.B.class;",
        ["member A>new", "member A>B", "member A.B>class"],
    ),
    ("class A { void f() { ¦", 'String s = """\n a.b "c.d"\n """ + e.f;', ["member e>f"]),
    (
        "switch (x) { ¦",
        "case RED, BLUE: case GREEN -> y.z; case Circle c:",
        ["case >RED", "case >GREEN", "member y>z"],
    ),
    ("x = ¦", "new Shop(1);", ["type >Shop"]),
]

C = [
    ("¦", "#include <a.b>\nx = c->d.e;", ["member c>d", "member c->d>e"]),
    ("¦", "#define A b.c \\\n  d.e\nx = f.g;", ["member f>g"]),
    ("struct a b = { ¦", ".c = 1, .d = e.f };", ["member e>f"]),
    ("¦", "int *f(int a, char *b) { return g(a, b); }", ["arity g>, b"]),
    ("switch (x) { ¦", "case RED: case 1: y->z;", ["case >RED", "member y>z"]),
    ("x = ¦", "1.5f + 'a.b' + L\"c.d\";", []),
    ("x = a ¦", "> b.c;", ["member b>c"]),
]

CPP = [
    ("¦", "namespace a::b { using c::d; }", ["member c>d"]),
    ("x = ¦", "std::vector<int>::size + ::global;", ["member std>vector", "member int>>size"]),
    ("x = ¦", 'R"(a.b)" + R"y(c.d)" e.f)y" + 1\'000.5;', []),
    ("x = ¦", "a.template b<C>(); (a.*p)(); (a->*p)();", ["member a.template>b"]),
    ("x = ¦", "new Shop(1, 2);", ["type >Shop", "arity Shop>, 2"]),
    ("¦", "void A::f(const B& c, D d) { this->e; }", ["member A>f", "member this>e"]),
]

CASES = [
    *(("typescript", *case) for case in SCRIPT + TYPESCRIPT),
    *(("typescriptreact", *case) for case in SCRIPT + REACT),
    *(("javascript", *case) for case in SCRIPT + JAVASCRIPT),
    *(("java", *case) for case in JAVA),
    *(("c", *case) for case in C),
    *(("cpp", *case) for case in C + CPP),
]


@pytest.mark.parametrize(("language", "marked", "written", "expected"), CASES)
def test_a_name_is_a_site_as_soon_as_it_is_known_to_be_one(
    language: str, marked: str, written: str, expected: list[str]
) -> None:
    assert sites_at(language, marked, written) == expected


@pytest.mark.parametrize("language", sorted(WATCHED))
def test_an_open_bracket_does_not_carry_into_the_next_statement(language: str) -> None:
    separator = "" if language == "python" else ";"
    marked = f"f(a, [b{separator}\nreturn c.d{separator}\n¦"
    assert "member e>f" in sites_at(language, marked, "return e.f ")
