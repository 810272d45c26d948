"""A mail backend that writes each message to a folder, named by its Message-ID: the same message lands once."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


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
