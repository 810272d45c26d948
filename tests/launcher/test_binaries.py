"""Which servers are chosen."""

from pathlib import Path

import pytest

from launcher import binaries
from launcher.binaries import EXTENSIONS, Broker, Postgres


def program(path: Path, output: str, code: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{output}'\nexit {code}\n")
    path.chmod(0o755)
    return path


def installation(root: Path, major: int, *, contrib: bool = True, code: int = 0) -> Path:
    """A folder that looks like a PostgreSQL installation."""
    bin_dir = root / str(major) / "bin"
    program(bin_dir / "postgres", f"postgres (PostgreSQL) {major}.3", code)
    program(bin_dir / "initdb", "")
    program(bin_dir / "pg_config", "/nowhere")
    extension = bin_dir.parent / "share" / "extension"
    extension.mkdir(parents=True)
    for name in EXTENSIONS if contrib else EXTENSIONS[:1]:
        (extension / f"{name}.control").touch()
    return bin_dir


@pytest.mark.parametrize(
    ("text", "major"),
    [
        ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", 15),
        ("postgres (PostgreSQL) 18.6", 18),
        ("postgres (PostgreSQL) 19beta1", 19),
        ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", 7),
        ("Valkey server v=9.1.2 sha=00000000:1 malloc=libc bits=64", 9),
        ("pyenv: postgres: command not found", None),
    ],
)
def test_major_version(text: str, major: int | None) -> None:
    assert binaries.parse_version(text) == major


def test_newest_whole_installation_comes_first(tmp_path: Path) -> None:
    for major in (9, 14, 16):
        installation(tmp_path, major)
    found = binaries.distribution_postgres("", packaged=tmp_path)
    assert [one.major for one in found] == [16, 14], "9 is older than what the migrations need"


def test_installation_without_contrib_or_that_fails_is_passed_over(tmp_path: Path) -> None:
    installation(tmp_path, 17, contrib=False)
    installation(tmp_path, 16, code=1)
    usable = installation(tmp_path, 15)
    assert binaries.distribution_postgres("", packaged=tmp_path) == [Postgres(usable, 15)]


def test_link_on_path_is_followed_to_the_real_folder(tmp_path: Path) -> None:
    real = installation(tmp_path / "opt", 15)
    wrappers = tmp_path / "local" / "bin"
    wrappers.mkdir(parents=True)
    (wrappers / "postgres").symlink_to(real / "postgres")
    found = binaries.distribution_postgres(f"/nowhere:{wrappers}", packaged=tmp_path / "none")
    assert found == [Postgres(real, 15)]


def test_data_is_opened_by_the_version_that_made_it(tmp_path: Path) -> None:
    candidates = [Postgres(tmp_path, 18), Postgres(tmp_path, 15)]
    assert binaries.choose_postgres(candidates, None) == candidates[0]
    assert binaries.choose_postgres(candidates, 15) == candidates[1]
    assert binaries.choose_postgres(candidates, 16) is None


def test_broker_on_path(tmp_path: Path) -> None:
    program(tmp_path / "old" / "redis-server", "Redis server v=5.0.1 sha=0")
    recent = program(tmp_path / "new" / "redis-server", "Redis server v=7.2.1 sha=0")
    assert binaries.distribution_broker(f"{tmp_path / 'old'}:{tmp_path / 'new'}") == Broker(recent, 7)


def test_wheels_are_asked_for_only_when_the_distribution_lacks_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JALON_EMBEDDED", raising=False)
    monkeypatch.setattr(binaries, "distribution_postgres", lambda _path: [Postgres(Path("/x"), 15)])
    monkeypatch.setattr(binaries, "distribution_broker", lambda _path: Broker(Path("/y"), 7))
    assert not binaries.need_wheels()
    monkeypatch.setattr(binaries, "distribution_broker", lambda _path: None)
    assert binaries.need_wheels()
    monkeypatch.setattr(binaries, "distribution_broker", lambda _path: Broker(Path("/y"), 7))
    monkeypatch.setenv("JALON_EMBEDDED", "1")
    assert binaries.need_wheels()
