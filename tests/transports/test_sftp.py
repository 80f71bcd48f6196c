"""SFTP against a real server on this machine: pinned key, whole files, nothing overwritten."""

from __future__ import annotations

import asyncio
from threading import Thread

import asyncssh
import pytest

from disburse.transports import Answer, BadTransport, CannotReach, NothingSent, make
from disburse.transports.sftp import Sftp
from tests.transports.parcels import parcel

pytestmark = pytest.mark.enable_socket


class Users(asyncssh.SSHServer):
    """Lets one key in and no password."""

    def __init__(self, key):
        self.key = key

    def begin_auth(self, username):
        return True

    def public_key_auth_supported(self):
        return True

    def validate_public_key(self, username, key):
        return username == "wages" and key == self.key


class Folders(asyncssh.SFTPServer):
    """The bank's folders; a rename can break the line first, or after it was done."""

    breaks = ""

    def rename(self, oldpath, newpath):
        if Folders.breaks == "before":
            self.channel.get_connection().abort()
            return None
        done = super().rename(oldpath, newpath)
        if Folders.breaks == "after":
            self.channel.get_connection().abort()
        return done


class Server:
    def __init__(self, folder, client_key):
        self.folder = folder
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.client_key = client_key
        self.loop = asyncio.new_event_loop()
        self.thread = Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.listening = self.run(self.listen())
        self.port = self.listening.get_port()

    def run(self, what):
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(30)

    async def listen(self):
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[self.host_key],
            server_factory=lambda: Users(self.client_key.convert_to_public()),
            sftp_factory=lambda chan: Folders(chan, chroot=str(self.folder)),
        )

    async def end(self):
        self.listening.close()
        await self.listening.wait_closed()

    def close(self):
        self.run(self.end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture
def key():
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture
def server(tmp_path, key):
    for name in ("in", "out"):
        (tmp_path / "bank" / name).mkdir(parents=True)
    running = Server(tmp_path / "bank", key)
    yield running
    Folders.breaks = ""
    running.close()


@pytest.fixture
def sftp(server, key):
    return connected(server, key)


def connected(server, private, lock=None, **changed):
    settings = {
        "host": "127.0.0.1",
        "port": server.port,
        "user": "wages",
        "host_key": server.host_key.export_public_key().decode().strip(),
        "key": "bank_key",
        "outbox": "/in",
        "inbox": "/out",
    }
    locked = private.export_private_key("pkcs8-pem", passphrase=lock)
    secrets = {"bank_key": locked, "bank_pass": b"open\n", "broken": b"no key"}
    return make("sftp", settings | changed, secrets.__getitem__)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_lies_there_whole_and_once(server, sftp):
    sftp.submit(parcel())
    sftp.submit(parcel(fence=2))
    assert names(server.folder / "in") == ["F1.txt"]
    assert (server.folder / "in" / "F1.txt").read_bytes() == b"bytes"
    assert sftp.has(parcel()) is None
    assert (sftp.abilities.submits, sftp.abilities.collects) == (True, True)


def test_another_file_by_the_name_is_never_overwritten(server, sftp):
    sftp.submit(parcel(b"first"))
    with pytest.raises(NothingSent, match="another file"):
        sftp.submit(parcel(b"second"))
    assert (server.folder / "in" / "F1.txt").read_bytes() == b"first"
    assert names(server.folder / "in") == ["F1.txt"]


@pytest.mark.parametrize("breaks", ["before", "after"])
def test_a_line_that_breaks_while_the_file_gets_its_name_leaves_it_open(server, sftp, breaks):
    Folders.breaks = breaks
    with pytest.raises(asyncssh.Error):
        sftp.submit(parcel())


def test_another_server_by_the_address_is_sent_nothing(server, key):
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    with pytest.raises(NothingSent, match="HostKeyNotVerifiable"):
        connected(server, key, host_key=other).submit(parcel())
    assert names(server.folder / "in") == []


def test_another_key_is_not_let_in(server):
    stranger = asyncssh.generate_private_key("ssh-ed25519")
    with pytest.raises(NothingSent, match="PermissionDenied"):
        connected(server, stranger).submit(parcel())
    with pytest.raises(CannotReach):
        list(connected(server, stranger).collect())


def test_a_server_that_is_not_there_is_sent_nothing(server, key):
    gone = connected(server, key, port=9)
    with pytest.raises(NothingSent):
        gone.submit(parcel())


def test_a_folder_that_is_not_there_is_sent_nothing(server, key):
    with pytest.raises(NothingSent, match="SFTPNoSuchFile"):
        connected(server, key, outbox="/nowhere").submit(parcel())


@pytest.mark.parametrize("name", ["a/b", ".hidden"])
def test_a_name_that_leads_elsewhere_is_refused(sftp, name):
    with pytest.raises(NothingSent):
        sftp.submit(parcel(name=name))


def test_a_locked_key_is_opened_by_its_passphrase(server, key):
    connected(server, key, "open", passphrase="bank_pass").submit(parcel())
    assert names(server.folder / "in") == ["F1.txt"]
    with pytest.raises(BadTransport):
        connected(server, key, "open").submit(parcel())


def test_answers_are_read_oldest_first_and_moved_beside(server, sftp):
    out = server.folder / "out"
    for name in ("b", "a", ".hidden", "half.part"):
        (out / name).write_bytes(name.encode())
    (out / "folder").mkdir()
    answers = list(sftp.collect())
    assert sorted(one.name for one in answers) == ["a", "b"]
    sftp.set_aside(answers[0], read=True)
    sftp.set_aside(answers[1], read=False)
    assert len(names(out / "read")) == len(names(out / "unreadable")) == 1
    (out / answers[0].name).write_bytes(answers[0].content)
    sftp.set_aside(answers[0], read=True)  # the very same once more
    assert len(names(out / "read")) == 1
    assert list(sftp.collect()) == []


def test_an_answer_that_took_the_place_of_another_stays_to_be_read(server, sftp):
    (server.folder / "out" / "a").write_bytes(b"new")
    sftp.set_aside(Answer(name="a", content=b"old"), read=True)
    assert [one.content for one in sftp.collect()] == [b"new"]


def test_every_wrong_setting_is_told(server, key):
    with pytest.raises(BadTransport) as refused:
        connected(server, key, host="", port=0, host_key="none", key="A key!", outbox="/out")
    assert set(refused.value.facts["wrong"]) == {"host", "port", "host_key", "key", "inbox"}


def test_a_secret_that_is_no_key_is_told(server, key):
    with pytest.raises(BadTransport, match="no private key"):
        connected(server, key, key="broken").submit(parcel())
    assert isinstance(connected(server, key), Sftp)
