"""The command line of ./jalon."""

import argparse
import os
import sys
from collections.abc import Sequence

from launcher import control, demo, guard, lint, testing
from launcher.paths import Project, project
from launcher.ui import LauncherError, from_os_error, say

EPILOG = """\
everything is made in .jalon/ (and node_modules/, static/vendor/); deleting them starts from nothing.

environment:
  JALON_PYTHON=PATH   use this Python (3.11 or newer)
  JALON_NO_APT=1      never call apt-get: tell what is missing instead
  JALON_EMBEDDED=1    use the wheels' PostgreSQL and Valkey even if the distribution has its own
  JALON_CHROMIUM=PATH the browser of the end-to-end tests
"""

DEFAULT_PORT = 8000


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(
        prog="./jalon",
        description="Run Jalon on this machine.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    one = commands.add_parser("demo", help="start everything with a fictitious hospital; Ctrl-C stops it")
    one.add_argument("--port", type=port, default=DEFAULT_PORT, help="port of the web server (default: %(default)s)")
    one.add_argument("--reset", action="store_true", help="remove the demo's data and load it afresh")
    one.add_argument("--size", choices=demo.SIZES, help="size of the hospital (default: small)")
    commands.add_parser("stop", help="stop the demo of this folder")
    for name, text in (
        ("test", "run the tests; arguments go to pytest and replace the usual ones"),
        ("bench", "run the measures; arguments go to tests.bench"),
        ("manage", "run a Django command on the demo's database"),
    ):
        # Their arguments are not ours to read: see `dispatch`.
        commands.add_parser(name, help=text, add_help=False)
    commands.add_parser("lint", help="run every check that reads the code")
    return top


def port(text: str) -> int:
    """A TCP port number."""
    number = int(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return number


PASSED_THROUGH = {"test": testing.run_tests, "bench": testing.run_bench, "manage": control.manage}


def dispatch(here: Project, arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code."""
    if arguments and arguments[0] in PASSED_THROUGH:
        return PASSED_THROUGH[arguments[0]](here, arguments[1:])
    asked = parser().parse_args(arguments)
    if asked.command == "demo":
        return demo.run(here, demo.Options(asked.port, asked.reset, asked.size))
    if asked.command == "lint":
        return lint.run(here)
    return control.stop(here)


def guarded(here: Project, arguments: Sequence[str]) -> int:
    """`dispatch`, with errors told in plain words."""
    try:
        return dispatch(here, arguments)
    except LauncherError as error:
        say(str(error), error=True)
    except OSError as error:
        known = from_os_error(error, here.root)
        if known is None:
            raise
        say(str(known), error=True)
    return 1


def entry(arguments: Sequence[str]) -> int:
    """Called by `python -m launcher`."""
    if not arguments or arguments[0] not in PASSED_THROUGH:
        # Help and mistakes need no watch over processes.
        parser().parse_args(arguments or ["--help"])
    # Our files are read by the servers' user; what is secret gets its own mode.
    os.umask(0o022)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    here = project()
    return guard.run_guarded(lambda: guarded(here, arguments))
