"""Make `.venv` from the pinned, hashed requirements; do nothing if it is what they say.

    python3 -m config.local.install main|dev|browser

Runs before anything is installed, on any Python from 3.11: standard library only.
"""

import contextlib
import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from config.local.terminal import complain, say, step, tail

REPOSITORY = Path(__file__).resolve().parents[2]
VENV = REPOSITORY / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "install.log"
UNFINISHED = VENV / "install.unfinished"
SETS = {"main": ("main",), "dev": ("dev",), "browser": ("dev", "browser")}  # dev holds all of main


class InstallError(Exception):
    """The message says what is missing and what to do."""


def main() -> int:
    """Bring `.venv` up to date with the set named on the command line. Returns the exit code."""
    wanted = SETS[sys.argv[1]]
    try:
        with _alone():
            if not all(_is_installed(name) for name in wanted):
                _install(wanted)
    except InstallError as error:
        complain(f"install: {error}")
        return 2
    except KeyboardInterrupt:
        complain("install: interrupted; the next start begins anew.")
        return 130
    return 0


def _install(wanted: tuple[str, ...]) -> None:
    say("Installing into .venv, once (the next start finds it done)")
    if UNFINISHED.exists() or not _venv_works():
        _make_venv()
    UNFINISHED.touch()
    uv = _get_uv()
    for name in wanted:
        if not _is_installed(name):
            with step(f"packages of requirements/{name}.txt"):
                _install_packages(name, uv=uv)
    os.sync()  # a stamp must not outlive a power loss that its packages did not
    for name in wanted:
        _stamp(name).write_text(_expected(name))
    UNFINISHED.unlink()


def _is_installed(name: str) -> bool:
    """By the stamp, which is written last. Who has the development set has the main one."""
    if UNFINISHED.exists() or not PYTHON.exists():
        return False
    names = [name, "dev"] if name == "main" else [name]
    return any(_stamp(each).exists() and _stamp(each).read_text() == _expected(each) for each in names)


def _stamp(name: str) -> Path:
    return VENV / f"installed-{name}"


def _expected(name: str) -> str:
    """What was installed and where: a changed requirement or a moved clone makes it differ."""
    pins = hashlib.sha256((REPOSITORY / "requirements" / f"{name}.txt").read_bytes()).hexdigest()
    return f"{pins} {VENV}\n"


def _venv_works() -> bool:
    """Whether it can be built upon: its Python runs, is new enough, has pip, and was made in this place."""
    question = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    try:
        if subprocess.run([PYTHON, "-c", question], capture_output=True, check=False).returncode:
            return False
    except OSError:
        return False
    stamps = [stamp.read_text() for stamp in VENV.glob("installed-*")]
    return all(stamp.endswith(f" {VENV}\n") for stamp in stamps)


def _make_venv() -> None:
    version = platform.python_version()
    try:
        import ensurepip  # noqa: F401 - Debian's Python comes without it
        import venv  # noqa: F401
    except ImportError:
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        message = (
            f"Python {version} ({sys.executable}) has no venv module. On Debian and Ubuntu: apt-get install "
            f"{package}.\nOr name another Python: make PYTHON=/path/to/python3 demo"
        )
        raise InstallError(message) from None
    with step(f"virtual environment, Python {version}"):
        shutil.rmtree(VENV, ignore_errors=True)
        VENV.mkdir(exist_ok=True)
        UNFINISHED.touch()  # already now: half an environment can look like a whole one
        making = [sys.executable, "-m", "venv", str(VENV)]
        made = subprocess.run(making, capture_output=True, text=True, check=False)
    if made.returncode:
        raise InstallError(f"the virtual environment could not be made.\n{made.stdout}{made.stderr}")


def _get_uv() -> bool:
    """Whether uv may and can be used: it does in seconds what takes pip most of a minute.

    It reads none of pip's settings, so who pointed pip at an index of their own and uv at none gets pip.
    """
    if _pip_has_its_own_index() and not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & os.environ.keys():
        return False
    tools = REPOSITORY / "requirements" / "tools.txt"
    with step("installer"):
        return _pip("install", "--require-hashes", "-r", tools)


def _pip_has_its_own_index() -> bool:
    listing = [str(PYTHON), "-m", "pip", "config", "list"]
    settings = subprocess.run(listing, capture_output=True, text=True, check=False)
    return re.search(r"\.(index-url|no-index)=", settings.stdout) is not None


def _install_packages(name: str, *, uv: bool) -> None:
    pins = ["--require-hashes", "-r", REPOSITORY / "requirements" / f"{name}.txt"]
    if uv and _run("-m", "uv", "pip", "install", "--compile-bytecode", "--python", PYTHON, *pins):
        return
    if not _pip("install", *pins):
        message = f"the packages could not be installed. The end of {LOG}:\n{tail(LOG)}"
        raise InstallError(message)


def _pip(*arguments: object) -> bool:
    return _run("-m", "pip", "--disable-pip-version-check", "--no-input", *arguments)


def _run(*arguments: object) -> bool:
    """Run the environment's Python; True if it succeeded. The output goes to the log."""
    quick_to_give_up = {"UV_HTTP_RETRIES": "1", **os.environ}  # pip is the second try
    with LOG.open("ab") as log:
        done = subprocess.run(
            [PYTHON, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=quick_to_give_up,
            check=False,
        )
    return done.returncode == 0


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One installation at a time in a clone. The lock is this very file: nothing is left over."""
    with Path(__file__).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another installation in this clone …")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
