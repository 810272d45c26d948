"""The application's command lines: the demo, docker-compose.yml and the Dockerfile use the same.

Always `python -m`: scripts of an environment whose path is long or has spaces may not start.
"""

#: Seconds gunicorn waits for a request to end when it stops.
WEB_GRACE = 15


def web(python: str, *, bind: str, workers: int = 2, threads: int = 4) -> list[str]:
    """The web server. No access log: the application writes its own, without signed links."""
    return [
        python,
        "-m",
        "gunicorn",
        "config.wsgi:application",
        f"--bind={bind}",
        f"--workers={workers}",
        f"--threads={threads}",
        f"--graceful-timeout={WEB_GRACE}",
        # Loaded once, then forked: a faster start, and memory in common.
        "--preload",
        # Its default lies in the user's home, which a read-only container has not.
        "--no-control-socket",
        "--worker-tmp-dir=/dev/shm",
    ]


def worker(python: str, *, concurrency: int = 2) -> list[str]:
    """A Celery worker; any number may run."""
    return [
        python,
        "-m",
        "celery",
        "--app=config",
        "worker",
        f"--concurrency={concurrency}",
        "--loglevel=INFO",
        "--without-gossip",
        "--without-mingle",
    ]


def beat(python: str, *, schedule: str) -> list[str]:
    """The clock of the periodic tasks; exactly one must run. `schedule` is a scratch file."""
    return [python, "-m", "celery", "--app=config", "beat", f"--schedule={schedule}", "--loglevel=INFO"]


def worker_health(python: str, host: str) -> list[str]:
    """Exit 0 when the worker of this host answers."""
    return [python, "-m", "celery", "--app=config", "inspect", "ping", "--timeout=5", f"--destination=celery@{host}"]


def manage(python: str, *arguments: str) -> list[str]:
    """A Django command."""
    return [python, "manage.py", *arguments]


def migrate(python: str) -> list[str]:
    """Bring the database to the code's version; safe to run twice."""
    return manage(python, "migrate", "--no-input")


def collectstatic(python: str) -> list[str]:
    """Gather the static files, named by their content."""
    return manage(python, "collectstatic", "--no-input", "--verbosity=0")


def health(python: str, url: str) -> list[str]:
    """Exit 0 when this address of the web server answers well."""
    return [python, "-m", "launcher.health", url]


def uv_sync(uv: str, *groups: str) -> list[str]:
    """Install what uv.lock says, no more: the tools of tests only when asked."""
    options = [part for group in sorted(groups) for part in ("--group", group)]
    return [uv, "sync", "--frozen", "--no-default-groups", *options]


def install_uv(python: str, requirements: str) -> list[str]:
    """Install uv at the version and hashes of bootstrap.txt."""
    pip = [python, "-m", "pip", "install", "--require-hashes", "--only-binary=:all:", "--disable-pip-version-check"]
    return [*pip, "-r", requirements]


def npm_install(npm: tuple[str, ...]) -> list[str]:
    """Install package-lock.json. No package here needs its install script, and that is the
    door most attacks come through."""
    return [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]


def npm_build(npm: tuple[str, ...]) -> list[str]:
    """Run the project's own build."""
    return [*npm, "run", "build"]


def apt_install(packages: list[str]) -> list[str]:
    """Recommended packages are left out: Chromium would bring two hundred of them."""
    return ["apt-get", "install", "-y", "--no-install-recommends", *packages]
