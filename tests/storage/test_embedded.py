from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from stat import S_IMODE
from tempfile import TemporaryDirectory
from threading import Timer

import psycopg
import pytest
from sqlalchemy import make_url

from disburse.storage import embedded
from disburse.storage.embedded import ServerUnavailable, programs
from tests.conftest import HASTE
from tests.storage.outside import ask, connection, kill_all, postmaster, write

STARTED = "SELECT pg_postmaster_start_time()"


@pytest.fixture
def folder(swift_folder):
    with TemporaryDirectory(dir=swift_folder) as top:
        yield Path(top) / "postgres"
        embedded.stop(Path(top) / "postgres")


class TestStarting:
    def test_gives_a_database_to_the_app(self, folder):
        url = embedded.ensure(folder, options=HASTE)

        assert ask(url, "SELECT current_user") == "disburse_app"
        assert ask(url, "SELECT current_database()") == "disburse"
        assert ask(url, "SHOW server_version").startswith("18.")
        assert ask(url, "SHOW data_checksums") == "on"
        assert ask(url, "SHOW server_encoding") == "UTF8"
        assert ask(url, "SELECT datlocale FROM pg_database WHERE datname = 'disburse'") == "C.UTF-8"

    def test_keeps_data_over_a_stop(self, folder):
        url = embedded.ensure(folder, options=HASTE)
        write(url)
        embedded.stop(folder)
        with pytest.raises(psycopg.OperationalError):
            connection(url)

        assert ask(embedded.ensure(folder), "SELECT answer FROM kept") == 42

    def test_stopping_what_does_not_run_is_nothing(self, folder):
        embedded.stop(folder)
        assert not folder.exists()

    @pytest.mark.parametrize("name", ["工资 of 'March'", 'a"b:c%20\\d', "a,b"])
    def test_takes_any_path(self, tmp_path, name):
        folder = tmp_path / name / "postgres"
        assert ask(embedded.ensure(folder, options=HASTE), "SELECT 1") == 1
        embedded.stop(folder)

    def test_takes_a_path_that_is_too_long_for_a_socket(self, tmp_path):
        folder = tmp_path / ("long" * 30) / "postgres"
        url = embedded.ensure(folder, options=HASTE)
        place = Path(make_url(url).query["host"])

        assert ask(url, "SELECT 1") == 1
        assert S_IMODE(place.stat().st_mode) == 0o700
        embedded.stop(folder)
        assert not place.exists()

    def test_never_trusts_a_short_place_that_changed_hands(self, tmp_path):
        folder = tmp_path / ("long" * 30) / "postgres"
        url = embedded.ensure(folder)
        place = Path(make_url(url).query["host"])
        kill_all(url)
        shutil.rmtree(place)  # as a system does that starts again
        (trap := tmp_path / "trap").mkdir(mode=0o700)
        (trap / ".s.PGSQL.5432").touch()
        place.symlink_to(trap)

        again = embedded.ensure(folder)

        assert ask(again, "SELECT 1") == 1
        assert make_url(again).query["host"] != str(place)
        assert (trap / ".s.PGSQL.5432").exists()
        embedded.stop(folder)
        place.unlink()

    def test_ignores_what_the_caller_set_for_other_servers(self, folder, monkeypatch):
        for name in ("PGDATA", "PGHOST", "PGPORT", "PGUSER", "PGDATABASE"):
            monkeypatch.setenv(name, "1")

        assert ask(embedded.ensure(folder, options=HASTE), "SHOW port") == "5432"

    def test_begins_anew_after_a_first_start_that_was_cut_off(self, folder):
        (folder / "new-1" / "data").mkdir(parents=True)
        (folder / "lock").touch()

        embedded.ensure(folder, options=HASTE)

        assert not list(folder.glob("new-*"))

    def test_is_shared_by_processes_that_start_together(self, folder):
        script = (
            "import sys, pathlib; from sqlalchemy import text\n"
            "from disburse.storage import embedded, engine\n"
            "with engine.connect(embedded.ensure(pathlib.Path(sys.argv[1])))() as tx:\n"
            "    print(tx.scalar(text('SELECT pg_postmaster_start_time()')))"
        )
        command = [sys.executable, "-c", script, folder]
        starters = [
            subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
            for _ in range(4)
        ]
        answers = {starter.communicate()[0] for starter in starters}

        assert [starter.returncode for starter in starters] == [0] * 4
        assert answers == {f"{ask(embedded.ensure(folder), STARTED)}\n".encode()}
        for starter in starters:  # a Ctrl-C for one of them would not reach the server
            with pytest.raises(ProcessLookupError):
                os.killpg(starter.pid, 0)


class TestAfterACrash:
    def test_has_what_was_committed(self, folder):
        url = embedded.ensure(folder)
        write(url)
        kill_all(url)

        assert ask(embedded.ensure(folder), "SELECT answer FROM kept") == 42
        assert "was not properly shut down" in (folder / "server.log").read_text()

    @pytest.mark.parametrize("crashed", [True, False])
    def test_a_foreign_process_with_the_old_pid_is_left_alone(self, folder, crashed):
        url = embedded.ensure(folder)
        write(url)
        pid_file = folder / "data" / "postmaster.pid"
        _, *rest = pid_file.read_text().splitlines(keepends=True)
        if crashed:
            kill_all(url)
        else:
            embedded.stop(folder)

        with subprocess.Popen(["sleep", "100"]) as foreigner:
            pid_file.write_text("".join([f"{foreigner.pid}\n", *rest]))
            pid_file.chmod(0o600)
            assert ask(embedded.ensure(folder), "SELECT answer FROM kept") == 42
            embedded.stop(folder)
            assert foreigner.poll() is None
            foreigner.kill()

    def test_waits_until_the_last_process_of_the_old_server_has_ended(self, folder):
        url = embedded.ensure(folder)
        write(url)
        with connection(url) as held:
            straggler = held.info.backend_pid
            os.kill(straggler, signal.SIGSTOP)
            os.kill(postmaster(url), signal.SIGKILL)
            release = Timer(1, os.kill, [straggler, signal.SIGCONT])
            release.start()

            assert ask(embedded.ensure(folder), "SELECT answer FROM kept") == 42
            assert release.finished.is_set()


class TestRefusals:
    """Each says what to do, in one sentence."""

    def test_a_file_in_place_of_the_folder(self, folder):
        folder.touch()
        with pytest.raises(ServerUnavailable, match="name another folder"):
            embedded.ensure(folder)
        folder.unlink()

    def test_a_folder_of_other_things(self, folder):
        (folder / "holiday.jpg").parent.mkdir()
        (folder / "holiday.jpg").touch()
        with pytest.raises(ServerUnavailable, match="holds other files"):
            embedded.ensure(folder)

    def test_data_of_another_version(self, folder):
        embedded.ensure(folder, options=HASTE)
        embedded.stop(folder)
        (folder / "data" / "PG_VERSION").write_text("17\n")
        with pytest.raises(ServerUnavailable, match="made by PostgreSQL 17 and this is 18"):
            embedded.ensure(folder)

    def test_a_server_that_cannot_start_gives_its_reason(self, folder):
        with pytest.raises(ServerUnavailable, match=r"ended instead of starting.*shared_buffers"):
            embedded.ensure(folder, options={"shared_buffers": "plenty"})

    def test_a_wheel_that_is_missing(self, folder, monkeypatch):
        monkeypatch.setattr(programs, "WHEEL", "no_such_wheel")
        with pytest.raises(ServerUnavailable, match="install disburse again"):
            embedded.ensure(folder)

    def test_a_password_of_another_server_in_the_environment(self, folder, monkeypatch):
        monkeypatch.setenv("PGPASSWORD", "other")
        with pytest.raises(ServerUnavailable, match="unset PGPASSWORD"):
            embedded.ensure(folder)


def test_a_database_is_copied_and_dropped_with_its_connections(server_url):
    source = embedded.create_database(server_url, "source")
    write(source)
    copy = embedded.create_database(server_url, "a copy", "source")

    with connection(copy) as server:
        assert server.execute("SELECT answer FROM kept").fetchone() == (42,)
        embedded.drop_database(copy)
    embedded.drop_database(source)

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        connection(copy)
