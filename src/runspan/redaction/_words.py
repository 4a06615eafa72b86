"""Keys that mark a secret, by their last words. Knows no values.

A key is split at `_`, `-`, `.`, spaces and the humps of camelCase. Trailing digits do not count: `token_2` is a token.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["KEYS", "NOT_TOKENS", "TAIL", "WORDS", "KeyWords", "SecretKey", "is_folder", "pattern_of_keys"]


class SecretKey(NamedTuple):
    """One row of the table: what keys may end in."""

    rule: str
    endings: tuple[str, ...]
    """Last words; a space stands for any separator, or none."""


KEYS: Final = (
    SecretKey("password key", ("password", "passwords", "passwd", "pwd", "passphrase", "passcode")),
    SecretKey(
        "pass key",
        tuple(
            f"{of} pass"
            for of in [
                "db",
                "user",
                "smtp",
                "mail",
                "redis",
                "mysql",
                "postgres",
                "pg",
                "ftp",
                "root",
                "admin",
                "proxy",
                "sudo",
                "ssh",
            ]
        ),
    ),
    SecretKey("secret key", ("secret", "secrets", "secret key", "secret keys", "secret value")),
    SecretKey("api key", ("api key", "api keys")),
    SecretKey("access key", ("access key", "access keys", "account key", "shared key", "subscription key")),
    SecretKey("private key", ("private key", "private keys")),
    SecretKey(
        "cryptographic key",
        (
            *("signing key", "signing keys", "encryption key", "encryption keys", "decryption key", "master key"),
            *("hmac key", "aes key", "auth key", "authentication key", "deploy key"),
        ),
    ),
    SecretKey(
        "token key",
        ("token", "access tokens", "refresh tokens", "auth tokens", "api tokens", "bearer tokens", "bearer"),
    ),
    SecretKey("credential key", ("credential", "credentials", "creds")),
    SecretKey("authorization key", ("authorization",)),
    SecretKey("cookie key", ("cookie", "cookies", "phpsessid", "jsessionid")),
    SecretKey("connection string key", ("connection string", "connection strings", "conn string", "conn str")),
    SecretKey("recovery code key", ("recovery code", "recovery codes", "backup codes")),
)

NOT_TOKENS: Final = (
    # where a list goes on
    *("page", "next", "prev", "previous", "continuation", "pagination", "cursor", "sync", "resume"),
    # a piece of text to a language model
    *("eos", "bos", "pad", "unk", "sep", "cls", "mask", "stop", "start", "end", "special", "first", "last", "per"),
    *("input", "output", "prompt", "completion", "design", "top", "sampled", "cached"),
)
"""Words before `token` that make it something else than a secret."""

SEPARATORS: Final = r"[_\-. ]?"
TAIL: Final = r"[0-9_\-. :*?]*"
"""What may follow the last word of a key: numbers, and what a form's labels end in."""

_LONGEST: Final = 64
"""Of a key only this many last characters are looked at."""


def _ending(words: str) -> str:
    return SEPARATORS.join(re.escape(word) for word in words.split())


WORDS: Final = "|".join(_ending(words) for key in KEYS for words in sorted(key.endings, key=len, reverse=True))
"""All endings as one regular expression, for case-insensitive use; `re` and RE2 read it alike."""

_NAMES: Final = {_ending(words): key.rule for key in KEYS for words in key.endings}
_CASELESS: Final = re.IGNORECASE | re.ASCII
_NOT_TOKEN: Final = re.compile(rf"(?:^|[^a-z])(?:{'|'.join(NOT_TOKENS)})[_\-. ]?token{TAIL}\Z", _CASELESS)
_HUMPS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SPLIT: Final = re.compile(r"[\W_]+")


class KeyWords:
    """The table, and a user's own keys."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        """Take further endings.

        Args:
            keys: Last words that mark a secret, `pin` or `account number`, in any spelling.
        """
        self._own = {words: f"{key} key" for key in keys if (words := _words_of(key))}
        # Asked for every key of every value that is redacted, and keys repeat. Bounded: the agent chooses them.
        self.rule_of = lru_cache(maxsize=4_096)(self._rule_of)

    def _rule_of(self, key: str) -> str | None:
        """Return the name of the rule by which a key marks a secret."""
        key = key[-_LONGEST:]
        if self._own:
            words = _words_of(key)
            for own, rule in self._own.items():
                if words[-len(own) :] == own or "".join(own) == "".join(words):
                    return rule
        return _built_in(key)


def is_folder(key: str, value_start: str) -> bool:
    """Whether `pwd` is the shell's working folder, for its value begins like a path."""
    return key.strip().lower() in ("pwd", "oldpwd") and value_start in ("/", "~")


@lru_cache(maxsize=1)
def _endings() -> tuple[re.Pattern[str], dict[str, re.Pattern[str]]]:
    patterns = {
        rule: "|".join(pattern for pattern, named in _NAMES.items() if named == rule) for rule in _NAMES.values()
    }
    return (
        re.compile(rf"(?:{WORDS}){TAIL}\Z", _CASELESS),
        {rule: re.compile(rf"(?:{pattern}){TAIL}\Z", _CASELESS) for rule, pattern in patterns.items()},
    )


def _built_in(key: str) -> str | None:
    any_ending, endings = _endings()
    if not any_ending.search(key) or _NOT_TOKEN.search(_HUMPS.sub("_", key)):
        return None
    return next((rule for rule, ending in endings.items() if ending.search(key)), None)


def _words_of(key: str) -> tuple[str, ...]:
    """Return the words of a key, lower case, without numbers at the end."""
    words = [word.lower() for word in _SPLIT.split(_HUMPS.sub("_", key)) if word]
    while len(words) > 1 and words[-1].isdecimal():
        words.pop()
    if words:
        words[-1] = words[-1].rstrip("0123456789") or words[-1]
    return tuple(words)


def pattern_of_keys(keys: Iterable[str]) -> str:
    """Return a regular expression, RE2's, that is found wherever one of a user's own keys stands, also inside JSON."""
    return "|".join(_BETWEEN.join(map(re.escape, words)) for key in keys if (words := _words_of(key)))


_BETWEEN: Final = r"(?:[^\pL\pN]|\\[bfnrt]|\\u00[01][0-9a-f])*"
