"""What must not be quoted: files that hold secrets by their name, text that looks like one.

The rules are meant to let too much through rather than hide half a code base: a chunk that
only speaks of passwords is code, a chunk with a value that is one is not. docs/context.md
lists them for users; tests/data/secret_cases.toml has an example for and against each.
"""

import math
import re
from collections import Counter
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

_TOKENS = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\b(?:gh[pousr]_[0-9A-Za-z]{36,}|github_pat_\w{40,})"),
    "a GitLab token": re.compile(r"\bglpat-[\w-]{20,}"),
    "a Slack token": re.compile(r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}"),
    "a Google API key": re.compile(r"\bAIza[\w-]{35}"),
    "a Stripe key": re.compile(r"\b[rs]k_live_[0-9A-Za-z]{16,}"),
    "an API key": re.compile(r"\bsk-(?:[a-z]{1,12}-){0,3}\w{20,}"),
    "a PyPI token": re.compile(r"\bpypi-AgE[\w-]{50,}"),
    "an npm token": re.compile(r"\bnpm_[0-9A-Za-z]{36}\b"),
    "a signed web token": re.compile(r"\beyJ[\w-]{10,400}\.eyJ[\w-]{10,4000}\.[\w-]{10,}"),
    "a password in an address": re.compile(r"://[^\s:/@'\"]{1,100}:[^\s:/@'\"]{1,200}@"),
}

_ASSIGNMENT = re.compile(
    r"""(?ix)
    (?: passw(?:or)?d | passphrase | secret | api[_-]?key | access[_-]?key | auth[_-]?token
      | access[_-]?token | refresh[_-]?token | private[_-]?key | client[_-]?secret )
    [\w-]{0,40} ["']? \s{0,8} (?: : \s? [\w.]{1,20} \s? = | := | => | = | : ) \s{0,8}
    ["'`] (?P<value> [^"'`\s]{12,200} ) ["'`]
    """
)
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
    for kind, pattern in _TOKENS.items():
        if any(not _is_placeholder(match.group()) for match in pattern.finditer(text)):
            return f"it holds {kind}"
    if any(_is_random(match["value"]) for match in _ASSIGNMENT.finditer(text)):
        return "it holds a password or key"
    return ""


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
