"""Secrets known by what stands around them: URLs, HTTP schemes, PEM blocks. Knows no keys.

Each pattern is RE2's, for bytes, with one group: the secret.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from runspan.redaction._looks import is_nothing
from runspan.redaction._shapes import EDGE

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CONTEXTS", "Context"]


class Context(NamedTuple):
    """One row of the table."""

    rule: str
    told: str
    """What it is, for the documents."""
    pattern: str
    hint: str
    """A regular expression found in every text that the pattern is found in, also when that text is inside JSON."""
    is_secret: Callable[[bytes], bool] = lambda _: True
    """Whether what the group holds looks like a secret at all."""


def _is_password(value: bytes) -> bool:
    return not is_nothing(value)


def _is_random(value: bytes) -> bool:
    """Whether a word after `Bearer` is a token: with a digit, or long and with a capital amid it."""
    return re.search(rb"[0-9]", value) is not None or re.search(rb"[a-z][A-Z].{8}", value) is not None


def _is_basic(value: bytes) -> bool:
    try:
        return b":" in base64.b64decode(value + b"=" * (-len(value) % 4), validate=True)
    except binascii.Error:
        return False


_BREAK: Final = r"(?:[ \t\r\n]|\\+[nrt])"
_PEM_BEGIN: Final = "-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"

CONTEXTS: Final = (
    Context(
        "private key block",
        "a PEM or PGP private key from `-----BEGIN` to `-----END`, also with its line ends escaped or its end cut off",
        rf"({_PEM_BEGIN}{_BREAK}*(?:[A-Z][A-Za-z-]+: [^\n\\]*{_BREAK}+)*"
        rf"[A-Za-z0-9+/=]{{16}}(?:[A-Za-z0-9+/=]|{_BREAK})*"
        r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?)",
        _PEM_BEGIN,
    ),
    Context(
        "password in URL",
        "the password in `scheme://user:password@host`",
        r"""(?i)[a-z]://[^\x00-\x20/?#:@"'<>\\]*:([^\x00-\x20/?"'<>\\]+)@""",
        r"""[A-Za-z]://[^\x00-\x20/?#:@"'<>\\]*:[^\x00-\x20/?"'<>\\]+@""",
        _is_password,
    ),
    Context(
        "bearer token",
        "what follows `Bearer`, if it looks random",
        rf"(?i){EDGE}bearer(?:[ \t]+|%20|\+)([a-z0-9._~+/-]{{8,}}=*)",
        r"(?i:bearer)(?:[ \t]|\\+t|%20|\+)",
        _is_random,
    ),
    Context(
        "basic credentials",
        "what follows `Basic`, if it is the base64 of `user:password`",
        rf"(?i){EDGE}basic(?:[ \t]+|%20|\+)([a-z0-9+/]{{6,}}={{0,2}})",
        r"(?i:basic)(?:(?: |\t|\\+t)+|%20|\+)[A-Za-z0-9+/]{6}",
        _is_basic,
    ),
    Context(
        "Slack webhook",
        "the path of a Slack incoming webhook",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_-]{16,})",
        r"hooks\.slack\.com/",
    ),
    Context(
        "Discord webhook",
        "the token in a Discord webhook's URL",
        r"discord(?:app)?\.com/api/webhooks/[0-9]+/([A-Za-z0-9_-]{40,})",
        r"/api/webhooks/[0-9]",
    ),
    Context(
        "URL signature",
        "`sig`, `signature` and `X-Amz-Signature` in a query string",
        r"""(?i)[?&;](?:amp;)?(?:sig|signature|x-amz-signature|x-goog-signature)=([a-z0-9%+/_-]{16,}=*)""",
        r"(?i:sig|signature)=[A-Za-z0-9%+/_-]{16}",
    ),
)
