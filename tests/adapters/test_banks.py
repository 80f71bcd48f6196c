"""Adapters are found by name at the start, and no file is kept that was not proven."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from disburse import banks
from disburse.adapter import BadProfile, Head, Payment
from disburse.kit.installed import every
from tests.adapters.batches import a_batch, a_payment

ISO = banks.load(["iso20022"])["iso20022"]


class Lying:
    """An adapter that does to its files or its reading what a defect would do."""

    name, version = "lying", "1"

    def __init__(self, change=lambda found: found, **capabilities):
        self.change = change
        self.capabilities = replace(ISO.capabilities, **capabilities)
        self.render, self.file_name = ISO.render, ISO.file_name
        self.preflight, self.read_report = ISO.preflight, ISO.read_report

    def read_back(self, content):
        yield from self.change(list(ISO.read_back(content)))


def but(number, **changes):
    """Change one of the things that were read: 0 is the head."""
    return lambda found: [
        replace(one, **changes) if at == number else one for at, one in enumerate(found)
    ]


def test_the_two_adapters_are_announced_with_their_profiles():
    found = {one.name: one for one in banks.announced()}
    assert found["delimited"].profiles == ("small_chinese_bank",)
    assert "iso_sepa" in found["iso20022"].profiles
    assert "iso20022" in every()
    assert "iso20022:iso_sepa" in every()
    assert all(one.distribution == "disburse" and one.version for one in found.values())


@pytest.mark.parametrize("name", ["swift", "", "iso20022:", "../x", "delimited:../x", "Iso20022"])
def test_an_adapter_that_is_not_installed_stops_the_start(name):
    with pytest.raises(banks.AdapterMissing, match="not installed; installed"):
        banks.load(["iso20022", name])


def test_a_profile_that_is_not_there_stops_the_start(tmp_path):
    with pytest.raises(banks.AdapterMissing, match=r"put other.toml into the profile folder"):
        banks.load(["delimited:other"], tmp_path)


def test_a_profile_is_needed_or_refused():
    with pytest.raises(BadProfile, match="needs a profile"):
        banks.load(["delimited"])


def test_the_operators_profile_comes_before_the_shipped_one(tmp_path):
    shipped = banks.load(["delimited:small_chinese_bank"])["delimited:small_chinese_bank"]
    banks_file = tmp_path / "small_chinese_bank.toml"
    from_package = banks.files("adapters") / "profiles" / "small_chinese_bank.toml"
    text = from_package.read_text(encoding="utf-8").replace('version = "1"', 'version = "9"')
    banks_file.write_text(text, encoding="utf-8")
    own = banks.load(["delimited:small_chinese_bank"], tmp_path)["delimited:small_chinese_bank"]
    assert own.version.startswith("1-9-")
    assert own.version != shipped.version


@pytest.mark.parametrize(
    ("text", "says"), [("x", "not TOML"), ('adapter = "iso20022"', "adapter must be 'delimited'")]
)
def test_a_profile_of_another_kind_is_refused(tmp_path, text, says):
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadProfile, match=says):
        banks.load(["delimited:own"], tmp_path)


def test_a_written_file_says_what_it_is():
    written = banks.write(ISO, a_batch())
    assert written.sha256 == hashlib.sha256(written.content).hexdigest()
    assert (written.count, written.total) == (2, 1_300_003)
    assert (written.adapter, written.adapter_version) == ("iso20022", ISO.version)
    assert written.name == "pain001_F0000017.xml"


def test_kept_bytes_can_be_proven_again():
    written = banks.write(ISO, a_batch())
    banks.prove(ISO, a_batch(), written.content)
    with pytest.raises(banks.Unproven):
        banks.prove(ISO, a_batch(a_payment(1)), written.content)


@pytest.mark.parametrize("field", sorted(ISO.capabilities.carries))
def test_every_carried_field_is_compared(field):
    wrong = 1 if field == "amount" else "X"
    with pytest.raises(banks.Unproven) as refused:
        banks.write(Lying(but(2, **{field: wrong})), a_batch())
    assert refused.value.facts == {"where": "payment 2", "fields": (field,)}
    assert a_payment(2).name not in refused.value.detail


@pytest.mark.parametrize("field", sorted(ISO.capabilities.states))
def test_everything_that_the_file_says_of_itself_is_compared(field):
    with pytest.raises(banks.Unproven, match="as a whole"):
        banks.write(Lying(but(0, **{field: None})), a_batch())


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found[:-1],
        lambda found: [*found, found[-1]],
        lambda found: [found[0], found[2], found[1]],
        lambda found: found[1:],
        lambda found: [Head(), *found],
        lambda _: [],
    ],
    ids=["fewer", "more", "reordered", "no head", "two heads", "nothing"],
)
def test_a_file_with_other_payments_is_not_kept(change):
    with pytest.raises(banks.Unproven):
        banks.write(Lying(change), a_batch())


def test_one_reference_for_two_payments_is_not_kept():
    with pytest.raises(banks.Unproven, match="stands for two"):
        banks.write(ISO, a_batch(a_payment(1), a_payment(2, reference=a_payment(1).reference)))


def test_a_file_that_is_too_large_is_not_kept():
    with pytest.raises(banks.FileTooLarge, match="fewer than 2"):
        banks.write(Lying(bytes_max=1000), a_batch())


@pytest.mark.parametrize(
    "capabilities",
    [{"carries": frozenset({"name"})}, {"carries": ISO.capabilities.carries | {"salary"}},
     {"states": frozenset({"colour"})}],
)  # fmt: skip
def test_an_adapter_that_does_not_declare_what_it_carries_proves_nothing(capabilities):
    with pytest.raises(banks.Unproven, match="does not declare"):
        banks.write(Lying(**capabilities), a_batch())


def test_a_field_that_a_format_has_no_place_for_is_not_compared():
    without = Lying(but(1, bank_name=""), carries=ISO.capabilities.carries - {"bank_name"})
    assert isinstance(a_batch().payments[0], Payment)
    assert banks.write(without, a_batch()).count == 2


def test_a_distribution_may_ship_no_profiles():
    elsewhere = banks.EntryPoint("x", "disburse.adapter:Adapter", banks.GROUP)
    assert banks._shipped(elsewhere) == {}


def test_a_distribution_may_be_one_module(tmp_path, monkeypatch):
    """As README's example is; it brought `disburse adapters` down."""
    (tmp_path / "alone.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert banks._shipped(banks.EntryPoint("alone", "alone:Bank", banks.GROUP)) == {}
    assert banks._shipped(banks.EntryPoint("gone", "not_there:Bank", banks.GROUP)) == {}


@pytest.mark.parametrize("value", ["not_there:Bank", "disburse.adapter:Bank"])
def test_an_adapter_that_cannot_be_loaded_is_named_with_what_to_do(monkeypatch, value):
    point = banks.EntryPoint("mine", value, banks.GROUP)
    monkeypatch.setattr(banks, "entry_points", lambda **_: [point])
    with pytest.raises(banks.AdapterMissing, match="mend its entry point and install it again"):
        banks.load(["mine"])


def test_the_first_difference_is_told_although_the_file_breaks_off_behind_it():
    """A cut file is named by what is wrong before the cut, not by the cut."""
    some = [a_payment(number) for number in range(1, 6)]
    content = banks.write(ISO, a_batch(*some)).content
    other = a_batch(some[0], replace(some[1], amount=some[1].amount + 1), *some[2:])
    for cut in (content, content[: -len(content) // 5]):
        with pytest.raises(banks.Unproven) as refused:
            banks.prove(ISO, other, cut)
        assert refused.value.facts["where"] == "payment 2"
    with pytest.raises(banks.Unproven) as refused:
        banks.prove(ISO, a_batch(*some), content[: -len(content) // 5])
    assert refused.value.facts["where"] == "file"
