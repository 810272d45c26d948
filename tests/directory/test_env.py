"""A missing or wrong setting stops the start with its name."""

from __future__ import annotations

import traceback
from collections.abc import Callable
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


def test_an_empty_value_or_a_secret_that_is_not_text_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(NAME, "  ")
    with pytest.raises(ImproperlyConfigured, match=f"{NAME} is required and is empty"):
        env.secret(NAME)
    secret = tmp_path / "secret"
    secret.write_bytes(b"\xff\xfe\x00")
    monkeypatch.setenv(f"{NAME}_FILE", str(secret))
    with pytest.raises(ImproperlyConfigured, match=f"{NAME}_FILE"):
        env.secret(NAME)


WRONG_DATABASES = [
    "", "sqlite:///x", "postgresql://h", "postgresql:///", "postgresql://u:p@h:port/x", "postgresql://u:se/cret@h/x",
    "postgresql://u:se#cret@h:5432/x", "postgresql://u:p@[h/x", "postgresql://u:p@h:99999/x", "postgresql://h/x#y",
]  # fmt: skip


@pytest.mark.parametrize("raw", WRONG_DATABASES)
def test_a_wrong_database_address_is_named(monkeypatch: pytest.MonkeyPatch, raw: str) -> None:
    monkeypatch.setenv(NAME, raw)
    with pytest.raises(ImproperlyConfigured, match=NAME) as caught:
        env.database(NAME)
    whole = "".join(traceback.format_exception(caught.value))
    assert "se'" not in whole, "no piece of a password is told"


def test_a_database_address_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "postgresql://us%40er:p%2Fw@h:5433/base%20x?sslmode=require")
    read = env.database(NAME)
    assert (read["USER"], read["PASSWORD"], read["HOST"], read["PORT"], read["NAME"], read["OPTIONS"]) == (
        "us@er", "p/w", "h", "5433", "base x", {"sslmode": "require"},
    )  # fmt: skip


@pytest.mark.parametrize(
    "raw", ["http://x", "smtp://", "ftp://h", "smtp://h:port", "smtp://u:p#w@h", "file://", "file://here/x", ""]
)
def test_a_wrong_mail_address_is_named(monkeypatch: pytest.MonkeyPatch, raw: str) -> None:
    monkeypatch.setenv(NAME, raw)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        env.email(NAME, "")


@pytest.mark.parametrize("raw", ["http://h", "redis://", "redis://h:port/0", "redis://h/zero", "redis://:p#w@h/0"])
def test_a_wrong_redis_address_is_named(monkeypatch: pytest.MonkeyPatch, raw: str) -> None:
    monkeypatch.setenv(NAME, raw)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        env.redis(NAME)


@pytest.mark.parametrize("raw", ["", "jalon.example.org", "https://", "https://h/path", "https://h:port", "ftp://h"])
def test_a_wrong_public_address_is_named(monkeypatch: pytest.MonkeyPatch, raw: str) -> None:
    monkeypatch.setenv(NAME, raw)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        env.origin(NAME, "http://localhost")


def test_right_addresses_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "https://jalon.example.org:8443/")
    assert env.origin(NAME, "http://localhost") == "https://jalon.example.org:8443"
    monkeypatch.setenv(NAME, "https://a.example.org, https://b.example.org/")
    assert env.origins(NAME) == ["https://a.example.org", "https://b.example.org"]
    monkeypatch.setenv(NAME, "rediss://:p%2Fw@h:6380/1")
    assert env.redis(NAME) == "rediss://:p%2Fw@h:6380/1"
    monkeypatch.setenv(NAME, "file:///un%20dossier")
    assert env.email(NAME, "")["EMAIL_FILE_PATH"] == "/un dossier"


def test_other_wrong_values_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: dict[str, list[Callable[[], object]]] = {
        "": [lambda: env.hosts(NAME, "h"), lambda: env.folder(NAME, Path("/x")), lambda: env.mailbox(NAME, "a@b")],
        "https://h": [lambda: env.hosts(NAME, "h")],
        "a/relative/folder": [lambda: env.folder(NAME, Path("/x"))],
        "Jalon": [lambda: env.mailbox(NAME, "a@b"), lambda: env.web_address(NAME)],
        "debug": [lambda: env.choice(NAME, "INFO", ("DEBUG", "INFO"))],
    }
    for raw, readers in reads.items():
        monkeypatch.setenv(NAME, raw)
        for read in readers:
            with pytest.raises(ImproperlyConfigured, match=NAME):
                read()
