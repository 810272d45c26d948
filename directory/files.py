"""What a file really is, from its first bytes; the extension proves nothing."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

MAX_BYTES = 10 * 1024 * 1024
MAX_FILES = 10
_NAME_LENGTH = 120


class FileKind(StrEnum):
    """The families that need a word of their own. The first three are accepted."""

    PDF = "pdf"
    JPEG = "jpeg"
    PNG = "png"
    DICOM = "dicom"
    HEIC = "heic"
    OFFICE = "office"
    ARCHIVE = "archive"
    EMPTY = "empty"
    OTHER = "other"

    @property
    def is_accepted(self) -> bool:
        return self in CONTENT_TYPES


CONTENT_TYPES = {FileKind.PDF: "application/pdf", FileKind.JPEG: "image/jpeg", FileKind.PNG: "image/png"}
EXTENSIONS = {FileKind.PDF: ".pdf", FileKind.JPEG: ".jpg", FileKind.PNG: ".png"}

_REFUSALS = {
    FileKind.DICOM: (
        "« {name} » est une image DICOM, que ce formulaire ne reçoit pas encore. Joignez le compte rendu en PDF et "
        "écrivez dans le motif le lien de partage des images, ou confiez le CD au patient."
    ),
    FileKind.HEIC: (
        "« {name} » est une photo au format HEIC. Reprenez la photo depuis ce formulaire, ou envoyez-la en JPEG "
        "(iPhone : Réglages, Appareil photo, Formats, « Le plus compatible »)."
    ),
    FileKind.OFFICE: "« {name} » est un document de traitement de texte. Enregistrez-le en PDF, puis joignez-le.",
    FileKind.ARCHIVE: "« {name} » est une archive. Ouvrez-la et joignez les documents un par un.",
    FileKind.EMPTY: "« {name} » est vide. Vérifiez le fichier et joignez-le de nouveau.",
    FileKind.OTHER: "« {name} » n’est ni un PDF, ni une image JPEG ou PNG, quel que soit son nom.",
}


def sniff(head: bytes) -> FileKind:
    """The kind of a file from its first 512 bytes or more (fewer only when the file is shorter)."""
    if not head:
        return FileKind.EMPTY
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF-"):
        return FileKind.PDF
    if head.startswith(b"\xff\xd8\xff"):
        return FileKind.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return FileKind.PNG
    if head[128:132] == b"DICM":
        return FileKind.DICOM
    if head[4:8] == b"ftyp" and head[8:12] in {b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif"}:
        return FileKind.HEIC
    return _other(head)


def _other(head: bytes) -> FileKind:
    if head.startswith(b"PK\x03\x04"):
        office = (b"[Content_Types].xml", b"word/", b"xl/", b"ppt/", b"mimetypeapplication/vnd.oasis")
        return FileKind.OFFICE if any(mark in head for mark in office) else FileKind.ARCHIVE
    if head.startswith((b"\xd0\xcf\x11\xe0", b"{\\rtf")):
        return FileKind.OFFICE
    if head.startswith((b"7z\xbc\xaf", b"Rar!", b"\x1f\x8b")):
        return FileKind.ARCHIVE
    return FileKind.OTHER


def refusal(kind: FileKind, name: str) -> str:
    """What to tell whoever sent a file of a kind that is not accepted, and what to do instead."""
    return _REFUSALS[kind].format(name=name)


def safe_name(name: str, kind: FileKind) -> str:
    """A file name fit to show and to download: no folder, no control sign, the extension of its real kind."""
    base = re.split(r"[\\/]", name)[-1]
    clean = "".join(sign for sign in base if unicodedata.category(sign)[0] != "C")
    clean = " ".join(re.sub(r'[<>:"|?*]', "_", clean).split()).strip(" .")
    stem, dot, extension = clean.rpartition(".")
    if not dot or len(extension) > 5 or " " in extension:
        stem = clean
    ending = EXTENSIONS[kind]
    return f"{(stem.strip(' .') or 'document')[: _NAME_LENGTH - len(ending)].rstrip()}{ending}"
