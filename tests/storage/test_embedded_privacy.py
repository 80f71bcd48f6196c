from __future__ import annotations

import os
import shutil
from pathlib import Path
from stat import S_IMODE
from tempfile import mkdtemp

import pytest
from sqlalchemy import make_url

from disburse.storage import embedded
from disburse.storage.embedded import ServerUnavailable, programs
from tests.conftest import HASTE
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


@pytest.fixture
def folder():
    """A folder that every user can walk to, unlike pytest's."""
    top = Path(mkdtemp(prefix="disburse-test-"))
    top.chmod(0o755)
    yield top / "postgres"
    embedded.stop(top / "postgres")
    shutil.rmtree(top)


class TestStrangers:
    def test_find_nothing_open(self, folder):
        url = embedded.ensure(folder, options=HASTE)

        assert S_IMODE(folder.stat().st_mode) == 0o700
        assert S_IMODE((folder / "socket").stat().st_mode) == 0o700
        assert exposed(folder) == []
        assert ask(url, "SHOW listen_addresses") == ""
        assert "password" not in make_url(url).query
        assert make_url(url).password is None

    def test_leave_no_parent_folder_changed(self, folder):
        before = modes(folder)
        embedded.ensure(folder, options=HASTE)
        assert modes(folder) == before

    def test_a_folder_that_was_wider_is_narrowed(self, folder):
        folder.mkdir(mode=0o755)
        embedded.ensure(folder, options=HASTE)
        assert S_IMODE(folder.stat().st_mode) == 0o700

    @needs_root
    def test_cannot_connect(self, folder):
        url = embedded.ensure(folder, options=HASTE)
        for role in (embedded.APP, embedded.MIGRATE, "postgres"):
            said = as_user(NOBODY, lambda role=role: connection(url, role))
            assert "Permission denied" in said

    @needs_root
    def test_cannot_connect_even_if_somebody_opens_every_door(self, folder):
        url = embedded.ensure(folder, options=HASTE)
        for door, mode in {"": 0o755, "socket": 0o755, "socket/.s.PGSQL.5432": 0o777}.items():
            (folder / door).chmod(mode)

        for role in (embedded.APP, embedded.MIGRATE, "postgres", "nobody"):
            said = as_user(NOBODY, lambda role=role: connection(url, role))
            assert "no password supplied" in said
            said = as_user(NOBODY, lambda role=role: connection(url, role, password="guess"))
            assert "password authentication failed" in said

    def test_no_role_of_the_service_is_above_the_rules(self, folder):
        url = embedded.ensure(folder, options=HASTE)
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
        ]


@needs_root
class TestOtherUsers:
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

        with pytest.raises(ServerUnavailable, match="is user 65534's"):
            embedded.ensure(folder)

    def test_without_namespaces_root_runs_the_server_as_nobody(self, folder, monkeypatch):
        monkeypatch.setattr(programs, "namespaces_work", lambda: False)
        before = modes(folder)
        url = embedded.ensure(folder)
        write(url)

        assert (folder / "data").stat().st_uid == NOBODY
        assert Path(f"/proc/{postmaster(url)}").stat().st_uid == NOBODY
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
