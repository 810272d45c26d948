"""Readers of environment variables. A missing or wrong value stops the start with its name."""

from __future__ import annotations

import os
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str | None = None) -> str:
    """The value of ``name``; raises ImproperlyConfigured when it is missing or empty and has no default."""
    value = os.environ.get(name, default)
    if value is None or (default is None and not value.strip()):
        raise ImproperlyConfigured(f"{name} is required and is {'not set' if value is None else 'empty'}.")
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
    except UnicodeDecodeError as error:
        raise ImproperlyConfigured(f"{name}_FILE names a file that is not text (UTF-8).") from error
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


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list without empty members."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def hosts(name: str, default: str) -> list[str]:
    """Host names: at least one, else every request would be refused."""
    names = words(name, default)
    if not names or any("/" in host for host in names):
        raise ImproperlyConfigured(f"{name} must list host names, without http://, separated by commas.")
    return names


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """One word of a closed list."""
    value = text(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def folder(name: str, default: Path) -> Path:
    """A whole path: a relative one would depend on where each process was started."""
    path = Path(text(name, str(default)))
    if not path.is_absolute():
        raise ImproperlyConfigured(f"{name} must be the whole path of a folder, starting with /.")
    return path


def mailbox(name: str, default: str) -> str:
    """``Name <user@host>`` or ``user@host``."""
    value = text(name, default)
    if "@" not in parseaddr(value)[1]:
        raise ImproperlyConfigured(f"{name} must read Name <user@host>.")
    return value


def origins(name: str, default: str = "") -> list[str]:
    """Web addresses without a path, such as https://jalon.example.org, separated by commas."""
    found = [word.rstrip("/") for word in words(name, default)]
    for origin in found:
        url = _split(name, origin, "http(s)://host:port")
        if url.scheme not in {"http", "https"} or not url.hostname or origin != f"{url.scheme}://{url.netloc}":
            raise ImproperlyConfigured(f"{name} must read http(s)://host:port, without a path.")
    return found


def origin(name: str, default: str) -> str:
    """A single one of `origins`."""
    found = origins(name, default)
    if len(found) != 1:
        raise ImproperlyConfigured(f"{name} must read http(s)://host:port, without a path.")
    return found[0]


def web_address(name: str) -> str:
    """A page of another server."""
    value = text(name)
    url = _split(name, value, "https://host/path")
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ImproperlyConfigured(f"{name} must read https://host/path.")
    return value


def _split(name: str, value: str, form: str) -> SplitResult:
    """The parts of an address. Neither its value nor the error is told: they may hold a password."""
    try:
        url = urlsplit(value)
        _ = url.port  # raises when it is not a number: a password with a / or a # ends the host too soon
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} must read {form}, special characters of the password written %2F and the like."
        ) from None
    return url


def database(name: str) -> dict[str, object]:
    """``postgresql://user:password@host:port/name?option=value`` as Django's DATABASES entry."""
    form = "postgresql://user:password@host:port/name"
    url = _split(name, secret(name), form)
    if url.scheme not in {"postgresql", "postgres"} or not url.path.strip("/") or url.fragment:
        raise ImproperlyConfigured(f"{name} must read {form}.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "",
        "PORT": str(url.port or ""),
        "OPTIONS": dict(parse_qsl(url.query)),
    }


def redis(name: str) -> str:
    """``redis://:password@host:port/0``, or ``rediss://`` over TLS."""
    form = "redis://:password@host:port/0"
    value = secret(name)
    url = _split(name, value, form)
    number = url.path.strip("/")
    if url.scheme not in {"redis", "rediss"} or not url.hostname or (number and not number.isdigit()) or url.fragment:
        raise ImproperlyConfigured(f"{name} must read {form}.")
    return value


def email(name: str, default: str) -> dict[str, object]:
    """``smtp(s)://user:password@host:port`` or ``file:///folder`` as Django's EMAIL_* settings."""
    form = "smtp://user:password@host:port or file:///folder"
    url = _split(name, secret(name, default), form)
    if url.scheme == "file" and not url.netloc and url.path.strip("/"):
        return {"EMAIL_BACKEND": "directory.mail.FolderBackend", "EMAIL_FILE_PATH": unquote(url.path)}
    if url.scheme not in {"smtp", "smtps"} or not url.hostname or url.fragment:
        raise ImproperlyConfigured(f"{name} must read {form}.")
    return {
        "EMAIL_BACKEND": "directory.mail.PatientBackend",
        "EMAIL_HOST": url.hostname,
        "EMAIL_PORT": url.port or (465 if url.scheme == "smtps" else 25),
        "EMAIL_HOST_USER": unquote(url.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
        "EMAIL_USE_SSL": url.scheme == "smtps",
        "EMAIL_USE_TLS": url.scheme == "smtp" and dict(parse_qsl(url.query)).get("starttls") == "1",
        "EMAIL_TIMEOUT": 15,
    }
