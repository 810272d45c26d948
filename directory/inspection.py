"""Opening a file that came from outside, to know what it really is. No database, no storage."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import IO

import structlog
from PIL import Image, ImageFile
from pypdf import PdfReader
from pypdf.errors import PdfReadError

from directory.files import CONTENT_TYPES, MAX_BYTES, FileKind, refusal, safe_name, sniff

log = structlog.get_logger(__name__)

MOST_PIXELS = 50_000_000
"""The largest picture of today's phones; beyond, decoding it would cost more memory than a worker should spend."""


class FileRefusedError(Exception):
    """The file is not accepted; the argument is the French reason, naming the file."""


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file fit to be kept: ``content`` in full, its real type, a safe name."""

    name: str
    content: bytes
    content_type: str
    sha256: str

    @property
    def size(self) -> int:
        return len(self.content)


def inspect(name: str, source: IO[bytes], size: int | None = None) -> CheckedFile:
    """Reads ``source`` whole and checks that it is a readable PDF, JPEG or PNG of 10 MB at most.

    Raises FileRefusedError with what to do instead.
    """
    shown = safe_shown(name)
    if size is not None and size > MAX_BYTES:
        raise FileRefusedError(_too_big(shown))
    content = source.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise FileRefusedError(_too_big(shown))
    kind = sniff(content[:4096])
    if not kind.is_accepted:
        raise FileRefusedError(refusal(kind, shown))
    _check_pdf(content, shown) if kind is FileKind.PDF else _check_image(content, kind, shown)
    return CheckedFile(safe_name(name, kind), content, CONTENT_TYPES[kind], hashlib.sha256(content).hexdigest())


def safe_shown(name: str) -> str:
    """A name short enough for a message."""
    base = name.replace("\\", "/").rpartition("/")[2] or "document"
    return base if len(base) <= 60 else f"{base[:40]}…{base[-15:]}"


def _too_big(shown: str) -> str:
    return (
        f"« {shown} » dépasse {MAX_BYTES // (1024 * 1024)} Mo. Réduisez-le (photo moins détaillée, PDF en qualité "
        "écran) ou envoyez-le en plusieurs parties."
    )


def _check_pdf(content: bytes, shown: str) -> None:
    unreadable = FileRefusedError(
        f"« {shown} » est un PDF abîmé ou incomplet : ouvrez-le pour vérifier, puis enregistrez-le de nouveau."
    )
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise FileRefusedError(
                f"« {shown} » est protégé par un mot de passe. Enregistrez-le sans protection (« Imprimer », puis "
                "« Enregistrer au format PDF »)."
            )
        if not len(reader.pages) or reader.pages[0].mediabox.width <= 0:
            raise unreadable
    except FileRefusedError:
        raise
    except (PdfReadError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise unreadable from error
    except Exception as error:  # a hostile file finds an error nobody listed: it is refused, never a page that fails
        log.warning("pdf_check_failed", error=type(error).__name__)
        raise unreadable from error


def _check_image(content: bytes, kind: FileKind, shown: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=[kind.value.upper()]) as picture:
                width, height = picture.size
                if width * height > MOST_PIXELS:
                    raise FileRefusedError(f"« {shown} » est une image trop grande. Reprenez-la avec moins de détails.")
                picture.draft("L", (width // 8, height // 8))  # decodes the whole stream, an eighth of the size
                with _whole_pictures_only():
                    picture.load()
    except FileRefusedError:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise FileRefusedError(
            f"« {shown} » est une image abîmée ou incomplète : ouvrez-la pour vérifier, ou reprenez la photo."
        ) from error


_pillow = Lock()


@contextmanager
def _whole_pictures_only() -> Iterator[None]:
    """Pillow's tolerance for cut files is one switch for the whole process, and the PDF engine turns it on."""
    with _pillow:
        tolerant, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = tolerant
