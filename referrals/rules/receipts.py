"""Receipt numbers: `D-7K3M-29QX`, drawn at random so that they tell neither order nor volume.

The alphabet leaves out what is misread or misheard on the phone (0 O, 1 I L, B 8, S 5, Z 2, U V: one of each
pair at most). 27 signs, 8 places: 2.8e11 numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable

RECEIPT_ALPHABET = "23456789ACDEFGHJKMNPQRTVWXY"
_LENGTH = 8
_TWINS = str.maketrans("BSZU", "852V")
_PATTERN = re.compile(f"[{RECEIPT_ALPHABET}]{{{_LENGTH}}}")


def receipt(draw: Callable[[int], int]) -> str:
    """A new number; ``draw(n)`` gives a whole number from 0 to n - 1 (`secrets.randbelow`)."""
    signs = "".join(RECEIPT_ALPHABET[draw(len(RECEIPT_ALPHABET))] for _ in range(_LENGTH))
    return f"D-{signs[:4]}-{signs[4:]}"


def normalise_receipt(typed: str) -> str | None:
    """The number meant by what was typed or dictated (« d 7k3m29qx », B for 8); None when it is not one."""
    signs = re.sub(r"[\s\-–.]", "", typed).upper()
    if len(signs) == _LENGTH + 1 and signs.startswith("D"):
        signs = signs[1:]
    signs = signs.translate(_TWINS)
    return f"D-{signs[:4]}-{signs[4:]}" if _PATTERN.fullmatch(signs) else None
