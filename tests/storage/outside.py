"""Looks at the embedded server, and does to it what the world does, from outside its code."""

from __future__ import annotations

import os
import pwd
import signal
from stat import S_IMODE

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import make_url

from disburse.storage import embedded

NOBODY = pwd.getpwnam("nobody").pw_uid


def connection(url, role=embedded.APP, **more):
    query = {**make_url(url).query, "dbname": make_url(url).database, **more}
    return psycopg.connect(make_conninfo(user=role, **query), autocommit=True)


def ask(url, question, role=embedded.APP):
    with connection(url, role) as server:
        return server.execute(question).fetchone()[0]


def write(url):
    with connection(url, "postgres") as server:
        server.execute("CREATE TABLE kept AS SELECT 42 AS answer; GRANT SELECT ON kept TO public")


def postmaster(url):
    """The pid of the server that answers at `url`, from itself."""
    own = "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)"
    return int(ask(url, own, "postgres"))


def kill_all(url):
    """Pull the plug."""
    top = postmaster(url)
    with connection(url, "postgres") as server:
        children = server.execute("SELECT pid FROM pg_stat_activity").fetchall()
        for pid in (top, *(pid for (pid,) in children)):
            os.kill(pid, signal.SIGKILL)


def as_user(uid, act):
    """Run `act` in a child process as `uid`, and return what it raised, as text."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        said = ""
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            act()
        except Exception as problem:  # noqa: BLE001  (it is the answer)
            said = f"{type(problem).__name__}: {problem}"
        finally:
            os.write(writing, said.encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return said


def exposed(folder):
    """What in `folder` its group or others may read or write."""
    return [
        path for path in folder.rglob("*") if path.lstat().st_mode & 0o066 and not path.is_symlink()
    ]


def modes(folder):
    return {path: S_IMODE(path.stat().st_mode) for path in folder.parents}
