"""Receipt numbers: `D-7K3M-29QX`, drawn by `directory.codes.short_code`, read back from what is typed or dictated."""

from __future__ import annotations

import re

from directory.codes import ALPHABET

PREFIX = "D-"
_LENGTH = 8
_TWINS = str.maketrans({"B": "8", "S": "5", "0": "Q", "O": "Q", "1": "L", "I": "L"})
"""Signs the alphabet leaves out, and the one each is usually a misreading of."""
_PATTERN = re.compile(f"[{ALPHABET}]{{{_LENGTH}}}")


def receipt(code: str) -> str:
    """The receipt number made of a random code such as `7K3M-29QX`."""
    return PREFIX + code


def normalise_receipt(typed: str) -> str | None:
    """The number meant by « d 7k3m29qx » or « D‑7K3M‑29QX » read over the phone; None when it is not one."""
    signs = re.sub(r"[\s\-–‑.]", "", typed).upper()
    if len(signs) == _LENGTH + 1 and signs.startswith("D"):
        signs = signs[1:]
    signs = signs.translate(_TWINS)
    return f"{PREFIX}{signs[:4]}-{signs[4:]}" if _PATTERN.fullmatch(signs) else None
