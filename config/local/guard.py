"""Clear up after a supervisor that was killed: wait for the end of its pipe, then kill what it started.

python -m config.local.guard MARK   (standard input: a pipe that only the supervisor can write to)
"""

import sys

from config.local.processes import kill_marked


def main() -> int:
    """Return when the supervisor is gone and nothing of its stack is left, as after an orderly stop."""
    sys.stdin.buffer.read()
    kill_marked(sys.argv[1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
