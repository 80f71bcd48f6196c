"""Master keys from a file, from the environment, and from a service over real HTTP."""

import os
import subprocess
import sys

import pytest

from disburse.sealing import (
    Keychain,
    LocalMaster,
    MasterKeyUnreachable,
    MasterKeyUnusable,
    TransitMaster,
    bound_to,
    ensure_file,
    read_file,
    read_keys,
)
from disburse.sealing.keychain import KEPT_MAX, KEPT_SECONDS_MAX, NANOSECONDS
from disburse.sealing.local import new_key
from tests.sealing.standin import TOKEN, an_engine

HERE = bound_to(1, "root_key", "wrapped", "project")
THERE = bound_to(2, "root_key", "wrapped", "project")
SECRET = bytes(32)


@pytest.fixture
def engine(socket_enabled):
    with an_engine() as made:
        yield made


@pytest.fixture(params=["local", "transit"])
def master(request):
    if request.param == "local":
        return LocalMaster(read_keys(new_key()))
    return TransitMaster(request.getfixturevalue("engine").url, "disburse", TOKEN)


def test_what_a_master_key_wraps_it_unwraps_at_the_same_place_only(master):
    wrapped = master.wrap(SECRET, HERE)

    assert SECRET not in wrapped
    assert master.unwrap(wrapped, HERE) == SECRET
    assert master.label_of(wrapped) == master.label()
    for told, place in ((wrapped, THERE), (wrapped[:-3] + b"AAA", HERE), (b"", HERE)):
        with pytest.raises(MasterKeyUnusable):
            master.unwrap(told, place)


def test_an_older_key_still_unwraps_and_the_newest_wraps():
    old, new = new_key(), new_key()
    before, after = LocalMaster(read_keys(old)), LocalMaster(read_keys(f"{new}\n{old}"))
    wrapped = before.wrap(SECRET, HERE)

    assert after.unwrap(wrapped, HERE) == SECRET
    assert after.label_of(wrapped) == before.label() != after.label()
    with pytest.raises(MasterKeyUnusable, match="give the former key too") as refused:
        LocalMaster(read_keys(new)).unwrap(wrapped, HERE)
    assert new not in str(refused.value)
    assert before.label() in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "secret", "c2hvcnQ=", "é" * 44, " ".join(["A" * 43 + "="] * 11)]
)
def test_a_key_that_is_none_is_refused_and_never_repeated(text):
    with pytest.raises(MasterKeyUnusable) as refused:
        read_keys(text)

    assert not text or text not in str(refused.value)


def test_a_key_file_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "new folder" / "master.key"
    first = ensure_file(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert ensure_file(path) == first
    assert [one.name for one in path.parent.iterdir()] == ["master.key"]
    path.chmod(0o640)
    with pytest.raises(MasterKeyUnusable, match="chmod 600"):
        read_file(path)
    with pytest.raises(MasterKeyUnusable, match="No such file"):
        read_file(tmp_path / "none")


def test_of_processes_that_start_at_once_all_have_the_same_key(tmp_path):
    path = tmp_path / "master.key"
    program = (
        "import pathlib, sys; from disburse.sealing import ensure_file;"
        "print(ensure_file(pathlib.Path(sys.argv[1])))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE)
        for _ in range(4)
    ]

    told = {process.communicate()[0] for process in running}

    assert told == {f"{read_file(path)}\n".encode()}


def test_a_service_rotates_its_key_and_older_versions_unwrap(engine):
    master = TransitMaster(engine.url + "/", "disburse", TOKEN)
    wrapped = master.wrap(SECRET, HERE)
    engine.rotate()

    assert master.unwrap(wrapped, HERE) == SECRET
    assert master.label_of(wrapped) == "transit:disburse:v1"
    assert master.label() == "transit:disburse:v2"
    assert master.label_of(master.wrap(SECRET, HERE)) == master.label()


@pytest.mark.parametrize(("key", "token"), [("another", TOKEN), ("disburse", "s.wrong")])
def test_a_service_that_refuses_is_told_in_a_sentence_without_the_token(engine, key, token):
    with pytest.raises(MasterKeyUnusable, match="token may encrypt") as refused:
        TransitMaster(engine.url, key, token).wrap(SECRET, HERE)

    assert token not in str(refused.value)


def test_a_busy_service_is_asked_again_and_one_that_stays_so_is_unreachable(engine):
    master = TransitMaster(engine.url, "disburse", TOKEN)
    engine.failures = [503, 429]
    assert master.label() == "transit:disburse:v1"
    engine.failures = [503] * 3

    with pytest.raises(MasterKeyUnreachable, match="status 503"):
        master.label()
    assert engine.failures == []


def test_a_service_that_is_not_there_is_unreachable(socket_enabled):
    with an_engine() as engine:
        url = engine.url
    with pytest.raises(MasterKeyUnreachable, match="does not answer"):
        TransitMaster(url, "disburse", TOKEN).wrap(SECRET, HERE)


@pytest.mark.parametrize("form", [{}, [], {"data": 1}, {"data": {}}, {"data": {"plaintext": "="}}])
def test_an_answer_that_is_not_transits_is_refused(engine, form):
    master = TransitMaster(engine.url, "disburse", TOKEN)
    wrapped = master.wrap(SECRET, HERE)
    engine.wrong_form = form

    for ask in (
        master.label,
        lambda: master.wrap(SECRET, HERE),
        lambda: master.unwrap(wrapped, HERE),
    ):
        with pytest.raises(MasterKeyUnusable):
            ask()


def test_the_master_key_is_asked_once_in_a_while_and_forgotten_in_time(engine):
    time = [0]
    keychain = Keychain(TransitMaster(engine.url, "disburse", TOKEN), lambda: time[0])
    wrapped = keychain.new_root(HERE)
    engine.asked.clear()
    keys = [keychain.root(7, wrapped, HERE) for _ in range(3)]

    assert len(engine.asked) == 1
    assert keys[0].open(keys[1].seal(b"x", HERE), HERE) == b"x"
    time[0] = KEPT_SECONDS_MAX * NANOSECONDS
    keychain.root(7, wrapped, HERE)
    assert len(engine.asked) == 2
    keychain.forget()
    keychain.root(7, wrapped, HERE)
    assert len(engine.asked) == 3


def test_only_so_many_root_keys_are_held():
    keychain = Keychain(LocalMaster([os.urandom(32)]))
    wrapped = [keychain.new_root(HERE) for _ in range(KEPT_MAX + 1)]
    for number, one in enumerate(wrapped):
        keychain.root(number, one, HERE)

    assert len(keychain._kept) == KEPT_MAX
    assert HERE + wrapped[0] not in keychain._kept
