"""Ask the web server how it is: used by the demo while it starts and by the containers.

Usage: python -m launcher.health http://127.0.0.1:8000/readyz
"""

import os
import sys
import urllib.error
import urllib.request


def ask(url: str, *, timeout: float = 5.0) -> tuple[int, str]:
    """HTTP status (0: no answer) and body of a health address."""
    # As the reverse proxy would: else a production server answers by a redirection to https,
    # and refuses a host it does not serve.
    headers = {"X-Forwarded-Proto": "https"}
    host = os.environ.get("JALON_ALLOWED_HOSTS", "").split(",")[0].strip()
    if host and "*" not in host:
        headers["Host"] = host.removeprefix(".")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, headers=headers)
    try:
        with opener.open(request, timeout=timeout) as answer:
            return int(answer.status), answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")
    except (OSError, ValueError):
        return 0, ""


def main(arguments: list[str]) -> int:
    """Exit code 0 when the answer is 200, else 1 with the answer on standard error."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    status, body = ask(arguments[0])
    if status == 200:
        return 0
    print(f"{arguments[0]}: {status or 'no answer'} {body}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
