"""A missing or wrong setting stops the start with its name."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env

NAME = "JALON_ESSAI"


def test_a_missing_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        env.text(NAME)


def test_a_mounted_secret_wins_and_an_empty_or_absent_one_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("du fichier\n")
    monkeypatch.setenv(NAME, "de la variable")
    monkeypatch.setenv(f"{NAME}_FILE", str(secret))
    assert env.secret(NAME) == "du fichier"
    secret.write_text("")
    with pytest.raises(ImproperlyConfigured, match=f"{NAME}_FILE"):
        env.secret(NAME)
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "absent"))
    with pytest.raises(ImproperlyConfigured, match=f"{NAME}_FILE"):
        env.secret(NAME)


@pytest.mark.parametrize(("raw", "read"), [("1", True), ("oui", None), ("off", False), ("TRUE", True), ("", False)])
def test_flags(monkeypatch: pytest.MonkeyPatch, raw: str, read: bool | None) -> None:
    monkeypatch.setenv(NAME, raw)
    if read is None:
        with pytest.raises(ImproperlyConfigured, match=NAME):
            env.flag(NAME)
    else:
        assert env.flag(NAME) is read


@pytest.mark.parametrize("raw", ["", "sqlite:///x", "postgresql://h", "postgresql:///"])
def test_a_wrong_database_address_is_named(monkeypatch: pytest.MonkeyPatch, raw: str) -> None:
    monkeypatch.setenv(NAME, raw)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        env.database(NAME)


def test_a_database_address_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "postgresql://us%40er:p%2Fw@h:5433/base%20x?sslmode=require")
    read = env.database(NAME)
    assert (read["USER"], read["PASSWORD"], read["HOST"], read["PORT"], read["NAME"], read["OPTIONS"]) == (
        "us@er", "p/w", "h", "5433", "base x", {"sslmode": "require"},
    )  # fmt: skip


@pytest.mark.parametrize("raw", ["http://x", "smtp://", "ftp://h"])
def test_a_wrong_mail_address_is_named(monkeypatch: pytest.MonkeyPatch, raw: str) -> None:
    monkeypatch.setenv(NAME, raw)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        env.email(NAME, "")
