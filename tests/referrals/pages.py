"""What the tests of the pages share."""

from __future__ import annotations

import re
from typing import Any

from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from pathways.models import TargetPathway
from referrals.models import Referral
from tests.referrals import papers

HTMX = {"HTTP_HX_REQUEST": "true"}


def soup(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.content, "html.parser")


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", soup(response).get_text(" ").replace("\u00a0", " "))


def url(name: str, referral: Referral, *more: Any) -> str:
    return reverse(f"referrals:{name}", args=[referral.uuid, *more])


POSTS = {
    "accept": {"patient": "new", "message": ""},
    "ask": {"pieces": ["biology"], "message": ""},
    "refuse": {"reason": "Hors du parcours."},
    "redirect": {"place": "CH du Lac", "reason": "Plus proche."},
    "read": {},
    "link": {},
}


def form_url(target: TargetPathway) -> str:
    return reverse("referrals:new", args=[target.key])


def upload(name: str = "courrier.pdf", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, papers.pdf() if content is None else content)
