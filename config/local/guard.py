"""Clear up after a supervisor that was killed: read from its pipe until it is gone, then kill what it started.

python -m config.local.guard DATA_DIR   (standard input: a pipe that only the supervisor writes to)
"""

import sys
from pathlib import Path

from config.local.processes import State


def main() -> int:
    """Return when the supervisor is gone and nothing of its stack is left. After an orderly stop there is no state."""
    sys.stdin.buffer.read()
    State(Path(sys.argv[1])).clear()
    return 0


if __name__ == "__main__":
    sys.exit(main())
