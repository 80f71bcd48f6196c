"""Starts, joins and stops the installation's own PostgreSQL.

The folder's lock tells whether a server lives: its processes inherit the open file, and the kernel
unlocks it when the last of them has ended, however that came. A pid in a file tells nothing. (It
takes a disk of this machine, as PostgreSQL itself does.)
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping
from sqlalchemy import URL

from disburse.storage.embedded import cluster
from disburse.storage.embedded.databases import DATABASE, furnish
from disburse.storage.embedded.programs import Runner, ServerUnavailable, choose
from disburse.storage.roles import APP

if sys.platform != "win32":
    import fcntl

SETTINGS: Final = {
    "listen_addresses": "",  # no TCP
    "port": "5432",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",  # nothing rotates the log, so only trouble goes there,
    "log_error_verbosity": "terse",  # and neither the rows at fault, which are about people,
    "log_min_error_statement": "panic",  # nor the statements
}
START_SECONDS_MAX: Final = 120  # after a crash the server first replays what it had not yet stored
STOP_SECONDS_MAX: Final = 120
PING_SECONDS_MAX: Final = 2  # the least that libpq takes
POLL_SECONDS: Final = 1 / 50


def ensure(folder: Path, *, options: Mapping[str, str] | None = None) -> str:
    """Start the PostgreSQL of `folder`, or join it; return its database's URL for the role `APP`.

    The server outlives us and serves every process that comes here. `options` are settings for
    the server if this call starts it. The URL holds no secret. Raises `ServerUnavailable`.
    """
    if sys.platform == "win32":
        raise ServerUnavailable("on Windows, name a server in DISBURSE_DATABASE_URL, or use WSL")
    folder = folder.absolute()
    try:
        runner = choose(folder / "data")
        cluster.claim(folder, mode=cluster.PRIVATE if runner.uid is None else cluster.PASSABLE)
        _start_or_join(folder, runner, options or {})
        url = _url(folder).render_as_string(hide_password=False)
        furnish(url, cluster.password_of(folder))
    except OSError as problem:
        raise ServerUnavailable(
            f"PostgreSQL cannot use {folder}: {problem}; name another folder, "
            "or a server in DISBURSE_DATABASE_URL"
        ) from problem
    except psycopg.Error as problem:
        hint = "; unset PGPASSWORD, which libpq prefers" if "PGPASSWORD" in os.environ else ""
        raise ServerUnavailable(f"PostgreSQL in {folder} refuses us: {problem}{hint}") from problem
    return url


def stop(folder: Path) -> None:
    """End the server of `folder` in good order, and return when its last process is gone."""
    folder = folder.absolute()
    if not (folder / "lock").exists():
        return
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while time.monotonic() < deadline:
        with _lock(folder) as lock:
            if lock is not None:
                cluster.drop_socket_folder(folder)
                return
        if pid := _listener(folder):
            os.kill(pid, signal.SIGINT)  # roll open transactions back, write all out, end
        time.sleep(POLL_SECONDS)
    raise ServerUnavailable(f"PostgreSQL in {folder} is still ending; {cluster.tail(folder)}")


def _start_or_join(folder: Path, runner: Runner, options: Mapping[str, str]) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    started = False
    while not _answers(folder):
        with _lock(folder) as lock:
            if lock is not None and started:
                raise ServerUnavailable(
                    f"PostgreSQL in {folder} ended instead of starting; {cluster.tail(folder)}"
                )
            if lock is not None:
                _start(folder, runner, options, lock)
                started = True
        if time.monotonic() > deadline:
            raise ServerUnavailable(
                f"PostgreSQL in {folder} does not answer after {START_SECONDS_MAX} seconds, "
                f"it may still be recovering: try again; {cluster.tail(folder)}"
            )
        time.sleep(POLL_SECONDS)


def _start(folder: Path, runner: Runner, options: Mapping[str, str], lock: int) -> None:
    data, log = folder / "data", folder / "server.log"
    if log.exists():
        log.replace(folder / "server.log.1")
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        if not os.path.lexists(data):
            sync = options.get("fsync") != "off"
            cluster.make_data(folder, runner, log=output, lock=lock, sync=sync)
        cluster.require_version(data)
        place = str(cluster.make_socket_folder(folder, runner)).replace('"', '""')
        settings = {**SETTINGS, "unix_socket_directories": f'"{place}"', **options}
        words = [word for name in settings for word in ("-c", f"{name}={settings[name]}")]
        words += "-D", str(data.resolve())
        rival = cluster.last_pid(data)
        runner.start("postgres", *words, log=output, lock=lock, rival=rival)
    finally:
        os.close(output)


@contextmanager
def _lock(folder: Path) -> Iterator[int | None]:
    """Lock `folder` until we and all heirs of the open file let go; None when others have it."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield lock
    finally:
        os.close(lock)


def _url(folder: Path) -> URL:
    return URL.create(
        "postgresql+psycopg",
        username=APP,
        database=DATABASE,
        query={
            "host": str(cluster.socket_folder(folder)),
            "port": SETTINGS["port"],
            "passfile": str(folder / "password"),
            # In SCRAM the server too proves that it knows the password, so it is the real one.
            "require_auth": "scram-sha-256",
        },
    )


def _answers(folder: Path) -> bool:
    """Return whether a server takes connections; one that is starting or ending does not."""
    where = make_conninfo(
        host=str(cluster.socket_folder(folder)),
        port=SETTINGS["port"],
        user=APP,
        connect_timeout=PING_SECONDS_MAX,
    )
    return PGconn.ping(os.fsencode(where)) == Ping.OK


def _listener(folder: Path) -> int | None:
    """Return the pid of the process that listens in `folder`, from the kernel, or None."""
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(os.fsencode(cluster.socket_folder(folder) / cluster.SOCKET))
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        if sys.platform == "darwin":
            level, option, layout = 0, 2, "i"  # SOL_LOCAL, LOCAL_PEERPID of sys/un.h
        else:
            level, option, layout = socket.SOL_SOCKET, socket.SO_PEERCRED, "3i"  # pid, uid, gid
        answer = line.getsockopt(level, option, struct.calcsize(layout))
        return int(struct.unpack(layout, answer)[0]) or None  # 0: in another container
