"""Which names in Python are judged, and when they are known to be."""

import pytest

from tests.unit.monitors.marked import sites_at

CLASS = "class Shop:\n    def open(self):\n        "

MEMBERS = [
    ("x = ¦", "shop.", ["member shop>..."]),
    ("x = ¦", "shop.na", ["member shop>na..."]),
    ("x = ¦", "shop.name ", ["member shop>name"]),
    ("x = shop.¦", "", ["member shop>..."]),
    ("x = shop.na¦", "", ["member shop>na..."]),
    ("x = shop.na¦", "me\n", ["member shop>name"]),
    ("x = shop.name¦", ".", ["member shop.name>..."]),  # the first name is the user's own
    (
        "x = ¦",
        "a.b(c.d)[e.f].g ",
        ["member a>b", "member c>d", "member e>f", "member a.b(c.d)[e.f]>g"],
    ),
    ("x = ¦", "(a).b + 'c'.d ", ["member (a)>b", "member 'c'>d"]),
    ("x = ¦", "a.\\\n  b ", ["member a>b"]),
    ("x = (¦", "a\n  .b)", ["member a>b"]),
    ("¦", "@app.route('/')\n", ["member app>route"]),
    ("¦", "print(self.x)", ["member self>x"]),
    ("¦", "a.b.c == 1", ["member a>b", "member a.b>c"]),
    ("¦", "a.größe + 1", ["member a>größe"]),
    ("¦", "del a.b\n", ["member a>b"]),
    ("¦", "if a.b: c.d()\n", ["member a>b", "member c>d"]),
    ("¦", "x = lambda a: a.b\n", ["member a>b"]),
    ("¦", "return await a.b", ["member a>b..."]),
    ("match a.b:\n    case ¦", "Color.RED:", ["member Color>RED"]),
    ("¦", "x = a.b = None\n", ["member a>b"]),
]

NO_NAMES = [
    ("x = ¦", "1.5 + 1. + 1.e5 + .5 + 0x1f"),
    ("x = ¦", "... + x[..., 1]"),
    ("x = ¦", "'a.b' + \"c.d(e=f)\" # g.h"),
    ("x = '''¦", "a.b\nc.d(e=1)"),
    ("# ¦", "a.b"),
    ("x = 'it''s¦", " a.b"),
    ("x = f'¦", "a.b {{c.d}}"),
]

STRINGS_WITH_CODE = [
    ("x = ¦", "f'{a.b}' ", ["member a>b"]),
    ("x = ¦", "f'{a.b!r:>{c.d}} e.f' ", ["member a>b", "member c>d"]),
    ("x = ¦", "rf\"{a['b'].c}\"", ["member a['b']>c"]),
    ("x = f'{¦", "a.", ["member a>..."]),
    ("x = f'''{a.b}\n¦", "c.d {e.f}", ["member e>f"]),
    ("x = f'{a:¦", "b.c} {d.e}", ["member d>e"]),
    ("x = f'{a\n¦", "b.c + 1", ["member b>c"]),  # the string ended with its line
    ("x = f'\\N{DASH} ¦", "{a.b}", ["member a>b"]),
]

STORES = [
    (CLASS + "¦", "self.", ["member self>?"]),
    (CLASS + "¦", "self.name", ["member self>?"]),
    (CLASS + "¦", "self.name ", ["member self>?"]),
    (CLASS + "self.¦", "name", []),  # else it would be kept to known names
    (CLASS + "¦", "self.name = 1\n", []),
    (CLASS + "¦", "self.name: int = 1\n", ["type >int"]),
    (CLASS + "¦", "self.a, self.b = pair\n", []),
    (CLASS + "¦", "(self.a, self.b) = pair\n", []),
    (CLASS + "¦", "for self.i in x:\n", []),
    (CLASS + "¦", "with a as self.b:\n", []),
    (CLASS + "if x: ¦", "self.name = 1\n", []),
    (CLASS + "¦", "self.name.", ["member self>name", "member self.name>?"]),
    (CLASS + "¦", "self.name(", ["member self>name"]),
    (CLASS + "¦", "self.name += 1\n", ["member self>name"]),
    (CLASS + "¦", "self.name == 1\n", ["member self>name"]),
    (CLASS + "¦", "self.a.b = 1\n", ["member self>a"]),
    (CLASS + "¦", "self.a[self.b] = 1\n", ["member self>a", "member self>b"]),
    (CLASS + "x = ¦", "self.", ["member self>..."]),
    (CLASS + "self.¦", "name(", ["member self>name"]),
]

ARGUMENTS = [
    ("f(¦", "a=1, b=2)", ["keyword f>a=", "keyword f>b="]),
    ("f(¦", "a==1)", []),
    ("f(¦", "a", []),
    ("f(na¦", "me=1)", ["keyword f>name="]),
    ("x.f(g(¦", "a=1), b=2)", ["keyword g>a=", "keyword x.f>b="]),
    ("f(¦", "lambda a=1, b=2: a, c=3)", ["keyword f>c="]),
    ("¦", "def f(a=1, *, b=2): pass\n", []),
    ("¦", "async def f[T](a=1) -> g(b=2): pass\n", ["keyword g>b="]),
    ("¦", "class A(B, metaclass=C): pass\n", []),
    ("¦", "x = {'a': b, **c}\ny = a[b:c]\n", []),
    ("match x:\n    case ¦", "Point(x=0) if f(y=1):", ["keyword f>y="]),
    ("f(¦", "a, b", []),
    ("f(¦", "a, b)", ["arity f>, b"]),
    ("f(a, ¦", "b.c", ["arity f>, b", "member b>c..."]),
    ("f(¦", "a, 'b', *c, d)", ["arity f>, 'b'"]),
    ("f(¦", "a, not b)", ["arity f>, not"]),
    ("f(¦", "a=1, *b)", ["keyword f>a="]),
    ("f(a, [¦", "b, c], d)", ["arity f>, d"]),
]

IMPORTS = [
    ("¦", "import a.b as c, d\n", ["module >a", "module a.>b", "module >d"]),
    ("¦", "import ", ["module >..."]),
    ("import a.¦", "", ["module a.>..."]),
    (
        "¦",
        "from a.b import c as d, e\n",
        ["module >a", "module a.>b", "import a.b>c", "import a.b>e"],
    ),
    ("from a import ¦", "", ["import a>..."]),
    ("from a import b, ¦", "", ["import a>..."]),
    (
        "from a import (\n    b,\n    ¦",
        "c,\n    d as e,\n)\nx = f.g\n",
        ["import a>c", "import a>d", "member f>g"],
    ),
    ("¦", "from . import a\n", ["import .>a"]),
    ("¦", "from ..a import b\n", ["module ..>a", "import ..a>b"]),
    ("¦", "from a import *\n", ["module >a"]),
    ("x = yield from ¦", "a.b ", ["member a>b"]),
]

TYPES = [
    ("¦", "def f(a: A, b: B = c, *, d) -> C: e\n", ["type >A", "type >B", "type >C"]),
    ("¦", "x: A\n", ["type >A"]),
    ("¦", "self.x: dict[A, B | None] = c\n", ["type >dict", "type >A", "type >B", "type >None"]),
    ("¦", "x: a.B\n", ["member a>B"]),
    ("¦", "x: Literal[a, b]\n", ["type >Literal"]),
    ("¦", "x: Call[[A], B]\n", ["type >Call", "type >A", "type >B"]),
    ("x: ¦", "Sh", []),  # it began before
    ("def f(a: ¦", "b, ", ["type >b"]),
    ("¦", "def f(a: A", ["type >?"]),
    ("¦", "if a: b\nwhile c: d\nx = lambda e: f\ny = {g: h}\ni[j:k]\n", []),
]

BROKEN = [
    ("f(a, [b\ndef g():\n    ¦", "return c.d(e=1)", ["member c>d", "keyword c.d>e="]),
    ("x = (\nimport os\n¦", "os.path ", ["member os>?"]),
    ("x = 'a\n¦", "y = b.c ", ["member b>c"]),
    ("f(a))\n¦", "y = b.c ", ["member b>c"]),
]


@pytest.mark.parametrize(
    ("marked", "written", "expected"),
    MEMBERS + STRINGS_WITH_CODE + STORES + ARGUMENTS + IMPORTS + TYPES + BROKEN,
)
def test_a_name_is_a_site_as_soon_as_it_is_known_to_be_one(
    marked: str, written: str, expected: list[str]
) -> None:
    assert sites_at("python", marked, written) == expected


@pytest.mark.parametrize(("marked", "written"), NO_NAMES)
def test_what_only_looks_like_a_name_is_none(marked: str, written: str) -> None:
    assert sites_at("python", marked, written) == []
