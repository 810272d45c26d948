"""`./jalon demo`: the whole application on this machine, with a fictitious hospital in it."""

import hashlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import quote

from launcher import backing, commands, environment, health, procs, setup, state, static, ui
from launcher.environment import digest
from launcher.paths import Project, make_private
from launcher.procs import Running
from launcher.run import run_step
from launcher.state import State
from launcher.supervisor import Spec, Supervisor, wait_ready
from launcher.ui import NO_SPACE, LauncherError, say

SIZES = ("small", "medium", "large")
#: Bytes the databases of each size take, with room to spare.
SPACE = {"small": 500 * 2**20, "medium": 1_500 * 2**20, "large": 6_000 * 2**20}
SPACE_TO_RUN = 100 * 2**20
#: The demo's dates are relative to the day it was loaded.
FRESH_DAYS = 7
START_SECONDS = 90.0
#: Variables of the caller that reach the demo.
PASSED_ON = (
    "JALON_LOG_LEVEL",
    "JALON_EMAIL_URL",
    "JALON_EMAIL_URL_FILE",
    "JALON_FROM_EMAIL",
    "JALON_PSC_CLIENT_ID",
    "JALON_PSC_CLIENT_SECRET",
    "JALON_PSC_CLIENT_SECRET_FILE",
    "JALON_PSC_SERVER_URL",
    "JALON_PSC_ORIGINS",
    "JALON_ACCESSIBILITY_CONTACT",
)


@dataclass(frozen=True)
class Options:
    """What was asked on the command line. `size` None: what is there, else small."""

    port: int
    reset: bool
    size: str | None


def today() -> date:
    """The date on this machine's clock."""
    return datetime.now(UTC).astimezone().date()


def size_to_load(known: State, asked: str | None) -> str | None:
    """The size to load, None when the data is there. Raises when other data is there."""
    if known.size is None:
        return asked or known.loading or SIZES[0]
    if asked is None or asked == known.size:
        return None
    raise LauncherError(
        f"The demo already holds its {known.size} hospital.",
        f"To replace it: ./jalon demo --reset --size {asked}",
        "To keep it: ./jalon demo",
    )


def port_is_free(port: int) -> bool:
    """True when gunicorn will be able to listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def check_port(port: int) -> None:
    """Raise when the port is taken or needs a privilege, proposing a free one."""
    if port < 1024 and os.geteuid() != 0:
        raise LauncherError(f"Port {port} is reserved to root.", "Try: ./jalon demo --port 8000")
    if port_is_free(port):
        return
    raise port_taken(port)


def port_taken(port: int) -> LauncherError:
    """The error for a taken port, with the next free one."""
    other = next((p for p in range(port + 1, min(port + 100, 65536)) if port_is_free(p)), None)
    way_out = f"Try: ./jalon demo --port {other}" if other else "Choose another one with --port."
    return LauncherError(f"Port {port} is taken by another program.", way_out)


def busy_error(project: Project) -> LauncherError:
    """Somebody else holds the demo's lock: a demo that runs, or a command that starts its servers."""
    known = state.read(project.state_file)
    if known.address and known.launcher and known.launcher.alive():
        return LauncherError(
            f"The demo of this folder already runs at {known.address}.",
            "Open that address, or stop it: ./jalon stop",
            "For a second demo, clone the project into another folder.",
        )
    return LauncherError(
        "Another ./jalon command is using the demo of this folder (a start, a stop or a `manage`).",
        "Wait until it has ended, or stop it: ./jalon stop",
    )


def run(project: Project, options: Options) -> int:
    """Start everything and watch it until a signal comes or a process dies."""
    setup.check_platform()
    with state.lock(project.private / "demo.lock", busy_error(project)):
        return _run_locked(project, options)


def _run_locked(project: Project, options: Options) -> int:
    began = time.monotonic()
    known = state.read(project.state_file)
    stop_leftovers(known)
    check_port(options.port)
    if not options.reset:
        size_to_load(known, options.size)
    known.address = None
    known.launcher = procs.myself()
    state.write(project.state_file, known)
    setup.prepare(project)

    def remember(running: list[Running]) -> None:
        known.processes = running
        state.write(project.state_file, known)

    supervisor = Supervisor(changed=remember)
    try:
        _start(project, options, known, supervisor)
        say(f"Started in {time.monotonic() - began:.1f} s. Ctrl-C stops everything.")
        supervisor.watch()
        return 0
    except LauncherError as error:
        raise explain(project, error, options.port) from None
    finally:
        say("Stopping ...")
        killed = supervisor.stop()
        if killed:
            say(f"  Did not stop by themselves and were killed: {', '.join(killed)}")
        known.address, known.launcher, known.environment = None, None, {}
        state.write(project.state_file, known)
        say("Stopped.")


def explain(project: Project, error: LauncherError, port: int) -> LauncherError:
    """The error itself, unless the reason lies elsewhere: the database met a full disk, and what
    failed only saw its connection close; or another program took the port meanwhile."""
    if "Address already in use" in error.tail:
        return port_taken(port)
    if NO_SPACE in ui.tail_of(project.logs / "postgres.log", 100):
        return ui.disk_full(project.private)
    return error


def stop_leftovers(known: State) -> None:
    """Stop what a killed launcher left running."""
    left = known.alive()
    if left:
        say(f"An earlier run was killed; stopping what it left: {', '.join(e.name for e in left)}")
        procs.stop_all(left)
    known.processes = []


def _start(project: Project, options: Options, known: State, supervisor: Supervisor) -> None:
    if options.reset:
        say("  Removing the demo's data (--reset)")
        backing.wipe_demo(project, known)
    if known.loading is not None:
        say("  The last load was interrupted; it starts again from an empty database")
        interrupted = known.loading
        backing.wipe_demo(project, known)
        known.loading = interrupted
    size = size_to_load(known, options.size)
    pair = backing.demo_backing(project, known)
    environment.check_space(pair.database.folder, SPACE[size] if size else SPACE_TO_RUN)
    if backing.prepare_demo(pair):
        # The databases were removed by hand, whatever the state says.
        known.migrated, known.size = None, None
        size = size or SIZES[0]
    with ui.step(pair.label):
        variables = pair.start(supervisor)
    known.environment = demo_environment(project, variables, options.port)
    state.write(project.state_file, known)
    env = backing.application_environment(project, known.environment, keep=PASSED_ON)
    _prepare_application(project, known, env, size)
    _start_application(project, options.port, env, supervisor)
    known.address = known.environment["JALON_BASE_URL"]
    state.write(project.state_file, known)
    _print_welcome(project, known)


def demo_environment(project: Project, variables: Mapping[str, str], port: int) -> dict[str, str]:
    """The configuration of the demo (docs/operations.md lists the variables)."""
    make_private(project.demo)
    post = make_private(project.demo / "post")
    return {
        "JALON_EMAIL_URL": f"file://{quote(str(post))}",
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
        **variables,
        "JALON_DEBUG": "0",
        "JALON_DEMO": "1",
        # A name and not a number: security keys (WebAuthn) only work on a name.
        "JALON_BASE_URL": f"http://localhost:{port}",
        "JALON_ALLOWED_HOSTS": "localhost,127.0.0.1",
        "JALON_MEDIA_ROOT": str(make_private(project.demo / "media")),
    }


def migrations_digest(project: Project) -> str:
    """Changes when there is something to migrate."""
    files = sorted(project.root.glob("*/migrations/*.py"))
    names = hashlib.sha256("\n".join(path.name for path in files).encode()).hexdigest()
    return names[:16] + digest(project.root / "uv.lock", *files)


def _prepare_application(project: Project, known: State, env: dict[str, str], size: str | None) -> None:
    python, log = str(project.python), project.logs / "setup.log"
    wanted = migrations_digest(project)
    if known.migrated != wanted:
        run_step("Database migrations", commands.migrate(python), log=log, cwd=project.root, env=env)
        known.migrated = wanted
        state.write(project.state_file, known)
    static.collect(project, env)
    if size is not None:
        known.loading = size
        state.write(project.state_file, known)
        run_step(
            f"Demo hospital ({size})",
            commands.manage(python, "load_demo", "--size", size),
            log=project.logs / "load_demo.log",
            cwd=project.root,
            # A load cut short is done again from nothing: it need not wait for the disk.
            env={**env, "PGOPTIONS": "-c synchronous_commit=off"},
        )
        known.size, known.loading, known.loaded_on = (size, None, today().isoformat())
        state.write(project.state_file, known)
    if not known.accounts:
        known.accounts = _accounts(project, env)
        state.write(project.state_file, known)


def _accounts(project: Project, env: dict[str, str]) -> str:
    """The demo's accounts, as JSON: asked once, since it takes seconds to load the application."""
    command = commands.manage(str(project.python), "demo_accounts", "--json")
    done = subprocess.run(command, cwd=project.root, env=env, stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout


def application_specs(project: Project, port: int, env: Mapping[str, str]) -> list[Spec]:
    """The three processes of the application."""
    python = str(project.python)
    lines = {
        "web": commands.web(python, bind=f"127.0.0.1:{port}"),
        "worker": commands.worker(python),
        "beat": commands.beat(python, schedule=str(project.demo / "beat-schedule")),
    }
    return [
        Spec(name=name, command=command, cwd=project.root, log=project.logs / f"{name}.log", env=env)
        for name, command in lines.items()
    ]


def _start_application(project: Project, port: int, env: dict[str, str], supervisor: Supervisor) -> None:
    """Start the processes and wait until pages are served. The worker may need a second more:
    what it has to do waits for it, and its death would be seen."""
    with ui.step("Web server, worker and beat"):
        for spec in application_specs(project, port, env):
            supervisor.start(spec)
        answer = f"http://127.0.0.1:{port}/readyz"
        wait_ready(supervisor, "The web server", lambda: serves(*health.ask(answer)), START_SECONDS)


def serves(status: int, body: str) -> bool:
    """True when everything but beat is well: beat is first heard after half a minute."""
    if status == 200:
        return True
    try:
        checks = json.loads(body)["checks"]
        return all(well for name, well in checks.items() if name != "beat")
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def _print_welcome(project: Project, known: State) -> None:
    say()
    say(f"Jalon is ready: {known.address}")
    say(f"  Outgoing mail is kept in {project.demo / 'post'}; logs are in {project.logs}")
    say(accounts_table(known.accounts or ""))
    if known.loaded_on and (today() - date.fromisoformat(known.loaded_on)).days > FRESH_DAYS:
        say(f"  This hospital dates from {known.loaded_on}; for a fresh one: ./jalon demo --reset")


def accounts_table(text: str) -> str:
    """One login per role, from the output of `manage.py demo_accounts --json`."""
    try:
        rows = [[str(a[k]) for k in ("role", "name", "email", "password")] for a in json.loads(text)]
    except (ValueError, KeyError, TypeError):
        return "  The demo's accounts could not be listed: ./jalon manage demo_accounts"
    rows.insert(0, ["role", "name", "login", "password"])
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(f"  {line.rstrip()}" for line in lines)
