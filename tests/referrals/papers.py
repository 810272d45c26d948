"""Real files built in memory, good and bad."""

from __future__ import annotations

import io

from PIL import Image
from pypdf import PdfWriter


def pdf(text: str = "a", password: str = "", owner_password: str = "") -> bytes:
    """A PDF of one page; ``text`` makes two of them differ."""
    writer = PdfWriter()
    writer.add_blank_page(width=200, height=200)
    writer.add_metadata({"/Title": text})
    if password or owner_password:
        writer.encrypt(user_password=password, owner_password=owner_password or None, algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def picture(form: str = "JPEG", size: tuple[int, int] = (640, 480), colour: str = "teal") -> bytes:
    """A picture that needs its whole stream: noise compresses badly."""
    out = io.BytesIO()
    noise = Image.effect_noise(size, 60).convert("RGB")
    Image.blend(noise, Image.new("RGB", size, colour), 0.3).save(out, form)
    return out.getvalue()


def dicom() -> bytes:
    """The preamble, mark and first element of a DICOM file."""
    return b"\0" * 128 + b"DICM" + b"\x02\x00\x00\x00UL\x04\x00\xc8\x00\x00\x00" + b"\0" * 400


def executable() -> bytes:
    """The head of a Windows program."""
    return b"MZ\x90\x00" + b"\0" * 56 + b"\x80\x00\x00\x00" + b"This program cannot be run in DOS mode." + b"\0" * 300


def heic() -> bytes:
    return b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\0" * 400


def docx() -> bytes:
    return b"PK\x03\x04\x14\x00\x06\x00" + b"\0" * 22 + b"[Content_Types].xml" + b"\0" * 200
