"""The files of the installation's own PostgreSQL; whoever changes them holds the folder's lock."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE, S_ISDIR
from tempfile import mkdtemp
from typing import Final

from disburse.storage.embedded.programs import Runner, ServerUnavailable

MAJOR: Final = "18"
PRIVATE: Final = 0o700
PASSABLE: Final = 0o711  # where the server runs as another user, who must get to its files below
SUPERUSER: Final = "postgres"
SOCKET: Final = ".s.PGSQL.5432"
SOCKET_BYTES_MAX: Final = 103  # sockaddr_un holds 104 on macOS and 108 on Linux, with a final zero
REACHABLE: Final = Path("/var/lib")  # for data, when the server's user cannot reach the folder
TAIL_LINES: Final = 6


def claim(folder: Path, mode: int) -> None:
    """Make `folder`, or take over an empty one; never widen what was there before."""
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    facts = folder.stat()
    if facts.st_uid != os.geteuid():
        raise ServerUnavailable(f"{folder} is user {facts.st_uid}'s: run disburse as that user")
    names = {path.name for path in folder.iterdir()}
    if "lock" not in names and not names <= {"lost+found"}:  # which every mounted disk has
        raise ServerUnavailable(f"{folder} holds other files: name a folder for PostgreSQL alone")
    folder.chmod(facts.st_mode & mode)


def make_data(folder: Path, runner: Runner, *, log: int, lock: int, sync: bool) -> None:
    """Make the cluster beside its place, so that half a cluster is never taken for one."""
    for left in folder.glob("new-*"):
        shutil.rmtree(left)
    near = runner.reaches(folder)
    new = Path(mkdtemp(prefix="new-" if near else "disburse-", dir=folder if near else REACHABLE))
    password = secrets.token_urlsafe()
    _write(folder / "password", f"*:*:*:*:{password}\n")  # the server's user may not read this one
    _write(new / "password", password)
    runner.own(new / "password")
    runner.own(new)  # last: as root, we write nothing where another user could have put a link
    made = runner.run(
        "initdb", "--pgdata", str(new / "data"), "--username", SUPERUSER,
        "--pwfile", str(new / "password"), "--auth=scram-sha-256", "--encoding=UTF8",
        # By code point, names sort alike on every system. The C library's own locale is C because
        # no other is everywhere: macOS has no C.UTF-8.
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
        "--data-checksums", "--no-instructions", *(() if sync else ("--no-sync",)),
        log=log, lock=lock,
    )  # fmt: skip
    (new / "password").unlink()
    if not made:
        shutil.rmtree(new)
        raise ServerUnavailable(f"PostgreSQL cannot make its files for {folder}; {tail(folder)}")
    if near:
        (new / "data").rename(folder / "data")
        new.rmdir()
    else:
        (folder / "data").symlink_to(new / "data")


def require_version(data: Path) -> None:
    """Raise `ServerUnavailable` unless our PostgreSQL can work on `data`."""
    if not data.exists():
        raise ServerUnavailable(f"{data} leads to {data.readlink()}, which is gone: bring it back")
    found = (data / "PG_VERSION").read_text().strip()
    if found != MAJOR:
        raise ServerUnavailable(
            f"{data} was made by PostgreSQL {found} and this is {MAJOR}: "
            "bring it over with pg_upgrade or a dump, or name another folder"
        )


def last_pid(data: Path) -> str:
    """Return the pid that a server which was killed left behind, for `Runner.start` only."""
    left = data / "postmaster.pid"
    pid = left.read_text().partition("\n")[0] if left.exists() else ""
    return pid if pid.isdecimal() else ""


def socket_folder(folder: Path) -> Path:
    """Return where the server listens."""
    link = folder / "socket"
    return link.readlink() if link.is_symlink() else link


def make_socket_folder(folder: Path, runner: Runner) -> Path:
    """Return a private folder to listen in: under `folder` if the server and its callers can."""
    place = socket_folder(folder)
    if not (_fits(place) and _is_private(place, runner)):
        drop_socket_folder(folder)
        place = folder / "socket"
        if _fits(place) and runner.reaches(folder):
            place.mkdir(mode=PRIVATE)
        else:
            place = Path(mkdtemp(prefix="disburse-"))
            (folder / "socket").symlink_to(place)
        runner.own(place)
    for left in place.glob(f"{SOCKET}*"):  # by a server that was killed
        left.unlink()
    return place


def drop_socket_folder(folder: Path) -> None:
    """Remove the folder that the server listened in."""
    link, place = folder / "socket", socket_folder(folder)
    if place == link:
        shutil.rmtree(link, ignore_errors=True)
    else:
        link.unlink()
        with suppress(OSError):  # it may be gone, or somebody else's by now
            place.rmdir()


def password_of(folder: Path) -> str:
    """Return what all login roles of this server have for a password."""
    return (folder / "password").read_text().strip().rpartition(":")[2]


def tail(folder: Path) -> str:
    """Return the end of the server's log, for a refusal."""
    lines = (folder / "server.log").read_text(errors="replace").splitlines()
    return "its log ends: " + " | ".join(lines[-TAIL_LINES:])


def _fits(place: Path) -> bool:
    """Return whether the kernel can name a socket in `place`, and libpq in its list of hosts."""
    return len(os.fsencode(place / SOCKET)) <= SOCKET_BYTES_MAX and "," not in str(place)


def _is_private(place: Path, runner: Runner) -> bool:
    """Return whether `place` is the server's own; under /tmp it may have changed hands."""
    if not os.path.lexists(place):
        return False
    facts = place.lstat()
    owner = os.geteuid() if runner.uid is None else runner.uid
    return S_ISDIR(facts.st_mode) and facts.st_uid == owner and S_IMODE(facts.st_mode) == PRIVATE


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
