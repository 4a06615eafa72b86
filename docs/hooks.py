"""What MkDocs does beyond its configuration: pages made of the repository's own documents, and their links.

Links in every document are those of the repository, so that they work where the files are; here they become links of
the site. A link to a program or a configuration leads to its text, at the end of the page of its folder.
"""

from __future__ import annotations

import logging
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

__all__ = ["DOCUMENTS", "on_files", "on_page_markdown", "site_link"]

ROOT: Final = Path(__file__).resolve().parents[1]

DOCUMENTS: Final = {
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "collector-config/README.md": "collector-config.md",
    "examples/README.md": "examples.md",
}
"""Documents outside docs/ that are pages of the site, by the page each becomes."""

_SHOWN: Final = {
    "collector-config/README.md": ("collector-config/*.yaml", "collector-config/*.json"),
    "examples/README.md": ("examples/**/*.py", "examples/support_agent/*.jsonl"),
}
"""Programs and configurations whose text stands at the end of a document's page."""

_STANDS_FOR: Final = {"README.md": "index.md", "examples": "examples.md", "collector-config": "collector-config.md"}
_LINK: Final = re.compile(r"(?<=\]\()[^)\s]+(?=\))")
_FENCED: Final = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_LANGUAGES: Final = {".py": "python", ".yaml": "yaml", ".json": "json", ".jsonl": "json"}

_logger: Final = logging.getLogger("mkdocs.hooks.runspan")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the documents that live outside docs/."""
    for source, uri in DOCUMENTS.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        shown = sorted(path for pattern in _SHOWN.get(source, ()) for path in ROOT.glob(pattern))
        if shown:
            text += "\n## The files\n" + "".join(_shown(path.relative_to(ROOT).as_posix()) for path in shown)
        files.append(File.generated(config, uri, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - MkDocs' names
    """Turn the links of a document, which are the repository's, into links of the site."""
    uri = page.file.src_uri
    source = next((document for document, made in DOCUMENTS.items() if made == uri), f"docs/{uri}")
    parts = re.split(f"({_FENCED.pattern})", markdown, flags=_FENCED.flags)
    parts[::2] = [_LINK.sub(lambda link: site_link(link[0], source, uri), part) for part in parts[::2]]
    return "".join(parts)


def site_link(target: str, source: str, uri: str) -> str:
    """Return where a link leads on the site.

    Args:
        target: The link as the document has it.
        source: The document's path in the repository.
        uri: The page it is shown on.
    """
    path, _, anchor = target.partition("#")
    if not path or ":" in path:
        return target
    wanted = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    place = _place(wanted)
    if place is None:
        _logger.warning("%s links to %s, which is not part of the site", source, target)
        return target
    page, _, own_anchor = place.partition("#")
    anchor = anchor or own_anchor
    return posixpath.relpath(page, posixpath.dirname(uri) or ".") + (f"#{anchor}" if anchor else "")


def _place(wanted: str) -> str | None:
    """Return the page, and its section, that show a file of the repository; None if none does."""
    if wanted.startswith("docs/"):
        return wanted.removeprefix("docs/")
    folder = wanted.split("/", maxsplit=1)[0]
    if wanted in DOCUMENTS or wanted in _STANDS_FOR:
        return DOCUMENTS.get(wanted) or _STANDS_FOR[wanted]
    if folder in _STANDS_FOR and (ROOT / wanted).is_file():
        return f"{_STANDS_FOR[folder]}#{_anchor(wanted)}"
    return None


def _shown(path: str) -> str:
    language = _LANGUAGES[Path(path).suffix]
    text = (ROOT / path).read_text(encoding="utf-8").rstrip()
    return f"\n### {path.partition('/')[2]} {{ #{_anchor(path)} }}\n\n````{language}\n{text}\n````\n"


def _anchor(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", path.lower())
