"""The folder: whole or not at all, never over another file, never deleted."""

from __future__ import annotations

import pytest

from disburse.transports import Answer, BadTransport, NothingSent, make
from disburse.transports.contract import ANSWER_BYTES_MAX
from disburse.transports.directory import Directory
from tests.transports.parcels import parcel


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "in").mkdir()
    return Directory(tmp_path / "out", tmp_path / "in")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_same_file_again_changes_nothing_and_another_is_refused(directory):
    directory.submit(parcel())
    directory.submit(parcel(fence=2))
    with pytest.raises(NothingSent, match="another file"):
        directory.submit(parcel(b"others", fence=3))
    assert (directory.outbox / "F1.txt").read_bytes() == b"bytes"
    assert names(directory.outbox) == ["F1.txt"]
    assert directory.has(parcel()) is None


def test_what_an_older_sending_left_half_done_can_no_more_be_linked(directory):
    half = directory.outbox / ".F1.txt.1.part"
    half.write_bytes(b"by")
    directory.submit(parcel(fence=2))
    assert names(directory.outbox) == ["F1.txt"]


@pytest.mark.parametrize("name", ["../F1.txt", "a/b", ".hidden", ".."])
def test_a_name_that_leads_elsewhere_is_refused(directory, name):
    with pytest.raises(NothingSent):
        directory.submit(parcel(name=name))


def test_where_nothing_can_be_written_nothing_is_sent(directory):
    directory.outbox.rmdir()
    with pytest.raises(NothingSent, match="No such file"):
        directory.submit(parcel())


def test_without_links_nothing_is_sent(directory, monkeypatch):
    def no_links(*_):
        raise PermissionError

    monkeypatch.setattr("os.link", no_links)
    with pytest.raises(NothingSent, match="no links"):
        directory.submit(parcel())
    assert names(directory.outbox) == []


def test_an_answer_that_took_the_place_of_another_stays_to_be_read(directory):
    (directory.inbox / "a").write_bytes(b"new")
    directory.set_aside(Answer(name="a", content=b"old"), read=True)
    [left] = directory.collect()
    assert left.content == b"new"
    directory.set_aside(Answer(name="gone", content=b""), read=True)


def test_an_answer_that_no_bank_can_have_meant_is_left_where_it_is(directory):
    with (directory.inbox / "huge").open("wb") as stream:
        stream.truncate(ANSWER_BYTES_MAX + 1)
    assert list(directory.collect()) == []


def test_every_wrong_setting_is_told_at_once():
    with pytest.raises(BadTransport) as refused:
        make("directory", {"outbox": "here", "colour": 1}, lambda _: b"")
    assert set(refused.value.facts["wrong"]) == {"outbox", "inbox", "colour"}
    with pytest.raises(BadTransport) as refused:
        make("directory", {"outbox": "/a", "inbox": "/a"}, lambda _: b"")
    assert refused.value.facts["wrong"] == {"inbox": "must be another folder than outbox"}
    with pytest.raises(BadTransport, match="pigeon"):
        make("pigeon", {}, lambda _: b"")
