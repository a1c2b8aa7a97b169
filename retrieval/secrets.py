"""What must not be quoted: files that hold secrets by their name, text that looks like one.

The rules are meant to let too much through rather than hide half a code base: a chunk that
only speaks of passwords is code, a chunk with a value that is one is not. docs/context.md
lists them for users; tests/data/secret_cases.toml has an example for and against each.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from pathspec import GitIgnoreSpec

PRIVATE_FILES = """
    .env .env.* *.env .envrc .netrc _netrc .npmrc .pypirc .pgpass .htpasswd .git-credentials
    .dockercfg credentials credentials.json credentials.y*ml credentials.toml client_secret*.json
    service-account*.json secrets.* id_rsa* id_dsa* id_ecdsa* id_ed25519* *.pem *.key *.p8 *.p12
    *.pfx *.jks *.keystore *.kdbx *.ppk *.gpg *.asc *.ovpn *.tfstate *.tfstate.* *.tfvars
    .aws/ .gnupg/ .kube/ .ssh/
    !*.example !*.sample !*.template !*.dist !secrets.md !secrets.py !secrets.rs !secrets.go
    !secrets.ts !secrets.js !credentials/"""
"""What holds secrets by its name, in the syntax of .gitignore. What is behind a `!` are
patterns to fill in, and code: their text is looked at all the same."""

_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?:(?!-----).){0,16000}-----END [A-Z0-9 ]*-----)?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What a kind of secret looks like, within one line.

    Attributes:
        kind: In a few words.
        marks: One of them is in every line with such a secret, in lower case. Lines with none,
            nearly all, are not looked at: to search for a few letters is far quicker.
        pattern: The secret is its group `value`, or all of it.
    """

    kind: str
    marks: tuple[str, ...]
    pattern: re.Pattern[str]


_PATTERNS = (
    _Pattern("an AWS access key", ("akia", "asia"), re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    _Pattern(
        "a GitHub token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        re.compile(r"\b(?:gh[pousr]_[0-9A-Za-z]{36,}|github_pat_\w{40,})"),
    ),
    _Pattern("a GitLab token", ("glpat-",), re.compile(r"\bglpat-[\w-]{20,}")),
    _Pattern("a Slack token", ("xox",), re.compile(r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}")),
    _Pattern("a Google API key", ("aiza",), re.compile(r"\bAIza[\w-]{35}")),
    _Pattern("a Stripe key", ("k_live_",), re.compile(r"\b[rs]k_live_[0-9A-Za-z]{16,}")),
    _Pattern("an API key", ("sk-",), re.compile(r"\bsk-(?:[a-z]{1,12}-){0,3}\w{20,}")),
    _Pattern("a PyPI token", ("pypi-age",), re.compile(r"\bpypi-AgE[\w-]{50,}")),
    _Pattern("an npm token", ("npm_",), re.compile(r"\bnpm_[0-9A-Za-z]{36}\b")),
    _Pattern(
        "a signed web token",
        ("eyj",),
        re.compile(r"\beyJ[\w-]{10,400}\.eyJ[\w-]{10,4000}\.[\w-]{10,}"),
    ),
    _Pattern(
        "a password in an address",
        ("://",),
        re.compile(r"://(?P<value>[^\s:/@'\"]{1,100}:[^\s:/@'\"]{1,200})@"),
    ),
)

_ASSIGNMENT = _Pattern(
    "a password or key",
    ("passw", "passphrase", "secret", "key", "token"),
    re.compile(
        r"""(?ix)
        (?: passw(?:or)?d | passphrase | secret | api[_-]?key | access[_-]?key | auth[_-]?token
          | access[_-]?token | refresh[_-]?token | private[_-]?key | client[_-]?secret )
        [\w-]{0,40} ["']? [^\S\n]{0,8} (?: : [^\S\n]? [\w.]{1,20} [^\S\n]? = | := | => | = | : )
        [^\S\n]{0,8} ["'`] (?P<value> [^"'`\s]{12,200} ) ["'`]
        """
    ),
)
_WORD = re.compile(r"\w")
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_REMEMBERED_PATHS = 4096
_LEAST_BITS_PER_CHARACTER = 3.0
"""Words and names that stand for a value repeat their letters; random ones of 12 hardly do."""
_PLACEHOLDER = re.compile(
    r"(?i)\$\{|\{\{|<|%\(|^\$|example|placeholder|changeme|your[_-]|dummy|xxxx|\*\*\*\*|^[a-z_.]+$"
)


def reason_to_withhold(path: str, text: str) -> str:
    """Say in a few words why a piece of a file must not be quoted; empty if it may.

    Args:
        path: Relative to the repository, with forward slashes.
        text: The piece.
    """
    return reason_by_name(path) or reason_by_text(text)


@lru_cache(maxsize=_REMEMBERED_PATHS)
def reason_by_name(path: str) -> str:
    """Say why nothing of a file may be quoted, by its path alone."""
    return "the file is one for secrets" if _secret_files().match_file(path.lower()) else ""


def reason_by_text(text: str) -> str:
    """Say what secret a text seems to hold."""
    found = next(_secrets_in(text), None)
    return f"it holds {found.kind}" if found else ""


def without_secrets(text: str) -> str:
    """Return a text in which secrets are letters `x`, of the same length and lines.

    So whatever holds for a place in the one holds for it in the other.
    """
    pieces, position = [], 0
    for found in sorted(_secrets_in(text), key=lambda each: each.start):
        if found.stop > position:
            start = max(found.start, position)
            pieces += [text[position:start], _WORD.sub("x", text[start : found.stop])]
            position = found.stop
    return "".join([*pieces, text[position:]]) if pieces else text


@dataclass(frozen=True, slots=True)
class _Secret:
    """One that was found, [start, stop) of the text."""

    kind: str
    start: int
    stop: int


def _secrets_in(text: str) -> Iterator[_Secret]:
    """Yield what looks like a secret, kind by kind."""
    for match in _PRIVATE_KEY.finditer(text):
        yield _Secret("a private key", match.start(), match.end())
    lower = text.lower()
    if len(lower) != len(text):  # some letter is longer in lower case: places would not agree
        lower = text.translate(_ASCII_LOWER)
    for each in _PATTERNS:
        yield from _matches(each, text, lower, is_secret=lambda value: not _is_placeholder(value))
    yield from _matches(_ASSIGNMENT, text, lower, is_secret=_is_random)


def _matches(
    each: _Pattern, text: str, lower: str, is_secret: Callable[[str], bool]
) -> Iterator[_Secret]:
    group = "value" if "value" in each.pattern.groupindex else 0
    for start, stop in _lines_with(each.marks, lower):
        for match in each.pattern.finditer(text, start, stop):
            if is_secret(match[group]):
                yield _Secret(each.kind, match.start(group), match.end(group))


def _lines_with(marks: Sequence[str], lower: str) -> list[tuple[int, int]]:
    """Return the lines in which one of the marks stands, each once, as [start, stop)."""
    lines = set()
    for mark in marks:
        found = lower.find(mark)
        while found >= 0:
            start, stop = lower.rfind("\n", 0, found) + 1, lower.find("\n", found)
            stop = len(lower) if stop < 0 else stop
            lines.add((start, stop))
            found = lower.find(mark, stop)
    return sorted(lines)


@cache
def _secret_files() -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(PRIVATE_FILES.split())


def _is_placeholder(text: str) -> bool:
    return _PLACEHOLDER.search(text) is not None


def _is_random(value: str) -> bool:
    return not _is_placeholder(value) and _bits_per_character(value) >= _LEAST_BITS_PER_CHARACTER


def _bits_per_character(text: str) -> float:
    """Return the entropy of the characters, as often as each occurs."""
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares)
