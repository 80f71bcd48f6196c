"""Files in envelopes: sealed once, kept, sent again as they were; answers only from the bank."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from disburse.courier.carrying import Carried
from disburse.demo.bank import Word, read_order, write_answer
from disburse.queries.prove import prove
from disburse.signing.envelope import Envelope
from disburse.steps.bank.retransmit import retransmit
from disburse.transports import BadTransport, NothingSent, abilities
from disburse.transports.directory import Directory
from tests.courier.test_unknown import Deduplicating
from tests.pki import NOW, issue
from tests.signing.test_envelope import certificate_of, key_of

NAMES = {
    "envelope_key": "our_key",
    "envelope_certificate": "our_certificate",
    "envelope_bank_certificate": "bank_certificate",
}


class Keys:
    """Our key, the bank's, and the secrets that the worker finds."""

    def __init__(self):
        made = [
            issue(name, key=rsa.generate_private_key(65537, 2048), begins=NOW)
            for name in ("ours", "bank")
        ]
        self.ours, self.bank = made
        self.secrets = {
            "our_key": key_of(self.ours),
            "our_certificate": certificate_of(self.ours),
            "bank_certificate": certificate_of(self.bank),
        }
        self.banks = Envelope.of(key_of(self.bank), certificate_of(self.bank),
                                 certificate_of(self.ours))  # fmt: skip

    def find(self, name):
        try:
            return self.secrets[name]
        except KeyError:
            raise BadTransport(name) from None


@pytest.fixture
def keys(carrying):
    found = Keys()
    folders = {"outbox": str(carrying.outbox), "inbox": str(carrying.inbox)}
    carrying.connect(**folders | NAMES)
    carrying.post(secret=found.find)
    return found


def lying(carrying):
    return sorted(path for path in carrying.outbox.iterdir() if not path.name.startswith("."))


def test_a_file_leaves_sealed_and_what_is_inside_is_what_was_approved(carrying, keys):
    file = carrying.released()
    assert carrying.carry() == Carried(sent=1)
    [path] = lying(carrying)
    assert path.name == f"{file.name}.p7m"
    inside = keys.banks.open(path.read_bytes())
    assert read_order(inside).reference == file.reference
    [(digest,)] = carrying.rows("SELECT sha256 FROM bank_file")
    assert digest == file.sha256
    assert set(carrying.states()) == {"sent"}
    with carrying.world.loop() as tx:
        assert prove(tx, deep=True).ok


def test_what_is_sent_again_is_the_same_envelope(carrying, keys, monkeypatch):
    submit = Directory.submit

    def break_off(self, parcel):
        submit(self, parcel)
        raise TimeoutError

    monkeypatch.setattr(Directory, "submit", break_off)
    file = carrying.released()
    assert carrying.carry() == Carried(unknown=1)
    [path] = lying(carrying)
    first = path.read_bytes()
    path.unlink()  # the bank took it
    monkeypatch.setattr(Directory, "submit", submit)
    banks = {name: Deduplicating(one) for name, one in carrying.world.banks.items()}
    for who in ("releaser", "approver"):
        carrying.world.do(retransmit, who, file_id=file.id, reason="lost", banks=banks)
    assert carrying.carry() == Carried(sent=1)
    assert lying(carrying)[0].read_bytes() == first


def test_a_file_that_could_not_leave_goes_later_as_it_was_sealed(carrying, keys, monkeypatch):
    seen, submit = [], Directory.submit

    def closed(self, parcel):
        seen.append(parcel.content)
        raise NothingSent("closed")

    monkeypatch.setattr(Directory, "submit", closed)
    carrying.released()
    assert carrying.carry() == Carried()
    monkeypatch.setattr(Directory, "submit", submit)
    carrying.wait(hours=2)
    assert carrying.carry() == Carried(sent=1)
    assert [path.read_bytes() for path in lying(carrying)] == seen


def test_an_answer_counts_when_the_bank_sealed_it(carrying, keys):
    carrying.released()
    carrying.carry()
    order = read_order(keys.banks.open(lying(carrying)[0].read_bytes()))
    words = {credit.reference: Word() for credit in order.credits}
    answer = write_answer(order, words, on=carrying.world.now.date())
    (carrying.inbox / "plain.txt").write_bytes(answer)
    assert carrying.carry() == Carried(answers=1)
    assert set(carrying.states()) == {"sent"}, "anybody could have written it"
    alarms = carrying.rows("SELECT code, detail FROM anomaly")
    assert [code for code, _ in alarms] == ["answer-not-taken"]
    assert "envelope" in alarms[0][1]
    assert [path.name for path in (carrying.inbox / "unreadable").iterdir()]

    (carrying.inbox / "sealed.p7m").write_bytes(keys.banks.seal(answer))
    assert carrying.carry() == Carried(answers=1)
    assert set(carrying.states()) == {"paid"}


def test_a_certificate_whose_time_is_over_lets_everything_wait(carrying, keys):
    carrying.released()
    carrying.wait(days=366)
    (carrying.inbox / "sealed.p7m").write_bytes(keys.banks.seal(b"?"))
    assert carrying.carry() == Carried(unreachable=1)
    assert carrying.file_state() == "dispatching"
    assert (carrying.inbox / "sealed.p7m").exists()
    [(outcome, why)] = carrying.rows("SELECT outcome, detail FROM transmission")
    assert outcome == "nothing-sent"
    assert "certificate is valid" in why


def test_a_secret_that_is_not_there_lets_the_file_wait(carrying, keys):
    del keys.secrets["our_key"]
    carrying.released()
    assert carrying.carry() == Carried()
    assert carrying.file_state() == "dispatching"


@pytest.mark.parametrize(
    ("kind", "told", "wrong"),
    [
        ("directory", {"envelope_key": "k"}, {"envelope_certificate", "envelope_bank_certificate"}),
        ("directory", NAMES | {"envelope_key": "A B"}, {"envelope_key"}),
        ("directory", NAMES | {"envelope_form": "pgp"}, {"envelope_form"}),
        ("pull", {"envelope_key": "k"}, {"envelope_certificate", "envelope_bank_certificate"}),
    ],
)
def test_settings_that_cannot_be_used_are_all_told(kind, told, wrong):
    folders = {"outbox": "/out", "inbox": "/in"} if kind == "directory" else {}
    with pytest.raises(BadTransport) as refused:
        abilities(kind, folders | told)
    assert set(refused.value.facts["wrong"]) == wrong
