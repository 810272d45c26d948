"""Files looked at by their content before anybody keeps them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from directory.files import MAX_BYTES
from directory.inspection import FileRefusedError, inspect
from tests.referrals import papers


def look(name: str, content: bytes) -> Any:
    return inspect(name, io.BytesIO(content), len(content))


def short(value: object) -> str:
    """Test ids without the content, which differs from one run to the next."""
    return value if isinstance(value, str) else "bytes"


@pytest.mark.parametrize(
    ("name", "content", "content_type", "kept_as"),
    [
        ("courrier.pdf", papers.pdf(), "application/pdf", "courrier.pdf"),
        ("photo.jpg", papers.picture("JPEG"), "image/jpeg", "photo.jpg"),
        ("photo.JPEG", papers.picture("JPEG"), "image/jpeg", "photo.jpg"),
        ("capture.png", papers.picture("PNG"), "image/png", "capture.png"),
        ("scanner.exe", papers.pdf(), "application/pdf", "scanner.pdf"),
        ("imprimé.pdf", papers.pdf(owner_password="imprimeur"), "application/pdf", "imprimé.pdf"),
        ("bom.pdf", b"\xef\xbb\xbf\r\n" + papers.pdf(), "application/pdf", "bom.pdf"),
    ],
    ids=short,
)
def test_good_files_are_kept_under_their_real_type(name: str, content: bytes, content_type: str, kept_as: str) -> None:
    checked = look(name, content)
    assert (checked.content_type, checked.name, checked.size) == (content_type, kept_as, len(content))
    assert len(checked.sha256) == 64


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("irm.dcm", papers.dicom(), "DICOM"),
        ("irm.jpg", papers.dicom(), "DICOM"),
        ("facture.pdf", papers.executable(), "ni un PDF, ni une image"),
        ("photo.jpg", papers.picture("JPEG")[:-4000], "abîmée ou incomplète"),
        ("photo.png", papers.picture("PNG")[:-4000], "abîmée ou incomplète"),
        ("photo.jpg", b"\xff\xd8\xff" + b"\0" * 500, "abîmée ou incomplète"),
        ("secret.pdf", papers.pdf(password="1234"), "mot de passe"),
        ("casse.pdf", papers.pdf()[:60], "abîmé ou incomplet"),
        ("faux.pdf", b"%PDF-1.7\n" + b"x" * 3000, "abîmé ou incomplet"),
        ("vide.pdf", b"", "est vide"),
        ("lourd.pdf", papers.pdf() + b"\0" * MAX_BYTES, "dépasse 10 Mo"),
        ("photo.heic", papers.heic(), "HEIC"),
        ("lettre.docx", papers.docx(), "traitement de texte"),
        ("tout.zip", b"PK\x03\x04" + b"\0" * 200, "archive"),
        ("page.html", b"<html><script>alert(1)</script>", "ni un PDF, ni une image"),
        ("dessin.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "ni un PDF, ni une image"),
    ],
    ids=short,
)
def test_bad_files_are_refused_with_what_to_do(name: str, content: bytes, said: str) -> None:
    with pytest.raises(FileRefusedError) as refusal:
        look(name, content)
    assert said in str(refusal.value)
    assert name in str(refusal.value)


def test_a_size_that_lies_does_not_let_a_big_file_in() -> None:
    with pytest.raises(FileRefusedError, match="dépasse 10 Mo"):
        inspect("lourd.pdf", io.BytesIO(papers.pdf() + b"\0" * MAX_BYTES), 12)


def test_a_picture_too_large_to_open_is_refused() -> None:
    out = io.BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")
    with pytest.raises(FileRefusedError, match="trop grande"):
        look("plan.png", out.getvalue())


def test_a_cut_picture_is_refused_where_the_pdf_engine_made_pillow_tolerant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.ImageFile.LOAD_TRUNCATED_IMAGES", True)
    for format_ in ("JPEG", "PNG"):
        with pytest.raises(FileRefusedError):
            look(f"photo.{format_.lower()}", papers.picture(format_)[:-4000])
