"""Secrets do not get past the redactor, and what is none stays as it is."""

from __future__ import annotations

import copy
import itertools
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runspan.errors import ConfigError
from runspan.redaction import REDACTED, Finding, Redactor
from runspan.redaction._contexts import CONTEXTS
from runspan.redaction._engine import built_in_glance, built_in_hint
from runspan.redaction._shapes import SHAPES, Shape, pattern_of
from runspan.redaction._words import KEYS, NOT_TOKENS
from tests.secret_corpus import LOOK_ALIKES, SECRETS, Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.conftest import Golden

PAGE: Final = Path(__file__).parents[1] / "docs" / "redaction.md"
REDACTOR: Final = Redactor()
OWN: Final = Redactor(
    patterns={"order": r"ORD-\d{4}", "quoted": r'id "[a-z]+"', "line": r"first\nsecond", "last": r"the end$"},
    keys=["pin", "account number", "Straße"],
)

LETTERS: Final = st.characters(codec="utf-8")
WORDS: Final = st.sampled_from(
    [
        *("password", "Password", "PASSWORD", "api_key", "apiKey", "API-KEY", "token", "clientSecret", "Authorization"),
        *("cookie", "--password", "--api-key", "tokens_used", "next_page_token", "name", "value", "key", "x", "pwd"),
        *("pin", "PIN", "myPin", "Account-Number", "accountNumber", "STRASSE", "straße", "logprob", "properties"),
    ]
)
MARKS: Final = st.sampled_from(
    [
        *("=", ": ", ":", " ", "\n", "\t", '"', "'", '": "', '", "', '\\"', "\\", "&", ",", ";", "<", ">", "/", "://"),
        *("@", "[", "]", "{", "}", "(", "\0", "\x1b", "%3D", "$", "-", "--", "_", ".", "é", "Bearer ", "Basic "),
        *("\\n", "\\\\", "\\u001b"),
    ]
)
VALUES: Final = st.sampled_from(
    [
        *("hunter2", "a", "12345", "true", "null", "${X}", "****", REDACTED, "[redacted", "redacted]", "required"),
        *("ORD-4711", 'id "abc"', "first\nsecond", "the end", "-----BEGIN PRIVATE KEY-----", "x@y", "u:p@h"),
        *(secret.secret for secret in SECRETS),
    ]
)
SPICED: Final = st.lists(WORDS | MARKS | VALUES | st.text(LETTERS, max_size=3), max_size=9).map("".join)
ONLY_AS_DATA: Final = {"label of a form", "cookies", "array under a key", "variable as data", "recovery codes"}
"""Secrets known by where they stand in a value, which a text does not tell."""

JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.floats(allow_nan=False) | SPICED,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SPICED | WORDS, inner, max_size=4),
    max_leaves=9,
)
BOTH: Final = pytest.mark.parametrize("redactor", [REDACTOR, OWN], ids=["built-in", "own"])


def redact(value: Any, path: str = "", *, redactor: Redactor = REDACTOR) -> tuple[Any, list[Finding]]:
    """Redact a value of whatever type."""
    return redactor.value(value, path)


def shape_of(value: Any) -> Any:
    """What redaction must not change: collections, their sizes, and everything that is no text."""
    if isinstance(value, dict):
        return [shape_of(item) for item in value.values()]
    if isinstance(value, list):
        return ["array", *map(shape_of, value)]
    return "text" if isinstance(value, str) else value


def wrapped(value: Any, ways: Iterable[str]) -> Any:
    """Put a value into others, from the inside out."""
    for way in ways:
        if way == "json":
            value = json.dumps(value, ensure_ascii=False)
        else:
            value = {"body": value, "n": 1} if way == "object" else ["a", value]
    return value


@pytest.mark.parametrize("case", SECRETS, ids=lambda case: case.name)
def test_secret_is_replaced(case: Secret) -> None:
    """The secret goes, and nothing else."""
    value = case.value()
    before = copy.deepcopy(value)
    redacted, findings = redact(value)

    assert case.value(REDACTED) == redacted
    assert findings
    assert before == value


@pytest.mark.parametrize("case", SECRETS, ids=lambda case: case.name)
def test_secret_is_suspected(case: Secret) -> None:
    """The pre-filter does not let it pass, and no finding tells it."""
    assert REDACTOR.suspects(orjson.dumps(case.value()))
    assert case.name in ONLY_AS_DATA or REDACTOR.suspects(orjson.dumps({"body": json.dumps(case.value())}).decode())
    assert case.secret not in repr(redact(case.value())[1])


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_look_alike_stays(name: str) -> None:
    """What only looks like a secret comes back as the very same object."""
    value = LOOK_ALIKES[name]
    redacted, findings = redact(value)

    assert [] == findings
    assert value is redacted


def test_recall_and_precision(record_property: Callable[[str, object], None]) -> None:
    """Over the corpus both are 100 %: no secret survives, and whatever is replaced is one."""
    caught = sum(case.secret not in json.dumps(redact(case.value())[0]) for case in SECRETS)
    alone = sum(case.value(REDACTED) == redact(case.value())[0] for case in SECRETS)
    wrong = len(SECRETS) - alone + sum(bool(redact(value)[1]) for value in LOOK_ALIKES.values())
    recall, precision = caught / len(SECRETS), caught / (caught + wrong)
    record_property(
        "measured",
        f"recall {recall:.1%}, precision {precision:.1%}; {len(SECRETS)} secrets, {len(LOOK_ALIKES)} look-alikes",
    )

    assert 1.0 == recall
    assert 1.0 == precision


def test_corpus_is_large_enough() -> None:
    """At least 80 of each, and every rule of the tables hits at least one of them."""
    rules = {finding.rule for case in SECRETS for finding in redact(case.value())[1]}
    untouched = {row.rule for row in (*SHAPES, *CONTEXTS, *KEYS)} - rules

    assert min(len(SECRETS), len(LOOK_ALIKES)) >= 80
    assert set() == untouched


@BOTH
@given(value=JSON)
@example(value={"a": 'x "\nsk-' + "ant-" + "b" * 30})
@example(value={"API\tTOKEN": "b", "pin\n": "c"})
@example(value=["--token", "x"])
@example(value={"value": "x", "name": 'A\n\\"token'})
def test_prefilter_never_misses(redactor: Redactor, value: Any) -> None:
    """What it lets pass holds nothing to find: as JSON, as text, in an array, and as JSON within JSON."""
    data = orjson.dumps(value)
    for held in (value, data.decode(), {"body": data.decode()}, [json.dumps(data.decode())]):
        if redact(held, redactor=redactor)[1]:
            assert redactor.suspects(b"plain text\0" + orjson.dumps(held) + b"\0{}")
            assert not isinstance(held, str) or redactor.suspects(f"a\0{held}\0b")


@BOTH
@given(value=JSON)
@example(value="token=[redacted]x")
@example(value={"first\nsecondpin": "x"})
@example(value="--token ]-----BEGIN PRIVATE KEY-----\nMIIEabcdefghijklmnop$[--token : value")
@example(value={"password=a": 1, "password=b": 2, "password=[redacted]": 3})
def test_twice_is_as_once(redactor: Redactor, value: Any) -> None:
    """A second time finds nothing, in values and in their JSON as text."""
    once, _ = redact(value, redactor=redactor)
    text, _ = redactor.text(orjson.dumps(value).decode())

    assert (once, []) == redact(once, redactor=redactor)
    assert (text, []) == redactor.text(text)


@BOTH
@given(value=JSON)
def test_shape_stays(redactor: Redactor, value: Any) -> None:
    """As many keys and items as before, in their order; numbers, booleans and null untouched; nothing in place."""
    before = copy.deepcopy(value)
    redacted, findings = redact(value, redactor=redactor)

    assert shape_of(value) == shape_of(redacted)
    assert before == value
    assert findings or redacted is value


@pytest.mark.parametrize("case", SECRETS, ids=lambda case: case.name)
def test_secret_survives_nowhere(case: Secret) -> None:
    """However deep, also in JSON within JSON within JSON; and nothing but the secret goes."""
    kinds = ["object", "array"] if case.name in ONLY_AS_DATA else ["object", "array", "json"]
    ways = [way for depth in range(4) for way in itertools.product(kinds, repeat=depth)]

    assert [wrapped(case.value(REDACTED), way) for way in ways] == [
        redact(wrapped(case.value(), way))[0] for way in ways
    ]


@given(text=SPICED)
def test_text_without_suspects_is_the_same(text: str) -> None:
    """Where nothing is found a text is not even copied."""
    redacted, rules = REDACTOR.text(text)

    assert (redacted is text) == (rules == [])


def test_findings_tell_path_and_rule() -> None:
    """Where it was, in the order of the value, and by which rule."""
    value = {
        "headers": {"authorization": "Basic x", "accept": "*/*"},
        "options": [{"id": 1}, {"text": "postgres://a:b@c and token=abcd"}],
        "tokens_used": 5,
    }

    assert [
        Finding("input_context.headers.authorization", "authorization key"),
        Finding("input_context.options[1].text", "password in URL"),
        Finding("input_context.options[1].text", "token key"),
    ] == redact(value, "input_context")[1]


def test_text_names_each_rule_once() -> None:
    """However often it hits."""
    assert (f"token={REDACTED} token={REDACTED}", ["token key"]) == REDACTOR.text("token=abcd token=efgh")


def test_secret_keys_stay_apart() -> None:
    """Keys that are secrets themselves are replaced, and none is lost, nor one that was there."""
    one, two = (case.secret for case in SECRETS[:2])
    value = {one: 1, "a": 2, two: 3, f"{REDACTED} (2)": 4}
    redacted, findings = redact(value)

    assert {REDACTED: 1, "a": 2, f"{REDACTED} (3)": 3, f"{REDACTED} (2)": 4} == redacted
    assert [REDACTED, f"{REDACTED} (3)"] == [finding.at for finding in findings]


def test_everything_under_a_secret_key() -> None:
    """Its texts go, however deep; numbers, booleans and null are no secrets."""
    value = {"credentials": {"user": "ada", "port": 5432, "more": [None, True, ["x", 1.5]], "empty": ""}}

    assert {
        "credentials": {"user": REDACTED, "port": 5432, "more": [None, True, [REDACTED, 1.5]], "empty": ""}
    } == redact(value)[0]


def test_deep_nesting() -> None:
    """254 levels, and a stack that has little room left."""
    value: Any = {"password": "x"}
    for _ in range(5_000):
        value = [value]
    redacted, [finding] = redact(value)
    for _ in range(5_000):
        [redacted] = redacted

    assert {"password": REDACTED} == redacted
    assert "[0]" * 5_000 + ".password" == finding.at


def test_lone_surrogates() -> None:
    """A text that UTF-8 cannot say hides nothing and stays what it is."""
    assert f"\ud83d token={REDACTED}\n\ud83d" == REDACTOR.text("\ud83d token=a\udc00b\n\ud83d")[0]
    assert REDACTOR.suspects("\ud83d token=a\udc00b")


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("ship ORD-4711 now", f"ship {REDACTED} now"),
        ('id "abc" and id "ab1"', f'{REDACTED} and id "ab1"'),
        ("first\nsecond", REDACTED),
        ("this is the end", f"this is {REDACTED}"),
        ("the end is near", "the end is near"),
        ("PIN: 12ab", f"PIN: {REDACTED}"),
        ("pinned=yes spin=1 pins=2", "pinned=yes spin=1 pins=2"),
        ("account-number=DE89", f"account-number={REDACTED}"),
        ("token=abcd", f"token={REDACTED}"),
    ],
)
def test_own_rules(text: str, redacted: str) -> None:
    """A user's patterns and keys stand beside the built-in ones."""
    assert redacted == OWN.text(text)[0]


def test_own_keys_in_values() -> None:
    """By their words, in any spelling; the rule bears the name the user gave."""
    value = {"myPin": "1", "ACCOUNT_NUMBER_2": "2", "accountnumber": "3", "straße": "4", "pinboard": "5", "number": "6"}
    redacted, findings = redact(value, redactor=OWN)

    assert [REDACTED] * 4 + ["5", "6"] == list(redacted.values())
    assert ["pin key", "account number key", "account number key", "Straße key"] == [
        finding.rule for finding in findings
    ]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("first\nsecond", "first\nsecond"), (r"^end", "end"), (r"end$", "the end"), (r"\Aend\z", "end"), ('a"b', 'xa"bx')],
)
def test_own_pattern_is_suspected(pattern: str, text: str) -> None:
    """Also where JSON escapes what it asks for, or a text's edge is not the haystack's."""
    redactor = Redactor(patterns={"mine": pattern})

    assert redactor.text(text)[1] == ["mine"]
    assert redactor.suspects(b"plain\0" + orjson.dumps({"a": [text]}) + b"\0plain")


def test_mark_is_not_redacted() -> None:
    """A user's pattern that fits the mark itself leaves it whole, and takes it along where it fits more."""
    redactor = Redactor(patterns={"word": "[a-z]{8}", "more": r"\] \d+"})

    assert (f"{REDACTED} {REDACTED}", ["word"]) == redactor.text(f"{REDACTED} abcdefgh")
    assert (REDACTED, ["more"]) == redactor.text(f"{REDACTED} 17")


@pytest.mark.parametrize("pattern", ["(", r"(?=x)", r"(a)\1", "\ud83d", "a*", "^", ""])
def test_unusable_pattern_is_refused(pattern: str) -> None:
    """When the redactor is made, by name: what does not compile, and what would match everywhere."""
    with pytest.raises(ConfigError, match="pattern 'mine'"):
        Redactor(patterns={"mine": pattern})


def test_one_text_is_no_list_of_keys() -> None:
    """A text is iterable too, and its letters would be taken for keys."""
    with pytest.raises(ConfigError, match="keys='pin'"):
        Redactor(keys="pin")


@given(value=JSON)
@example(value=[secret.value() for secret in SECRETS])
def test_glance_overlooks_nothing(value: Any) -> None:
    """What the exact pre-filter finds, in JSON or in a text of it, the first look finds too."""
    data = orjson.dumps(value)

    for text in (data, json.dumps(data.decode()).encode()):
        assert built_in_glance()(text) or not built_in_hint()(text)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{SHAPES.index(shape)} {shape.rule}")
def test_glance_finds_every_shape(shape: Shape) -> None:
    """Each kind of secret by itself, without a letter around it."""

    @settings(max_examples=20)
    @given(st.from_regex(pattern_of(shape), fullmatch=True, alphabet=st.characters(codec="ascii")))
    def check(secret: str) -> None:
        assert built_in_glance()(secret.encode())

    check()


HOSTILE: Final = {
    "keys": "token ",
    "key and value": "token=abcd ",
    "open quotes": "password='a",
    "begins of keys": "-----BEGIN PRIVATE KEY-----\nA: b",
    "URLs": "a://b:c",
    "bearers": "bearer ",
    "JWT": "eyJaaaaaaaaaa.",
    "spaces": "token" + " " * 500,
    "backslashes": 'token=\\\\\\\\\\\\"',
    "placeholders": "token=\"${token='${",
    "dashes": "--token-",
    "commas": "token=a,",
    "ampersands": "token=a&b",
    "calls": "token=f(",
    "one word": "a",
    "cookies": "cookie: a=",
    "quoted names": '"name":"',
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("redactor", [REDACTOR, Redactor(patterns={"evil": "(a|aa|b*)+c"})], ids=["built-in", "own"])
def test_time_grows_with_the_text_only(redactor: Redactor, name: str) -> None:
    """Eight times the text takes about eight times as long, whatever it holds."""
    unit = HOSTILE[name]
    short, long = (unit * (size // len(unit)) for size in (16_384, 8 * 16_384))
    redactor.text(short)
    started = time.thread_time()  # not the clock: it would count what else the machine does
    redactor.text(short)
    between = time.thread_time()
    redactor.text(long)
    ended = time.thread_time()

    assert ended - between < 8 * 4 * max(between - started, 0.005)


def test_nobody_pays_who_does_not_redact() -> None:
    """`import runspan` loads neither this package nor RE2."""
    code = "import sys, runspan; print([name for name in sys.modules if name in ('re2', 'runspan.redaction')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]" == done.stdout.strip()


def tables() -> str:
    """Return the tables of docs/redaction.md."""
    keys = [f"| {row.rule} | {', '.join(f'`{ending}`' for ending in row.endings)} |" for row in KEYS]
    contexts = [f"| {row.rule} | {row.told} |" for row in CONTEXTS]
    starts: dict[str, list[str]] = {}
    for shape in SHAPES:
        starts.setdefault(shape.rule, []).extend(f"`{start}…`" for start in shape.starts)
    shapes = [f"| {rule} | {' '.join(begins) or 'by its form'} |" for rule, begins in starts.items()]
    return "\n".join(
        [
            *("", "### Keys", "", "| rule | last words of the key |", "|---|---|", *keys, ""),
            f"No token key: one whose word before `token` is {', '.join(f'`{word}`' for word in NOT_TOKENS)}.",
            *("", "### Surroundings", "", "| rule | what is replaced |", "|---|---|", *contexts),
            *("", "### Shapes", "", "| rule | begins with |", "|---|---|", *shapes, ""),
        ]
    )


def test_page_shows_the_rules(golden: Golden) -> None:
    """The tables of the page are those of the code."""
    page = PAGE.read_text(encoding="utf-8")
    begin, end = "<!-- rules -->\n", "<!-- end of rules -->"
    middle = re.compile(f"(?<={begin}).*(?={end})", re.DOTALL)

    golden("docs/redaction.md", middle.sub(lambda _: tables(), page))
