"""`python -m config.local run|demo`: what `make run` and `make demo` start."""

import sys

import environ

from config.local.errors import LocalStackError
from config.local.postgres import REPOSITORY
from config.local.terminal import complain


def main() -> int:
    """Run the command named on the command line. Returns the exit code: 2 if it can't start at all."""
    environ.Env.read_env(REPOSITORY / ".env")  # as the settings do; what is set already wins
    command = sys.argv[1] if len(sys.argv) == 2 else ""
    try:
        if command == "run":
            from config.local.run import run

            return run()
        if command == "demo":
            from config.local.demo import demo

            return demo()
    except LocalStackError as error:
        complain(f"{command}: {error}")
        return 2
    except PermissionError as error:
        complain(
            f"{command}: {error.filename} belongs to another user. Set DATA_DIR to a folder of your own."
        )
        return 2
    complain(__doc__ or "")
    return 2


if __name__ == "__main__":
    sys.exit(main())
