"""Readers of environment variables. A missing or wrong value stops the start with its name."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str | None = None) -> str:
    """The value of ``name``; raises ImproperlyConfigured when it is missing and has no default."""
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"{name} is required and is not set.")
    return value


def secret(name: str, default: str | None = None) -> str:
    """As `text`, but ``NAME_FILE`` (a mounted secret) wins over ``NAME``."""
    path = os.environ.get(f"{name}_FILE")
    if path is None:
        return text(name, default)
    try:
        value = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE names a file that cannot be read: {error.strerror}.") from error
    if not value:
        raise ImproperlyConfigured(f"{name}_FILE names an empty file.")
    return value


def flag(name: str, *, default: bool = False) -> bool:
    """A boolean written 1/0, true/false, yes/no or on/off."""
    raw = os.environ.get(name)
    if raw is None:
        return default
    value = raw.strip().lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {raw!r}.")


def integer(name: str, default: int) -> int:
    """A whole number."""
    raw = os.environ.get(name)
    if raw is None:
        return default
    try:
        return int(raw)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {raw!r}.") from error


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list without empty members."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def database(name: str) -> dict[str, object]:
    """``postgresql://user:password@host:port/name?option=value`` as Django's DATABASES entry."""
    url = urlsplit(secret(name))
    if url.scheme not in {"postgresql", "postgres"} or not url.path.strip("/"):
        raise ImproperlyConfigured(f"{name} must read postgresql://user:password@host:port/name.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "",
        "PORT": str(url.port or ""),
        "OPTIONS": dict(parse_qsl(url.query)),
    }


def email(name: str, default: str) -> dict[str, object]:
    """``smtp(s)://user:password@host:port`` or ``file:///folder`` as Django's EMAIL_* settings."""
    url = urlsplit(secret(name, default))
    if url.scheme == "file":
        return {"EMAIL_BACKEND": "directory.mail.FolderBackend", "EMAIL_FILE_PATH": unquote(url.path)}
    if url.scheme not in {"smtp", "smtps"} or not url.hostname:
        raise ImproperlyConfigured(f"{name} must read smtp://user:password@host:port or file:///folder.")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": url.hostname,
        "EMAIL_PORT": url.port or (465 if url.scheme == "smtps" else 25),
        "EMAIL_HOST_USER": unquote(url.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
        "EMAIL_USE_SSL": url.scheme == "smtps",
        "EMAIL_USE_TLS": url.scheme == "smtp" and dict(parse_qsl(url.query)).get("starttls") == "1",
        "EMAIL_TIMEOUT": 15,
    }
