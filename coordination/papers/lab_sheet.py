"""The request on paper, one sheet per laboratory, with the code that opens it and where to answer."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import qrcode
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from qrcode.image.svg import SvgPathImage

from coordination.links import lab_link_url
from coordination.models import SampleShare
from coordination.services.lab_links import LINK_LASTS, token_for
from pathways.papers.printer import Printed, print_pdf
from pathways.views.identity import identity_of

STYLE = Path(__file__).parent / "lab.css"
TEMPLATE = "coordination/papers/lab_sheet.html"


def print_sheet(share: SampleShare, at: datetime) -> Printed:
    """The PDF of one share (`with_page_data`). Raises PrintError."""
    return print_pdf(sheet_html(share, at), also=STYLE)


def sheet_html(share: SampleShare, at: datetime) -> str:
    """The whole HTML document, in the establishment's time zone."""
    asked = share.sample.request
    pathway = asked.pathway
    link = "" if share.link_revoked_at else lab_link_url(token_for(share))
    context = {
        "share": share,
        "sample": share.sample,
        "asked": asked,
        "pathway": pathway,
        "p": identity_of(pathway.patient),
        "others": [each for each in share.sample.shares.select_related("laboratory__establishment") if each != share],
        "link": link,
        "code": code_of(link) if link else "",
        "days": LINK_LASTS.days,
        "at": at,
    }
    with timezone.override(ZoneInfo(pathway.team.establishment.time_zone)):
        return render_to_string(TEMPLATE, context)


def code_of(link: str) -> SafeString:
    """The link as a QR code, in SVG."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=2)
    code.add_data(link)
    code.make(fit=True)
    drawn = BytesIO()
    code.make_image(image_factory=SvgPathImage).save(drawn)
    svg = drawn.getvalue().decode()
    return mark_safe(svg[svg.index("<svg") :])  # noqa: S308 - drawn here from a signed token
