"""Where a value inside a text begins and ends. Knows neither rules nor what looks like a secret.

Every function looks at no more than it returns, or a bounded piece: texts may be long, and hold a key at every word.
"""

from __future__ import annotations

import re
from typing import Final

from runspan.redaction._findings import MARK

__all__ = ["header_value", "is_followed_by_logprob", "is_last_of_line", "quoted_value", "unquoted_value"]

_HEADERS: Final = ("authorization", "cookie")
_SCHEME: Final = re.compile(
    rb"(?:Bearer|Basic|Token|Digest|Negotiate|NTLM|ApiKey|Api-Key|Key|Bot|Splunk|SSWS|AWS4-HMAC-SHA256)[ \t]+",
    re.IGNORECASE,
)
_COOKIE: Final = re.compile(rb"[\w.$!#%&*+^|~-]{1,256}=")
_REST_OF_LINE: Final = re.compile(rb"[^\r\n\"'`\\]*")
_RUN: Final = re.compile(rb"[^\x00-\x20\"'`;<>\\&,]*")
_IN_RUN: Final = re.compile(rb"[&,]+")
_NEXT_KEY: Final = re.compile(rb"[\w.\-%]{1,64}(?:\[\])?[=:]")
_CALL: Final = re.compile(rb"[A-Za-z_][\w.]{0,100}[(\[]")
_END_OF_LINE: Final = re.compile(rb"[ \t]{0,100}(?:[\r\n]|\\+[nr]|$|#)")
_CLOSING: Final = b",.)]}"
_ENDS: Final = {quote: re.compile(rb"[\r\n" + quote + b"]") for quote in (b'"', b"'", b"`")}
_BACKSLASH: Final = ord("\\")


def header_value(data: bytes, at: int, key: str) -> tuple[int, int] | None:
    """Return the rest of the line behind `Authorization:` with a known scheme, or behind `Cookie:` with a cookie."""
    if not key.lower().endswith(_HEADERS):
        return None
    if key.lower().endswith("cookie"):
        start = at if _COOKIE.match(data, at) else None
    else:
        scheme = _SCHEME.match(data, at)
        start = scheme.end() if scheme else None
    rest = _REST_OF_LINE.match(data, start) if start is not None else None
    return rest.span() if rest else None


def quoted_value(data: bytes, quote: bytes, at: int, key: str) -> tuple[int, int]:
    """Return the value up to its closing quote, without the scheme of an HTTP header."""
    end = _end_of_quoted(data, quote, at)
    scheme = _SCHEME.match(data, at, end) if key.lower().endswith(_HEADERS) else None
    return scheme.end() if scheme else at, end


def unquoted_value(data: bytes, at: int) -> tuple[int, int]:
    """Return the value up to white space, a quote, or the next pair; an empty one if it is a call in code."""
    if _CALL.match(data, at):
        return at, at
    end = at
    while True:
        run = _RUN.match(data, end)
        end = run.end() if run else end
        more = _IN_RUN.match(data, end)
        if more is None or _NEXT_KEY.match(data, more.end()):
            break
        end = more.end()
    while at < end and data[end - 1] in _CLOSING and not data.endswith(MARK, at, end):
        end -= 1
    return at, end


def is_last_of_line(data: bytes, end: int) -> bool:
    """Whether nothing but a comment follows on the line."""
    return _END_OF_LINE.match(data, end) is not None


def is_followed_by_logprob(data: bytes, end: int) -> bool:
    """Whether a probability comes next: the value is a piece of a model's answer."""
    return b"logprob" in data[end : end + 24]


def _end_of_quoted(data: bytes, quote: bytes, start: int) -> int:
    r"""Return where a quoted value ends: at the same quote, else at the end of the line.

    Inside JSON inside JSON a quote is `\"`, then `\\\"`: with n backslashes where the value begins, it ends at the
    quote behind n and a multiple of 2(n+1) of them. Behind fewer, the JSON around ends, and the value was cut off;
    another number is a quote within the value.
    """
    slashes = len(quote) - 1
    for found in _ENDS[quote[-1:]].finditer(data, start):
        at = found.start()
        if data[at] in b"\r\n":
            return at
        run = _backslashes_before(data, at, start)
        if run < slashes:
            return at - run
        if (run - slashes) % (2 * (slashes + 1)) == 0:
            return at - slashes
    return len(data)


def _backslashes_before(data: bytes, at: int, start: int) -> int:
    before = at
    while before > start and data[before - 1] == _BACKSLASH:
        before -= 1
    return at - before
