"""Where things lie in a checkout."""

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Project:
    """A checkout of Jalon. Everything the launcher makes is below `.jalon/`, except
    `node_modules/`, which front-end tools only look for at the root."""

    root: Path

    @property
    def private(self) -> Path:
        """What the launcher makes; may be deleted as a whole."""
        return self.root / ".jalon"

    @property
    def venv(self) -> Path:
        """The application's Python environment."""
        return self.private / "venv"

    @property
    def python(self) -> Path:
        """The application's Python."""
        return self.venv / "bin" / "python"

    @property
    def bootstrap(self) -> Path:
        """The small environment that holds uv."""
        return self.private / "bootstrap"

    @property
    def stamps(self) -> Path:
        """What has been installed, so that it is not done again."""
        return self.private / "stamps"

    @property
    def logs(self) -> Path:
        """One file per process and per slow step."""
        return self.private / "logs"

    @property
    def state_file(self) -> Path:
        """See state.py."""
        return self.private / "state.json"

    @property
    def demo(self) -> Path:
        """The demo's files other than its databases: media, collected static files."""
        return self.private / "demo"

    @property
    def key(self) -> str:
        """Short name of this checkout, for folders outside it."""
        return hashlib.sha256(str(self.root).encode("utf-8", "surrogateescape")).hexdigest()[:12]

    def program(self, name: str) -> str:
        """A program of the application's environment."""
        return str(self.venv / "bin" / name)


def project() -> Project:
    """The checkout this launcher belongs to."""
    return Project(Path(__file__).resolve().parent.parent)


def make_private(path: Path) -> Path:
    """A folder only its owner reads."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path
