"""Each profile of pain.001 by the official schema, other people's rule books, and its own rules."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from lxml import etree

from disburse import banks
from disburse.kit.installed import every
from tests.adapters.batches import a_batch_by, a_payment_by

NAMES = [one for one in every() if one.startswith("iso20022")]
BANKS = banks.load(NAMES)
SEPA, SWISS = BANKS["iso20022:iso_sepa"], BANKS["iso20022:iso_swiss"]
UAE, QATAR = BANKS["iso20022:iso_uae"], BANKS["iso20022:iso_qatar"]


@cache
def schema(message):
    folders = find_spec("sepaxml").submodule_search_locations
    (file,) = Path(folders[0]).rglob(f"{message}.xsd")
    return etree.XMLSchema(etree.parse(file))


def tree(adapter, *payments, **changes):
    return etree.fromstring(b"".join(adapter.render(a_batch_by(adapter, *payments, **changes))))


def values(document, *path):
    steps = "/".join(f"{{*}}{name}" for name in path)
    return [one.text for one in document.iterfind(f".//{steps}")]


def codes(adapter, **changes):
    """Return field and code of each fault of a payment that is right but for the changes."""
    currency = min(adapter.capabilities.currencies)
    faults = adapter.preflight(a_payment_by(adapter, **changes), currency)
    return [(one.field, one.code) for one in faults]


@pytest.mark.parametrize("name", NAMES)
def test_the_official_schema_accepts_every_profile(name):
    adapter = BANKS[name]
    message = adapter.capabilities.format.split(":")[0].removeprefix("ISO 20022 ")
    document = tree(adapter)
    assert document.tag == f"{{urn:iso:std:iso:20022:tech:xsd:{message}}}Document"
    schema(message).assertValid(document)
    most = a_payment_by(adapter, amount=adapter.capabilities.amount_max, note="")
    schema(message).assertValid(tree(adapter, most))


def test_the_older_message_has_its_own_elements():
    adapter = BANKS["iso20022:iso_generic_v3"]
    document = tree(adapter, a_payment_by(adapter, bank_code="ABNANL2A"))
    assert values(document, "ReqdExctnDt") == ["2026-10-10"]
    assert values(document, "CdtrAgt", "FinInstnId", "BIC") == ["ABNANL2A"]
    assert not values(document, "BICFI")


def test_a_sepa_file_is_what_the_scheme_asks_for():
    document = tree(SEPA)
    assert values(document, "PmtTpInf", "SvcLvl", "Cd") == ["SEPA"]
    assert values(document, "PmtTpInf", "CtgyPurp", "Cd") == ["SALA"]
    assert values(document, "ChrgBr") == ["SLEV"]
    assert values(document, "InstdAmt") == ["6500.01", "6500.02"]
    assert len(set(values(document, "CdtrAcct", "Id", "IBAN"))) == 2
    assert not values(document, "Othr")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"account": "62170000000000001"}, ("account", "bad-account")),
        ({"account": "AE070331234567890123456"}, ("account", "bad-account")),
        ({"account": ""}, ("account", "missing")),
        ({"bank_code": "105826000014"}, ("bank_code", "bad-bank-code")),
        ({"latin_name": ""}, ("latin_name", "missing")),
        ({"latin_name": "A" * 71}, ("latin_name", "too-long")),
        ({"latin_name": "Müller"}, ("latin_name", "charset")),
        ({"latin_name": "A & B"}, ("latin_name", "charset")),
        ({"latin_name": " A"}, ("latin_name", "charset")),
        ({"note": "工资"}, ("note", "charset")),
        ({"amount": 10**11}, ("amount", "amount")),
    ],
)
def test_what_sepa_does_not_take_is_told_before_approval(changes, fault):
    assert codes(SEPA, **changes) == [fault]
    assert codes(SEPA, name="测试工人") == []  # a name that does not go into the file
    assert codes(SEPA, bank_code="") == []


def test_swiss_letters_reach_as_far_as_the_standard_says():
    assert codes(SWISS, latin_name="Müller Łukasz Ștefan €") == []
    for odd in ("测试", "Мария", "a\u0180"):
        assert codes(SWISS, latin_name=odd) == [("latin_name", "charset")]
    assert codes(SWISS, account="DE89370400440532013000") == [("account", "bad-account")]


def test_the_emirates_are_told_the_purpose_of_each_payment():
    assert values(tree(UAE), "RgltryRptg", "Dtls", "Cd") == ["SAL", "SAL"]
    assert values(tree(UAE), "RgltryRptg", "Dtls", "Ctry") == ["AE", "AE"]


def test_qatar_wants_bic_purpose_and_no_more_than_its_limit():
    assert values(tree(QATAR), "Purp", "Cd") == ["SALA", "SALA"]
    assert codes(QATAR, bank_code="") == [("bank_code", "missing")]
    assert codes(QATAR, amount=25_000_001) == [("amount", "amount")]


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("iso_qatar", b"<Purp><Cd>SALA", b"<Purp><Cd>SUPP"),
        ("iso_uae", b"<Cd>SAL</Cd></Dtls>", b"<Cd>GDS</Cd></Dtls>"),
        ("iso_uae", b"<Ctry>AE", b"<Ctry>QA"),
        ("iso_uae", b"<DbtCdtRptgInd>CRED", b"<DbtCdtRptgInd>DEBT"),
        ("iso_sepa", b"<SvcLvl><Cd>SEPA", b"<SvcLvl><Cd>URGP"),
        ("iso_sepa", b"pain.001.001.09", b"pain.001.001.03"),
    ],
)
def test_a_file_by_other_rules_is_not_proven(name, good, bad):
    adapter = BANKS[f"iso20022:{name}"]
    batch = a_batch_by(adapter)
    content = b"".join(adapter.render(batch))
    assert good in content
    banks.prove(adapter, batch, content)
    with pytest.raises(banks.Unproven):
        banks.prove(adapter, batch, content.replace(good, bad))
