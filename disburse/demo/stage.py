"""Where the demo plays: a database of its own, made anew, and a folder for what it leaves."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from disburse.domain.refusal import Refusal
from disburse.sealing import Keychain, LocalMaster, ensure_file
from disburse.storage import embedded
from disburse.storage.engine import Connections, connect
from disburse.storage.migrate import migrate

if sys.platform != "win32":
    import fcntl

ABOUT: Final = "ABOUT.txt"  # marks a folder as ours
FOLDERS: Final = ("bank_files", "keys", "next", "reports", "sheets", "statements")
FILES: Final = ("history.json", "payouts.csv", "summary.json")
DATABASE: Final = "disburse"
MASTER: Final = "master.key"


class FolderTaken(Refusal):
    """The folder holds something else, or another demo is playing in it."""

    code = "folder-taken"


@contextmanager
def folder(out: Path, about: str) -> Iterator[Path]:
    """Keep the folder for this demo alone; what an earlier one left there is cleared away."""
    out = out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    if not (out / ABOUT).exists() and any(out.iterdir()):
        raise FolderTaken(f"{out} holds other files; name an empty or a new folder with --out")
    write(out / ABOUT, about.encode())
    with (out / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderTaken(f"another demo is playing in {out}; end it first") from None
        for name in FOLDERS:
            shutil.rmtree(out / name, ignore_errors=True)
        for name in FILES:
            (out / name).unlink(missing_ok=True)
        yield out


@contextmanager
def database(out: Path, *, today: date) -> Iterator[str]:
    """Start a PostgreSQL in `out`, make its database anew, and give its URL; stop it at the end.

    No setting names another database for the demo: it can touch nobody's data.
    """
    home = out / "postgres"
    try:
        url = embedded.ensure(home)
        embedded.drop_database(url)
        url = embedded.create_database(url, DATABASE)
        migrate(embedded.as_role(url, embedded.MIGRATE), today=today)
        yield url
    finally:
        embedded.stop(home)


@contextmanager
def connections(url: str, out: Path, role: str = embedded.APP) -> Iterator[Connections]:
    """Connect to the demo's database as one of its roles until the end.

    Its master key is beside it, in the folder.
    """
    begin = connect(embedded.as_role(url, role), Keychain(LocalMaster(ensure_file(out / MASTER))))
    try:
        yield begin
    finally:
        begin.dispose()


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as new:
        try:
            new.write(content)
            new.close()
            Path(new.name).replace(path)
        except BaseException:
            Path(new.name).unlink(missing_ok=True)
            raise
