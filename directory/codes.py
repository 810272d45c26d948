"""Random public codes: no look-alike letters, nothing to count or guess a neighbour from."""

from __future__ import annotations

import secrets

ALPHABET = "23456789ACDEFGHJKLMNPQRTUVWXYZ"


def short_code(groups: int = 2, length: int = 4) -> str:
    """``groups`` of ``length`` characters joined by hyphens: `7K3M-29QX` (39 bits for eight)."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(length)) for _ in range(groups))
