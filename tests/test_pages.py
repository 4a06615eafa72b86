"""Pages in a real browser: nothing recorded runs, nothing is loaded, everything is reachable, light and dark."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
from click.testing import CliRunner

import runspan
from runspan.cli import main
from runspan.insights import find_insights
from runspan.pages import insights_page, run_page
from runspan.testing import SequentialIds, StepClock
from runspan.values import loads
from tests.browser import Browser
from tests.many_runs import made_runs
from tests.reliability.tools import require
from tests.screenshots import FOLDER, NAMES, sample_pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

    from tests.browser import Page

HOSTILE: Final = (
    "<img src=x onerror=document.title='pwned'>",
    "</script><script>document.title='pwned'</script>",
    "</style></pre></title></textarea><svg onload=document.title='pwned'>",
    "\"' onmouseover=document.title='pwned' autofocus onfocus=document.title='pwned' x=\"",
    "javascript:document.title='pwned'",
    "{{ 7 * 7 }}{% raw %}<b>&lt;i&gt;</b>",
    "<base href='https://example.com/'><link rel=stylesheet href=//example.com/x.css><iframe src=//example.com>",
    "\u202eright to left\u2066\x1b[31mred\x00\x07\u2028\ud83d",
)
KEY_TAB: Final = ("Tab", 9)
KEY_ENTER: Final = ("Enter", 13, "\r")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A real Chromium, one for all tests of this file."""
    require("chromium")
    with Browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A run that shows everything."""
    runtime = runspan.Runtime(tmp_path_factory.mktemp("runs"), clock=StepClock(), run_digits=SequentialIds().run_digits)
    options: list[dict[str, Any]] = [
        {"id": "pay", "description": "Refund at once", "pros": ["quick"], "cons": ["costs money"], "confidence": 0.8},
        {"id": "escalate", "description": "Ask a person", "action_params": {"team": "billing"}},
    ]
    runtime.start_run("refund", "Refund an order", {"order": 8812})
    with runtime.decision("Choose a remedy", options, "pay", "Below the limit.", constraints=["at most 150"]) as outer:
        inner = runtime.decide("Find the payment", options, "pay", "", node_id="ledger", context={"try": 1})
        runtime.record_outcome(inner, success=False, error="HTTP 503\nfrom the ledger", latency_ms=120, tokens_used=900)
        runtime.report_problem("critical", "The ledger is down", inner, root_cause="night job", suggested_fix="wait")
        outer.outcome(result={"paid": 129.9}, summary="Refunded", latency_ms=2_000)
    runtime.decide("Tell the customer", options, "fax", "")
    runtime.report_problem("minor", "It took long")
    runtime.end_run(success=False, narrative="Refunded late.", output_data={"paid": True})
    assert runtime.storage is not None
    (run_id,) = runtime.storage.list_all_runs()
    stored = runtime.storage.load_run(run_id)
    assert stored is not None
    return stored.model_dump(mode="json")


def hostile_run(number: int = 0) -> dict[str, Any]:
    """A run each of whose fields is one of the hostile texts, and a few are 10 MB long."""
    bad = HOSTILE[number % len(HOSTILE)]
    long = bad * (10_000_000 // len(bad)) if number < 2 else bad
    option = {
        "id": bad,
        "description": long,
        "action_type": bad,
        "action_params": {bad: long},
        "pros": [bad],
        "cons": [bad],
        "confidence": 0.7,
    }
    outcome = {
        "success": False,
        "result": {bad: [long]},
        "error": long,
        "state_changes": {bad: bad},
        "tokens_used": 3,
        "latency_ms": 4,
        "summary": long,
        "timestamp": "2026-11-23T12:00:01Z",
    }
    decision = {
        "id": bad,
        "timestamp": "2026-11-23T12:00:00Z",
        "node_id": bad,
        "intent": bad,
        "decision_type": bad,
        "options": [option, option],
        "chosen_option_id": bad,
        "reasoning": long,
        "active_constraints": [bad],
        "input_context": {bad: bad},
        "outcome": outcome,
        "evaluation": {"goal_aligned": True, "outcome_quality": 1.0, "explanation": bad},
        "parent_decision_id": bad,
    }
    problem = {
        "id": bad,
        "severity": bad,
        "description": long,
        "root_cause": bad,
        "decision_id": bad,
        "timestamp": "2026-11-23T12:00:00Z",
        "suggested_fix": bad,
    }
    return {
        "id": bad,
        "goal_id": bad,
        "started_at": "2026-11-23T12:00:00Z",
        "status": bad,
        "completed_at": "2026-11-23T12:00:02Z",
        "decisions": [decision, decision],
        "problems": [problem],
        "metrics": {"total_decisions": 2, "successful_decisions": 0, "total_tokens": 3, "nodes_executed": [bad]},
        "narrative": long,
        "goal_description": long,
        "input_data": {bad: long},
        "output_data": {bad: bad},
        "trace_id": bad,
        "agent_name": bad,
        "session_id": bad,
        "incomplete": [bad],
    }


def written(folder: Path, page: str) -> Path:
    """The page as a file."""
    path = folder / "page.html"
    path.write_bytes(page.encode(errors="backslashreplace"))
    return path


def pages(run: dict[str, Any]) -> list[str]:
    """Both pages."""
    return [run_page(run), insights_page(find_insights(made_runs(600)))]


def assert_harmless(page: Page, path: Path) -> None:
    """Nothing ran, nothing was loaded, nothing of what was recorded became an element."""
    page.settle()
    page.value("document.querySelectorAll('details').forEach(each => { each.open = true })")
    page.settle()

    assert "pwned" != page.value("document.title")
    assert not page.has_run_script
    assert [path.as_uri()] == page.requests
    assert [] == page.complaints
    assert 0 == page.value(
        "document.querySelectorAll('script, img, iframe, object, embed, base, link, form, b i').length"
    )
    assert 0 == page.value(
        "[...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => a.name.startsWith('on'))).length"
    )
    assert [] == page.value("[...document.querySelectorAll('a')].map(a => a.href).filter(h => !h.startsWith('file:'))")


# Harmless.


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_nothing_of_a_hostile_run_runs(browser: Browser, tmp_path: Path, number: int) -> None:
    """Whatever field it stands in, it is text, cut where it is long, and nothing is loaded."""
    text = run_page(hostile_run(number))
    path = written(tmp_path, text)
    page = browser.open(path)

    assert len(text) < 1_000_000
    assert_harmless(page, path)
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u2028]", page.value("document.body.textContent")
    )
    assert (number < 2) == ("more characters; the run file has them" in page.value("document.body.textContent"))


def test_hostile_texts_are_shown_as_they_are(browser: Browser, tmp_path: Path) -> None:
    """Markup as text, control characters and bidi marks as escapes."""
    shown = [
        browser.open(written(tmp_path, run_page(hostile_run(number)))).value("document.querySelector('h1').textContent")
        for number in range(len(HOSTILE))
    ]

    assert all(text in heading for text, heading in zip(HOSTILE[:-1], shown[:-1], strict=True))
    assert "\\u202eright to left\\u2066\\x1b[31mred\\x00\\x07\\u2028\\ud83d" in shown[-1]


def test_nothing_of_hostile_insights_runs(browser: Browser, tmp_path: Path) -> None:
    """In tables and in plots."""
    runs = [
        hostile_run(number) | {"status": status} for number in range(2, 8) for status in ("failed", "completed") * 30
    ]
    for wrong in runs[::2]:
        wrong["started_at"] = "2026-11-20T12:00:00Z"
        wrong["decisions"] = [wrong["decisions"][0] | {"chosen_option_id": "other"}] * 2
    path = written(tmp_path, insights_page(find_insights(runs), selection=HOSTILE[0]))
    page = browser.open(path)

    assert 5 == page.value("document.querySelectorAll('svg.plot').length")
    assert_harmless(page, path)


@pytest.mark.parametrize("index", [0, 1])
def test_the_policy_stops_what_escaping_might_miss(
    browser: Browser, tmp_path: Path, run: dict[str, Any], index: int
) -> None:
    """Put into the page by hand, neither script nor style nor image gets through."""
    planted = (
        "<script>document.title='pwned'</script><img src=http://127.0.0.1:9/x onerror=document.title='pwned'>"
        "<style>body{display:none}</style><p id=styled style='position:fixed'>x</p>"
    )
    text = pages(run)[index].replace("</main>", planted + "</main>")
    path = written(tmp_path, text)
    page = browser.open(path)
    page.settle()

    assert "pwned" != page.value("document.title")
    assert "block" == page.value("getComputedStyle(document.body).display")
    assert "static" == page.value("getComputedStyle(document.getElementById('styled')).position")
    assert page.complaints
    failed = [told["params"] for told in page.events if told["method"] == "Network.loadingFailed"]
    assert ["csp"] * (len(page.requests) - 1) == [each.get("blockedReason") for each in failed]


def test_pages_load_nothing(browser: Browser, tmp_path: Path, run: dict[str, Any]) -> None:
    """Only the file itself, which names no other."""
    for text in pages(run):
        path = written(tmp_path, text)

        assert_harmless(browser.open(path), path)
        assert {"http://www.w3.org/2000/svg"} >= set(re.findall(r"https?://[^\s\"'<]+", text))


# Readable.


@pytest.mark.parametrize("index", [0, 1])
def test_every_fold_is_reached_and_opened_by_keyboard(
    browser: Browser, tmp_path: Path, run: dict[str, Any], index: int
) -> None:
    """Tab visits each one, visibly; Enter opens and closes it."""
    page = browser.open(written(tmp_path, pages(run)[index]))
    page.value("document.querySelectorAll('details').forEach(each => { each.open = true })")
    page.value("window.seen = new Set()")
    stops = page.value("document.querySelectorAll('a, summary, [tabindex=\"0\"]').length")
    outlines = set()
    for _ in range(stops):
        page.press(*KEY_TAB)
        outlines.add(
            page.value("seen.add(document.activeElement), getComputedStyle(document.activeElement).outlineStyle")
        )
    folds = page.value("document.querySelectorAll('summary').length")

    assert folds > 3
    assert {"solid"} == outlines
    assert 0 == page.value("[...document.querySelectorAll('summary')].filter(each => !seen.has(each)).length")
    page.value("document.querySelector('summary').focus()")
    page.press(*KEY_ENTER)
    assert page.value("document.querySelector('details').open") is False
    page.press(*KEY_ENTER)
    assert page.value("document.querySelector('details').open") is True


CONTRAST: Final = """
(() => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const back = e => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; }
    return [255, 255, 255]; };
  const texts = [...document.querySelectorAll('main *')].filter(e => !e.closest('svg') &&
    [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()));
  return Math.min(...texts.map(e => {
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(back(e))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05); }));
})()
"""


@pytest.mark.parametrize("index", [0, 1])
def test_light_and_dark(browser: Browser, tmp_path: Path, run: dict[str, Any], index: int) -> None:
    """Each has its colours, and enough contrast by WCAG AA for all texts."""
    path = written(tmp_path, pages(run)[index])
    seen = {}
    for scheme in ("light", "dark"):
        page = browser.open(path, scheme=scheme)
        page.value("document.querySelectorAll('details').forEach(each => { each.open = true })")
        page.settle()
        seen[scheme] = page.screenshot(), page.value("getComputedStyle(document.body).backgroundColor")

        assert page.value(CONTRAST) >= 4.5

    assert ("rgb(255, 255, 255)", "rgb(20, 23, 28)") == (seen["light"][1], seen["dark"][1])
    assert seen["light"][0] != seen["dark"][0]


@pytest.mark.parametrize("width", [360, 800, 1_600])
def test_fits_the_window(browser: Browser, tmp_path: Path, run: dict[str, Any], width: int) -> None:
    """Telephone or desktop: nothing has to be moved sideways, except tables inside their frames."""
    for text in pages(run):
        page = browser.open(written(tmp_path, text), width=width)
        page.value("document.querySelectorAll('details').forEach(each => { each.open = true })")

        assert page.value("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("index", [0, 1])
def test_a_screen_reader_finds_its_way(browser: Browser, tmp_path: Path, run: dict[str, Any], index: int) -> None:
    """A language, one first heading, no level left out, a name for every picture, table frame and region."""
    page = browser.open(written(tmp_path, pages(run)[index]))
    page.value("document.querySelectorAll('details').forEach(each => { each.open = true })")
    nodes = [node for node in page.call("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]
    named = {"image", "img", "region", "navigation", "link"}
    levels = page.value("[...document.querySelectorAll('h1, h2, h3, h4')].map(each => Number(each.tagName[1]))")

    assert "en" == page.value("document.documentElement.lang")
    assert 1 == levels[0]
    assert 1 == levels.count(1)
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))
    assert [] == [node for node in nodes if node["role"]["value"] in named and not node.get("name", {}).get("value")]
    assert {"heading", "DisclosureTriangle"} <= {node["role"]["value"] for node in nodes}


# What they show.


def test_run_page_shows_the_run(browser: Browser, tmp_path: Path, run: dict[str, Any]) -> None:
    """The timeline nests, the chosen option is marked, all that was recorded is there."""
    page = browser.open(written(tmp_path, run_page(run)))
    text = page.value("document.body.textContent")

    assert ["Choose a remedy", "Find the payment"] == page.value(
        "[...document.querySelector('.timeline > li').querySelectorAll('a')].map(each => each.textContent)"
    )
    assert 3 == page.value("document.querySelectorAll('.timeline a').length")
    tracks = "[...document.querySelectorAll('.track')].map(each => each.getBoundingClientRect())"
    assert 1 == page.value(f"new Set({tracks}.map(each => `${{each.left}} ${{each.width}}`)).size")
    assert 2 == page.value("document.querySelectorAll('li.chosen').length")
    assert "pay chosen" == page.value("document.querySelector('li.chosen p').textContent").strip()
    assert all(
        word in text
        for word in ("Refund an order", "Below the limit.", "at most 150", "costs money", "billing", "HTTP 503\nfrom")
    )
    assert all(word in text for word in ("The ledger is down", "night job", "wait", "129.9", "8812", "Refunded late."))
    assert "Chosen was fax, which is none of the options." in text
    assert "None was recorded." in text
    assert page.value("[...document.querySelectorAll('.timeline a')].every(a => document.querySelector(a.hash))")


def test_run_page_links_to_jaeger(run: dict[str, Any]) -> None:
    """Where there is one."""
    link = f'href="http://jaeger:16686/trace/{"a" * 32}"'

    assert link in run_page(run | {"trace_id": "a" * 32}, jaeger_url=f"http://jaeger:16686/trace/{'a' * 32}")
    assert 'href="http' not in run_page(run)


def test_insights_page_shows_what_was_found(browser: Browser, tmp_path: Path) -> None:
    """Every finding, and a figure for each plot."""
    found = find_insights(made_runs(1_500))
    page = browser.open(written(tmp_path, insights_page(found, selection="Only goal refund")))

    assert [finding.text for finding in found.findings] == page.value(
        "[...document.querySelectorAll('.findings li')].map(each => each.textContent)"
    )
    assert 5 == page.value("document.querySelectorAll('svg.plot').length")
    assert page.value("[...document.querySelectorAll('svg.plot')].every(each => each.getBBox().width > 100)")
    assert "Only goal refund" in page.value("document.body.textContent")


def test_pages_of_nothing(run: dict[str, Any]) -> None:
    """No run, no decision: a page that says so."""
    assert "Insights into 0 runs" in insights_page(find_insights([]))
    assert "This run made no decisions." in run_page(run | {"decisions": [], "problems": []})


def test_runs_of_any_size(run: dict[str, Any]) -> None:
    """What is beyond the bounds is counted; the chosen option is shown wherever it stands; chains end."""
    decision = run["decisions"][0]
    many = [decision | {"id": f"dec_{number}", "parent_decision_id": f"dec_{number - 1}"} for number in range(1_200)]
    many[0] |= {"options": [decision["options"][0] | {"id": f"o{n}"} for n in range(99)], "chosen_option_id": "o98"}
    text = run_page(run | {"decisions": many, "problems": run["problems"] * 200})

    assert "200 of 1,200 decisions are not on this page" in text
    assert "78 more options" in text
    assert '<strong class="id">o98</strong> <span class="badge chosen">chosen</span>' in text
    assert "200 more problems" in text
    assert 9 == max(
        text[: match.start()].count("<ol") - text[: match.start()].count("</ol") for match in re.finditer("<li>", text)
    )


# The commands.


def command(*arguments: object, **environment: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments], env=environment, prog_name="runspan")


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    """A storage with one run."""
    runtime = runspan.Runtime(tmp_path / "storage", clock=StepClock(), run_digits=SequentialIds().run_digits)
    with runtime.run("tea"):
        runtime.record_outcome(runtime.quick_decision("make tea", "Boil water", "It is five."), success=True)
    assert runtime.storage is not None
    return runtime.storage.base_path


def test_commands_write_pages(storage: Path, tmp_path: Path) -> None:
    """Into a file without a word, or to standard output; the same bytes each time."""
    for words in (["show", "latest"], ["insights"]):
        path = tmp_path / "out.html"
        quiet, loud = (command(*words, "-s", storage, "--html", target) for target in (path, "-"))

        assert (0, 0, "") == (quiet.exit_code, loud.exit_code, quiet.output)
        assert path.read_bytes() == loud.stdout_bytes
        assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_show_links_to_the_configured_jaeger(storage: Path) -> None:
    """Where the run has a trace."""
    path = next((storage / "runs").glob("*.json"))
    told = loads(path.read_bytes())
    assert isinstance(told, dict)
    path.write_text(json.dumps(told | {"trace_id": "b" * 32}), encoding="utf-8")
    url = "http://127.0.0.1:16686"

    assert (
        f'href="{url}/trace/{"b" * 32}"'
        in command("show", "latest", "-s", storage, "--html", "-", RUNSPAN_JAEGER_URL=url).output
    )
    assert "/trace/" not in command("show", "latest", "-s", storage, "--html", "-").output


def test_a_page_that_cannot_be_written(storage: Path, tmp_path: Path) -> None:
    """One line and exit code 2."""
    for target in (tmp_path, tmp_path / "none" / "x.html"):
        for words in (["show", "latest"], ["insights"]):
            result = command(*words, "-s", storage, "--html", target)

            assert 2 == result.exit_code
            assert "Error: " in result.stderr


def test_templates_load_only_for_pages(storage: Path) -> None:
    """`--help` and a run as a tree do without Jinja2 and pygal."""
    code = (
        "import sys; from runspan.cli import main\n"
        f"try: main({['show', 'latest', '-s', str(storage)]!r})\n"
        "except SystemExit: pass\n"
        "print([name for name in ('jinja2', 'pygal', 'runspan.pages') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert "[]" == done.stdout.splitlines()[-1]


def test_insights_page_names_its_selection(storage: Path) -> None:
    """Since a time from now back it is the time that counts."""
    told = command("insights", "-s", storage, "--goal", "tea", "--since", "2020-01-01T00:00:00Z", "--html", "-").output
    day = (datetime.now(UTC) - timedelta(days=1)).date()

    assert "Only goal tea, since 2020-01-01 00:00 UTC" in told
    assert f"since {day}" in command("insights", "-s", storage, "--since", "1d", "--html", "-").output


def test_pictures_of_the_documents_are_small() -> None:
    """There is one of each, which a page loads quickly."""
    for name in NAMES:
        data = (FOLDER / f"{name}.png").read_bytes()

        assert data.startswith(b"\x89PNG")
        assert len(data) < 300_000


def test_pictures_show_the_same_each_time(tmp_path: Path) -> None:
    """What they are taken of is made up anew without a difference."""
    one, other = (sample_pages(tmp_path / name) for name in ("one", "other"))

    assert one == other


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    """Pages need two packages that nothing else does."""
    program = "import sys; sys.modules['jinja2'] = None; from runspan.cli import main; main()"
    runspan.FileStorage(tmp_path)
    command = [sys.executable, "-c", program, "insights", "-s", str(tmp_path), "--html", str(tmp_path / "page.html")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert 2 == done.returncode
    assert "pip install 'runspan[pages]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_making_a_page_leaves_the_process_as_it_was() -> None:
    """Distributions are found as before, and no import warns."""
    program = "import runspan.pages, importlib.metadata, colorsys; print(importlib.metadata.version('orjson'))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.strip()
