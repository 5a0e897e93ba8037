"""A container's health check: exit 0 if the process in it answers 200. The image has no curl.

`python -I check_ready.py PORT [PATH]`; what was answered is printed, and shown by `docker inspect`.
"""

# ruff: noqa: INP001, T201 - a script that prints what it saw

import http.client
import sys


def main() -> int:
    """Ask once. By address, past any proxy that the environment names."""
    port, path = sys.argv[1], (sys.argv[2:] or ["/readyz"])[0]
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=4)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        print(answer.status, answer.read(500).decode(errors="replace"))
    except OSError as error:
        print(error)
        return 1
    return int(answer.status != http.HTTPStatus.OK)


if __name__ == "__main__":
    sys.exit(main())
