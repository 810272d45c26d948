"""Papers of the patient: asked for, watched while a worker makes them, read, given."""

from __future__ import annotations

from uuid import UUID

from csp.decorators import csp_exempt
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from directory.errors import DomainError
from directory.perms import allow, reads_patients
from pathways import services
from pathways.forms import GivenForm
from pathways.forms.fields import instant
from pathways.models import Document, DocumentKind, DocumentStatus
from pathways.views.act import act, done, refused
from pathways.views.opening import OpenFile, read, user_of, write

EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


@require_POST
@allow(reads_patients)
def pps_request(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Asks for the next version of the PPS."""
    file = write(request, uuid, "Demande de PPS")
    try:
        document = services.request_pps(pathway=file.pathway, user=file.user)
    except DomainError as error:
        return refused(request, file, error)
    return done(request, file, f"Le programme personnalisé de soins se prépare (version {document.version}).")


@csp_exempt()  # a fixed type with nosniff, never a page: a policy here only breaks the browsers' PDF readers
@allow(reads_patients)
def document(request: HttpRequest, uuid: UUID) -> HttpResponse | FileResponse:
    """The file itself, shown by the browser; 404 while it is not ready."""
    row = _visible(request, uuid)
    file = read(request, row.pathway.uuid, f"Document : {row.title}"[:60])
    if row.status != DocumentStatus.READY:
        raise Http404
    try:
        content = row.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(content, content_type=row.content_type, filename=file_name(row, file), as_attachment=False)
    response["X-Content-Type-Options"] = "nosniff"
    return response


@allow(reads_patients)
def document_status(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The row of one document, asked again every two seconds while it is being made.

    It shows a state and no fact of the patient: looking at it is not a read of the file and is not logged.
    """
    row = _visible(request, uuid)
    file = OpenFile(row.pathway, user_of(request), "", timezone.now())
    if not request.htmx:  # type: ignore[attr-defined]
        return done(request, file, row.get_status_display())
    with timezone.override(file.zone):
        return render(request, "pathways/_document.html", {"document": row, "file": file})


@require_POST
@allow(reads_patients)
def document_retry(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Takes up a failed document again."""
    row = _visible(request, uuid)
    file = write(request, row.pathway.uuid, "Demande de PPS")
    try:
        services.retry_document(document=row, user=file.user)
    except DomainError as error:
        return refused(request, file, error)
    return done(request, file, "La préparation reprend.")


@allow(reads_patients)
def document_given(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Records that a PPS was given to the patient."""
    row = _visible(request, uuid)
    file = write(request, row.pathway.uuid, "Remise du PPS")
    form = GivenForm(request.POST or None)

    def do(data: dict[str, object]) -> str:
        at = instant(data["day"], None, file.zone, file.now)  # type: ignore[arg-type]
        services.mark_given(document=row, at=at.astimezone(file.zone), author=file.user)
        return f"Version {row.version} remise au patient."

    return act(
        request,
        file,
        form,
        do,
        title=f"PPS remis au patient (version {row.version})",
        submit="Enregistrer la remise",
        names={"at": "day", "occurred_at": "day"},
    )


def file_name(document: Document, file: OpenFile) -> str:
    """A name without identity: PPS-J-7K3M-29QX-v2.pdf; received papers by their title and short id."""
    extension = EXTENSIONS.get(document.content_type, "bin")
    if document.kind == DocumentKind.PPS:
        return f"PPS-{file.pathway.reference}-v{document.version}.{extension}"
    return f"DOC-{file.pathway.reference}-{document.uuid.hex[:6]}.{extension}"


def _visible(request: HttpRequest, uuid: UUID) -> Document:
    rows = Document.objects.visible_to(user_of(request)).select_related(
        "pathway__patient", "pathway__team__establishment", "requested_by__professional"
    )
    return get_object_or_404(rows, uuid=uuid)
