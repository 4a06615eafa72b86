"""The documentation site: it builds without a complaint, holds every page, and loads nothing from elsewhere."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import subprocess
import sys
import zlib
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Final

import pytest
from mkdocs.config import load_config

from tests.browser import Browser
from tests.doc_blocks import ROOT
from tests.reliability.tools import require

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

pytestmark = pytest.mark.site

PUBLIC: Final = (
    "runspan",
    "runspan.diff",
    "runspan.errors",
    "runspan.insights",
    "runspan.interchange",
    "runspan.pages",
    "runspan.testing",
)
LOADING: Final = {"src", "srcset", "poster", "data"}
NOWHERE: Final = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` does, by a process whose every way out leads nowhere."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {"NO_MKDOCS_2_WARNING": "1", "http_proxy": NOWHERE, "https_proxy": NOWHERE}
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=300
    )

    assert 0 == done.returncode, done.stderr
    return folder


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    """docs/hooks.py, which is no module of a package."""
    spec = importlib.util.spec_from_file_location("hooks", ROOT / "docs" / "hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def places(nav: list[dict[str, Any]]) -> list[str]:
    """Return the pages of a navigation, in its order."""
    found: list[str] = []
    for entry in nav:
        for value in entry.values():
            found += places(value) if isinstance(value, list) else [value]
    return found


def test_every_page_is_in_the_navigation(hooks: ModuleType) -> None:
    """Those of docs/, and the documents beside it, each once."""
    nav = places(load_config(str(ROOT / "mkdocs.yml")).nav or [])
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in ROOT.glob("docs/**/*.md")}

    assert sorted(pages | set(hooks.DOCUMENTS.values())) == sorted(nav)


def test_every_page_is_built(site: Path, hooks: ModuleType) -> None:
    """As HTML, with its heading."""
    sources = {uri: ROOT / source for source, uri in hooks.DOCUMENTS.items()}
    sources |= {path.relative_to(ROOT / "docs").as_posix(): path for path in ROOT.glob("docs/**/*.md")}
    for uri, source in sources.items():
        heading = re.findall(r"^# (.*)$", source.read_text(encoding="utf-8"), re.MULTILINE)[0].replace("`", "")
        page = (site / uri).with_suffix(".html").read_text(encoding="utf-8")

        assert f">{heading}<" in re.sub(r"</?code>", "", page), uri


class _Loaded(HTMLParser):
    """Collects what a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        loading = LOADING | ({"href"} if tag == "link" else set())
        self.found += [value for name, value in attrs if name in loading and value]


def loaded_by(path: Path) -> list[str]:
    """Return the addresses of what a page or style sheet loads."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".css":
        return re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')\s]+)", text)
    parser = _Loaded()
    parser.feed(text)
    return parser.found


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """Scripts, styles, fonts and pictures are the site's own."""
    files = [*site.rglob("*.html"), *site.rglob("*.css")]
    loaded = [(path.relative_to(site).as_posix(), address) for path in files for address in loaded_by(path)]

    assert len(loaded) > len(files)
    assert [] == [each for each in loaded if re.match(r"(?:[a-z]+:)?//", each[1])]


def test_browser_asks_nobody(site: Path, tmp_path: Path) -> None:
    """A real one, with all scripts at work."""
    require("chromium")
    with Browser(tmp_path / "chromium") as browser:
        for name in ("index", "tutorial", "collector-config", "reference/runtime"):
            page = browser.open(site / f"{name}.html")
            page.settle()

            assert [] == [url for url in page.requests if not url.startswith(("file://", "data:", "blob:"))]


def test_every_public_name_is_in_the_reference(site: Path) -> None:
    """What `__all__` of a public module has, has a place to link to."""
    inventory = zlib.decompress((site / "objects.inv").read_bytes().split(b"\n", 4)[4]).decode()
    told = {line.split()[0] for line in inventory.splitlines()}
    public = {f"{module}.{name}" for module in PUBLIC for name in importlib.import_module(module).__all__}

    assert set() == public - told


@pytest.mark.parametrize(
    ("target", "source", "uri", "leads_to"),
    [
        ("production.md", "docs/howto/recovery.md", "howto/recovery.md", "production.md"),
        ("../cli.md#runspan-list", "docs/howto/recovery.md", "howto/recovery.md", "../cli.md#runspan-list"),
        ("docs/redaction.md", "CHANGELOG.md", "changelog.md", "redaction.md"),
        ("../../collector-config/README.md", "docs/howto/original.md", "howto/original.md", "../collector-config.md"),
        ("crew.py", "examples/README.md", "examples.md", "examples.md#examples-crew-py"),
        ("../README.md#limits", "docs/index.md", "index.md", "index.md#limits"),
        ("https://example.com/a.md", "docs/index.md", "index.md", "https://example.com/a.md"),
        ("#here", "docs/index.md", "index.md", "#here"),
    ],
)
def test_links_of_the_repository_become_the_sites(
    hooks: ModuleType, target: str, source: str, uri: str, leads_to: str
) -> None:
    """From wherever the document stands."""
    assert leads_to == hooks.site_link(target, source, uri)


def test_link_out_of_the_site_is_told(hooks: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    """MkDocs counts the warning, and a strict build fails."""
    hooks.site_link("../pyproject.toml", "docs/index.md", "index.md")

    assert ["docs/index.md links to ../pyproject.toml, which is not part of the site"] == caplog.messages
