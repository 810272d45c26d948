"""Mail backends: the mail server, waited for as long as it takes to accept a message; and a folder, where each message
is named by its Message-ID, so that the same lands once."""

from __future__ import annotations

import smtplib
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

REPLY = 180
"""Seconds given to a server that has read the whole message to say that it takes it: it may look for viruses first
(RFC 5321, 4.5.3.2.6), and giving up earlier would send it again. Within the time of a task."""


class _Patient(smtplib.SMTP):
    """Gives up soon on a server that does not answer (`EMAIL_TIMEOUT`), late on one that has the message."""

    def data(self, msg: Any) -> Any:
        assert self.sock is not None
        usual = self.sock.gettimeout()
        self.sock.settimeout(REPLY)
        answer = super().data(msg)
        self.sock.settimeout(usual)
        return answer


class _PatientOverTLS(_Patient, smtplib.SMTP_SSL):
    """The same over TLS."""


class PatientBackend(EmailBackend):
    """The mail server."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _PatientOverTLS if self.use_ssl else _Patient


class FolderBackend(BaseEmailBackend):
    """For the demo and the tests. Writing is atomic; writing the same Message-ID again changes nothing."""

    def __init__(self, *args: Any, file_path: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.folder = Path(file_path or settings.EMAIL_FILE_PATH)  # type: ignore[misc]

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        return sum(self._write(message) for message in email_messages)

    def _write(self, message: EmailMessage) -> int:
        source = message.message()
        name = sha256(str(source["Message-ID"]).encode()).hexdigest()[:32]
        target = self.folder / f"{name}.eml"
        if not target.exists():
            with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as draft:
                draft.write(source.as_bytes())
            Path(draft.name).replace(target)
        return 1
