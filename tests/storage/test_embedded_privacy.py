from __future__ import annotations

import os
import shutil
import struct
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from socket import AF_UNIX, socket
from stat import S_IMODE
from tempfile import mkdtemp
from threading import Thread

import pytest
from psycopg import OperationalError
from sqlalchemy import make_url

from disburse.storage import embedded
from disburse.storage.embedded import ServerUnavailable, programs
from tests.conftest import HASTE, MEMORY
from tests.storage.outside import (
    NOBODY,
    as_user,
    ask,
    connection,
    exposed,
    kill_all,
    modes,
    postmaster,
    write,
)

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@contextmanager
def reachable_folder(swift_folder):
    """Give a folder that every user can walk to, unlike pytest's; in memory where that one is."""
    top = Path(mkdtemp(dir=MEMORY if swift_folder.parent == MEMORY else None))
    top.chmod(0o755)
    yield top / "postgres"
    embedded.stop(top / "postgres")
    shutil.rmtree(top)


@pytest.fixture
def folder(swift_folder):
    with reachable_folder(swift_folder) as folder:
        yield folder


@pytest.fixture(scope="module")
def running(swift_folder):
    """A server for all tests that only look at it."""
    with reachable_folder(swift_folder) as folder:
        before = modes(folder)
        url = embedded.ensure(folder, options=HASTE)
        assert modes(folder) == before, "no parent folder is changed"
        yield folder, url


def ask_for_password(trap):
    """Answer one client as a server does that wants the password in clear (message R, kind 3)."""
    client, _ = trap.accept()
    with client:
        client.recv(1_000)
        client.sendall(b"R" + struct.pack("!ii", 8, 3))
        client.recv(1_000)


class TestStrangers:
    def test_find_nothing_open(self, running):
        folder, url = running

        assert S_IMODE(folder.stat().st_mode) == 0o700
        assert S_IMODE((folder / "socket").stat().st_mode) == 0o700
        assert exposed(folder) == []
        assert ask(url, "SHOW listen_addresses") == ""
        assert (folder / "password").read_text().strip("*:\n") not in url

    def test_see_a_folder_narrowed_that_was_wider(self, folder):
        folder.mkdir(mode=0o755)
        embedded.ensure(folder, options=HASTE)
        assert S_IMODE(folder.stat().st_mode) == 0o700

    @needs_root
    @pytest.mark.parametrize("role", [embedded.APP, embedded.MIGRATE, "postgres"])
    def test_cannot_connect(self, running, role):
        _, url = running
        assert "Permission denied" in as_user(NOBODY, lambda: connection(url, role))

    @needs_root
    def test_cannot_connect_even_if_somebody_opens_every_door(self, folder):
        url = embedded.ensure(folder, options=HASTE)
        for door, mode in {"": 0o755, "socket": 0o755, "socket/.s.PGSQL.5432": 0o777}.items():
            (folder / door).chmod(mode)

        for role in (embedded.APP, embedded.MIGRATE, "postgres", "nobody"):
            for guess, answer in (("", "no password supplied"), ("x", "authentication failed")):
                attempt = partial(connection, url, role, password=guess)
                assert answer in as_user(NOBODY, attempt)

    def test_learn_no_password_by_taking_the_place_of_the_server(self, folder):
        url = embedded.ensure(folder, options=HASTE)
        embedded.stop(folder)
        place = Path(make_url(url).query["host"])
        place.mkdir()
        with socket(AF_UNIX) as trap:
            trap.bind(str(place / ".s.PGSQL.5432"))
            trap.listen()
            Thread(target=ask_for_password, args=[trap], daemon=True).start()
            with pytest.raises(OperationalError, match=r"scram-sha-256.* failed"):
                connection(url)

    def test_would_not_be_above_the_rules_by_any_role(self, running):
        _, url = running
        with connection(url) as server:
            rows = server.execute(
                "SELECT rolname, rolcanlogin, pg_has_role(rolname, 'disburse_owner', 'SET')"
                " FROM pg_roles WHERE rolname LIKE 'disburse%' AND NOT"
                " (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb) ORDER BY 1"
            ).fetchall()

        assert rows == [
            ("disburse_app", True, False),
            ("disburse_migrate", True, True),
            ("disburse_owner", False, True),
            ("disburse_regulator", True, False),
            ("disburse_work", True, False),
        ]


@needs_root
class TestOtherUsers:
    def test_root_leaves_the_server_no_privilege(self, running):
        _, url = running
        status = Path(f"/proc/{postmaster(url)}/status").read_text()
        assert "CapEff:\t0000000000000000" in status
        assert "CapPrm:\t0000000000000000" in status

    def test_an_ordinary_user_has_a_server_too(self, folder):
        folder.mkdir(mode=0o700)
        os.chown(folder, NOBODY, NOBODY)

        def act():
            url = embedded.ensure(folder, options=HASTE)
            assert ask(url, "SELECT 1") == 1
            embedded.stop(folder)

        assert as_user(NOBODY, act) == ""
        assert {path.stat().st_uid for path in folder.rglob("*")} == {NOBODY}
        assert exposed(folder) == []

    def test_one_user_does_not_take_over_the_folder_of_another(self, folder):
        folder.mkdir()
        os.chown(folder, NOBODY, NOBODY)

        with pytest.raises(ServerUnavailable, match="run disburse as that user"):
            embedded.ensure(folder)

    def test_without_namespaces_root_runs_the_server_as_nobody(self, folder, monkeypatch):
        monkeypatch.setattr(programs, "namespaces_work", lambda: False)
        monkeypatch.setenv("DISBURSE_SECRET", "of ours")
        before = modes(folder)
        url = embedded.ensure(folder)
        write(url)

        assert (folder / "data").stat().st_uid == NOBODY
        assert Path(f"/proc/{postmaster(url)}").stat().st_uid == NOBODY
        assert "of ours" not in Path(f"/proc/{postmaster(url)}/environ").read_text()
        assert exposed(folder) == []
        assert modes(folder) == before
        said = as_user(NOBODY, lambda: connection(url))
        assert "no password supplied" in said

        kill_all(url)
        monkeypatch.undo()  # data stay with their owner even where namespaces work
        assert ask(embedded.ensure(folder), "SELECT answer FROM kept") == 42

    def test_where_nobody_cannot_reach_the_folder_the_data_go_where_it_can(
        self, folder, monkeypatch
    ):
        monkeypatch.setattr(programs, "namespaces_work", lambda: False)
        folder.mkdir(mode=0o700)  # was there before, so it is not to be widened
        write(embedded.ensure(folder))
        embedded.stop(folder)
        url = embedded.ensure(folder)
        data = (folder / "data").resolve()

        assert ask(url, "SELECT answer FROM kept") == 42
        assert S_IMODE(folder.stat().st_mode) == 0o700
        assert S_IMODE(data.parent.stat().st_mode) == 0o700
        assert data.parent.stat().st_uid == NOBODY
        embedded.stop(folder)
        shutil.rmtree(data.parent)
        with pytest.raises(ServerUnavailable, match="which is gone"):
            embedded.ensure(folder)

    def test_root_data_are_refused_where_namespaces_stop_working(self, folder, monkeypatch):
        embedded.ensure(folder, options=HASTE)
        embedded.stop(folder)
        monkeypatch.setattr(programs, "namespaces_work", lambda: False)

        with pytest.raises(ServerUnavailable, match="user namespaces are forbidden"):
            embedded.ensure(folder)

    @needs_root
    def test_a_folder_that_may_not_be_written(self, folder):
        said = as_user(NOBODY, lambda: embedded.ensure(folder))
        assert said.startswith("ServerUnavailable: ")
        assert "Permission denied" in said
        assert "name another folder, or a server in DISBURSE_DATABASE_URL" in said
