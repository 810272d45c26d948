"""HTML to PDF/UA-1 with WeasyPrint: our own style sheet and fonts, and nothing from anywhere else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

SCHEME = "jalon-static:"
FONTS = (
    "vendor/fonts/inter-latin-wght-normal.woff2",
    "vendor/fonts/inter-latin-ext-wght-normal.woff2",
    "vendor/fonts/inter-latin-wght-italic.woff2",
)
ALLOWED = frozenset(FONTS)
STYLE = Path(__file__).parent / "paper.css"


class PrintError(Exception):
    """The paper could not be laid out."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A finished PDF."""

    content: bytes
    pages: int


class OwnFilesOnly(URLFetcher):  # type: ignore[misc]
    """Opens the fonts of our static files; any other address stops the printing (no request leaves the server)."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False, fail_on_errors=True)

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        name = url.removeprefix(SCHEME)
        if name == url or name not in ALLOWED:
            raise FatalURLFetchingError("A paper may only use Jalon's own files.")
        return URLFetcherResponse(url, body=_static(name).read_bytes())


def print_pdf(html: str, *, also: Path | None = None) -> Printed:
    """The PDF/UA-1 of a whole HTML document (lang, title, real headings). Raises PrintError.

    ``also`` is a style sheet of our own that comes after the usual one.
    """
    fonts, styles = _styles(also)
    try:
        document = HTML(string=html, base_url=SCHEME, url_fetcher=OwnFilesOnly()).render(
            stylesheets=styles, font_config=fonts
        )
        content = document.write_pdf(pdf_variant="pdf/ua-1")
    except FatalURLFetchingError as error:
        raise PrintError(str(error)) from error
    return Printed(content, len(document.pages))


@cache
def _styles(also: Path | None) -> tuple[FontConfiguration, list[CSS]]:
    """The style sheets and their fonts, read once per process."""
    fonts = FontConfiguration()
    return fonts, [_style(path, fonts) for path in (STYLE, also) if path]


def _style(path: Path, fonts: FontConfiguration) -> CSS:
    text = path.read_text(encoding="utf-8")
    return CSS(string=text, base_url=SCHEME, url_fetcher=OwnFilesOnly(), font_config=fonts)


def _static(name: str) -> Path:
    """The file behind a static name. Raises PrintError when the front-end files were not built."""
    found = finders.find(name)
    if not isinstance(found, str):
        raise FatalURLFetchingError(f"The static file {name} is missing: run `npm run build`.")
    return Path(found)
