"""pain.001 by the official schema; pain.002 as banks really send it."""

from __future__ import annotations

import os
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from adapters.iso20022 import Iso20022
from adapters.iso20022.status import RESULTS
from disburse.adapter import (
    Account,
    BadProfile,
    FileAnswer,
    PaymentAnswer,
    Quarantined,
    Result,
    UnreadableFile,
    UnreadableReport,
    Unrenderable,
)
from tests.adapters.batches import REFERENCES, a_batch, a_payment, pain002, rare_names

ISO = Iso20022()
SPACE = b"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
ONE, TWO = REFERENCES[:2]
IBAN = "NL02ABNA0123456789"


@pytest.fixture(scope="module")
def schema():
    folders = find_spec("sepaxml").submodule_search_locations
    (file,) = Path(folders[0]).rglob("pain.001.001.09.xsd")
    return etree.XMLSchema(etree.parse(file))


def tree(batch, adapter=ISO):
    return etree.fromstring(b"".join(adapter.render(batch)))


def values(document, *names):
    return ["".join(one.itertext()) for name in names for one in document.iter(f"{{*}}{name}")]


def files_first(report):
    """Read a report; what it says of the whole file comes first, though its reader says it last."""
    records = list(ISO.read_report(report))
    payments = report.count(b"</TxInfAndSts>")
    return records[payments:] + records[:payments]


def read(*statuses, **levels):
    return files_first(pain002(list(statuses), **levels))


@pytest.mark.parametrize(
    "batch",
    [
        a_batch(),
        rare_names(),
        a_batch(a_payment(account=IBAN, bank_code="ABNANL2A"), currency="EUR"),
        a_batch(a_payment(bank_code="", bank_name="测试银行", note="")),
        a_batch(a_payment(amount=1), a_payment(2, amount=99_999_999_999)),
        a_batch(a_payment(), currency="KWD"),
        a_batch(a_payment(), currency="JPY"),
        a_batch(debtor=Account(holder="T", number=IBAN, bank_code="ABNANL2AXXX", bank_name="")),
    ],
)
def test_the_official_schema_accepts_what_is_written(schema, batch):
    schema.assertValid(tree(batch))


@settings(deadline=None)
@given(name=st.text(max_size=150), note=st.text(max_size=150))
def test_the_official_schema_accepts_whatever_preflight_does(schema, name, note):
    payment = a_payment(name=name, note=note)
    if not ISO.preflight(payment, "CNY"):
        schema.assertValid(tree(a_batch(payment)))


def test_wages_go_out_as_one_salary_batch_with_totals_at_both_levels():
    document = tree(a_batch())
    assert values(document, "CtgyPurp", "BtchBookg") == ["SALA", "true"]
    assert values(document, "NbOfTxs") == ["2", "2"]
    assert values(document, "CtrlSum") == ["13000.03", "13000.03"]
    assert values(document, "MsgId", "PmtInfId") == ["F0000017", "F0000017"]
    assert values(document, "EndToEndId") == [ONE, TWO]
    assert values(document, "ReqdExctnDt", "CreDtTm") == ["2026-10-10", "2026-10-09T01:02:03Z"]


def test_the_debtor_bears_the_charges_where_a_fee_could_reduce_the_wage():
    assert values(tree(a_batch()), "ChrgBr") == ["DEBT"]
    assert values(tree(a_batch(currency="EUR")), "ChrgBr") == ["SLEV"]


def test_accounts_and_banks_are_named_in_their_own_scheme():
    iban = tree(a_batch(a_payment(account=IBAN, bank_code="ABNANL2A")))
    assert values(iban, "IBAN", "BICFI") == [IBAN, "ABNANL2A"]
    domestic = tree(a_batch(a_payment()))
    assert values(domestic, "MmbId") == ["105826000022", "105826000014"]
    assert values(domestic, "ClrSysId") == ["CNAPS", "CNAPS"]
    assert not values(domestic, "IBAN")


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("account", "NL03ABNA0123456789", "bad-account"),
        ("account", "6217 0000", "bad-account"),
        ("account", "6" * 35, "bad-account"),
        ("bank_code", "10582600001", "bad-bank-code"),
        ("bank_code", "abnanl2a", "bad-bank-code"),
        ("reference", "a-1", "charset"),
        ("name", "长" * 141, "too-long"),
    ],
)
def test_a_bad_field_is_named_with_its_code(field, text, code):
    faults = ISO.preflight(a_payment(**{field: text}), "CNY")
    assert [(fault.field, fault.code) for fault in faults] == [(field, code)]


def test_every_fault_of_a_payment_is_told_at_once():
    bad = a_payment(name="", account="-", bank_code="X", note="\x07", amount=0)
    assert {fault.field for fault in ISO.preflight(bad, "XXX")} == {
        "name", "account", "bank_code", "note", "amount",
    }  # fmt: skip


def test_a_special_account_without_its_bank_is_not_written():
    debtor = Account(holder="T", number="1", bank_code="", bank_name="")
    with pytest.raises(Unrenderable, match="bank"):
        list(ISO.render(a_batch(debtor=debtor)))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("message", "pain.001.001.02"), ("charset", "latin"), ("name_max", 141), ("note_max", 0),
        ("currencies", ["eur"]), ("iban_countries", ["Germany"]), ("service_level", "SEPAX"),
        ("purpose", "wages"), ("charges", "CRED"), ("regulatory_country", "AE"),
        ("regulatory_code", "S A"), ("statements", ["pdf"]), ("answers", "never"),
        ("colour", "red"),
        ("names", "nickname"), ("bank_names", "yes"), ("adapter", "nacha"),
    ],
)  # fmt: skip
def test_a_profile_with_a_bad_key_is_refused_by_name(key, value):
    with pytest.raises(BadProfile, match=key.removesuffix("country")):
        Iso20022("iso20022:x", {key: value})


def test_a_profile_says_only_what_differs():
    one = Iso20022("iso20022:x", {"title": "X", "purpose": "SALA"})
    assert one.capabilities.payments_max == ISO.capabilities.payments_max
    assert one.version != ISO.version
    assert values(tree(a_batch(), one), "Purp") == ["SALA", "SALA"]


def test_a_payments_own_status_counts_before_those_above():
    answers = read((ONE, "RJCT", "AC04"), (TWO, "", ""), group="ACTC", block="ACSP")
    assert [type(one) for one in answers] == [FileAnswer, PaymentAnswer, PaymentAnswer]
    assert [one.result for one in answers] == [Result.PENDING, Result.REJECTED, Result.ACCEPTED]


def test_a_payment_without_a_status_takes_the_groups_when_its_block_has_none():
    (_, answer) = read((ONE, "", ""), group="ACSC")
    assert answer.result is Result.PAID


@pytest.mark.parametrize(("group", "block"), [("PART", ""), ("ACSC", "PART")])
def test_a_payment_without_a_status_takes_none_from_a_mixed_level(group, block):
    *_, answer = read((ONE, "", ""), group=group, block=block)
    assert isinstance(answer, Quarantined)


def test_a_report_without_payments_answers_for_the_file_only():
    assert [one.result for one in read(group="RJCT")] == [Result.REJECTED]
    assert [one.result for one in read(group="", block="RJCT")] == [Result.REJECTED]
    assert [one.result for one in read(group="ACCP")] == [Result.ACCEPTED]


def test_no_payment_is_paid_that_the_report_does_not_name():
    (answer,) = read(group="ACSC")
    assert isinstance(answer, FileAnswer)
    assert answer.result is Result.ACCEPTED


@pytest.mark.parametrize("status", ["ACSC", "ACSP", "WHAT"])
def test_a_rejected_file_with_a_live_payment_is_nobodys_permission_to_pay_again(status):
    answers = read((ONE, status, ""), group="RJCT")
    assert isinstance(answers[0], Quarantined)
    assert not any(one.result is Result.REJECTED for one in answers[1:] if hasattr(one, "result"))


@pytest.mark.parametrize("reason", ["DU01", "DU02", "DU03", "DU04", "DU05", "AM05", "DUPL"])
def test_a_duplicate_is_never_a_rejection(reason):
    assert read((ONE, "RJCT", reason))[1].result is Result.DUPLICATE
    assert read(group="RJCT")[0].result is Result.REJECTED
    report = pain002([], group="RJCT").replace(
        b"<GrpSts>RJCT</GrpSts>",
        f"<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>".encode(),
    )
    assert [one.result for one in ISO.read_report(report)] == [Result.DUPLICATE]


def stated(*counts, rows=((ONE, "ACSC", ""), (TWO, "RJCT", "AC04")), level=b"<OrgnlPmtInfId>"):
    """Return the records of a report that states (status, count, sum) for its block."""
    said = "".join(
        f"<NbOfTxsPerSts><DtldNbOfTxs>{count}</DtldNbOfTxs><DtldSts>{status}</DtldSts>"
        + (f"<DtldCtrlSum>{total}</DtldCtrlSum>" if total else "")
        + "</NbOfTxsPerSts>"
        for status, count, total in counts
    )
    report = pain002(list(rows))
    for reference, *_ in rows:
        report = report.replace(
            b"<AcctSvcrRef>SVC" + reference.encode() + b"</AcctSvcrRef>",
            b'<OrgnlTxRef><Amt><InstdAmt Ccy="CNY">5.00</InstdAmt></Amt></OrgnlTxRef>',
        )
    report = report.replace(level, said.encode() + level)
    return list(ISO.read_report(report))


@pytest.mark.parametrize(
    "counts",
    [
        [("ACSC", "1", "5.00"), ("RJCT", "1", "5.00")],
        [("ACSC", "001", ""), ("RJCT", "1", "")],
        [("ACSC", "99", "495.00"), ("RJCT", "1", "5")],  # only the rejections are listed
        [("PDNG", "0", "")],
    ],
)
@pytest.mark.parametrize("level", [b"<OrgnlPmtInfId>", b"</OrgnlGrpInfAndSts>"])
def test_a_report_that_states_what_it_lists_is_read(counts, level):
    assert len(stated(*counts, level=level)) == 3


@pytest.mark.parametrize(
    "counts",
    [
        [("RJCT", "2", "")],  # one rejection got lost
        [("RJCT", "0", "")],
        [("ACSC", "0", "")],  # more than it states
        [("ACSC", "many", "")],
        [("RJCT", "1", "5.01")],
        [("RJCT", "1", "five")],
    ],
)
@pytest.mark.parametrize("level", [b"<OrgnlPmtInfId>", b"</OrgnlGrpInfAndSts>"])
def test_a_report_that_lists_otherwise_than_it_states_is_refused(counts, level):
    with pytest.raises(UnreadableReport, match="fetch it from the bank again"):
        stated(*counts, level=level)


def test_who_lists_nothing_speaks_of_the_whole_file():
    (answer,) = stated(("RJCT", "9", ""), rows=())
    assert answer.result is Result.PENDING


@pytest.mark.parametrize("far", [0, 2**17])
def test_a_status_behind_the_payments_it_is_about_is_theirs_or_refused(far):
    late = b" " * far + b"<PmtInfSts>ACSC</PmtInfSts></OrgnlPmtInfAndSts>"
    report = pain002([(ONE, "", "")], group="").replace(b"</OrgnlPmtInfAndSts>", late)
    if far:  # in another piece of the file than the payments
        with pytest.raises(UnreadableReport, match="behind"):
            list(ISO.read_report(report))
    else:
        assert [one.result for one in ISO.read_report(report)] == [Result.PAID]


def test_payments_before_the_file_that_they_are_of_are_refused():
    report = pain002([(ONE, "ACSC", "")])
    start, end = report.index(b"<OrgnlGrpInfAndSts>"), report.index(b"<OrgnlPmtInfAndSts>")
    group = report[start:end]
    turned = report.replace(group, b"").replace(b"</CstmrPmtStsRpt>", group + b"</CstmrPmtStsRpt>")
    with pytest.raises(UnreadableReport, match="before"):
        list(ISO.read_report(turned))


def with_words(*words, reason="NARR"):
    inner = "".join(f"<AddtlInf>{one}</AddtlInf>" for one in words)
    reasons = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn>{inner}</StsRsnInf>"
    report = pain002([(ONE, "RJCT", "")]).replace(
        b"<AcctSvcrRef>", reasons.encode() + b"<AcctSvcrRef>"
    )
    return files_first(report)[1]


def test_words_in_pieces_are_joined_without_a_blank():
    assert with_words("Account clo", "sed").text == "Account closed"


def test_a_duplicate_told_in_words_only_is_a_duplicate():
    assert with_words("Instruction ID X already ex", "ists").result is Result.DUPLICATE
    assert with_words("Account closed").result is Result.REJECTED
    assert with_words("Duplicate holder", reason="AC04").result is Result.REJECTED


@pytest.mark.parametrize("code", ["BLCK", "WHAT", "acsc", "PART"])
def test_an_unknown_status_is_quarantined_and_blocks_no_other(code):
    _, bad, good = read((ONE, code, ""), (TWO, "ACSC", ""))
    assert isinstance(bad, Quarantined)
    assert (good.reference, good.result) == (TWO, Result.PAID)


def test_a_payment_without_any_status_is_quarantined():
    (answer,) = read((ONE, "", ""), group="")
    assert isinstance(answer, Quarantined)


@pytest.mark.parametrize("change", [(b"RJCT", b"CANC"), (b"RJCT", b"WHAT"), (b"F0000017", b"")])
def test_a_files_answer_without_a_meaning_is_quarantined(change):
    (answer,) = ISO.read_report(pain002([], group="RJCT").replace(*change))
    assert isinstance(answer, Quarantined)


def test_payments_outside_a_block_are_read():
    report = pain002([(ONE, "ACSC", "")])
    for tag in (b"<OrgnlPmtInfAndSts>\n", b"</OrgnlPmtInfAndSts>\n"):
        report = report.replace(tag, b"")
    assert files_first(report)[1].result is Result.PAID


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("6500.01</InstdAmt>", "6500.1</InstdAmt>"),
        ("6500.01</InstdAmt>", "6500.010</InstdAmt>"),
        ("6500.01</InstdAmt>", "x</InstdAmt>"),
        ("<NbOfTxs>2", "<NbOfTxs>two"),
        ("<Dt>2026-10-10", "<Dt>soon"),
        ("<Cd>SALA", "<Cd>SUPP"),
        ("<BtchBookg>true", "<BtchBookg>false"),
        ("<ChrgBr>DEBT", "<ChrgBr>CRED"),
        ("<Cd>CNAPS", "<Cd>USABA"),
        ('Ccy="CNY"', 'Ccy="USD"'),
        ("<Document xmlns", "<Other xmlns"),
        ("<InitgPty><Nm>测试", "<InitgPty><Nm>其他"),
        ("</PmtInf>", "</PmtInf><PmtInf/>"),
        ("</CstmrCdtTrfInitn>", "<SplmtryData/></CstmrCdtTrfInitn>"),
        ("<ChrgBr>", "<UltmtDbtr/><ChrgBr>"),
        ("<RmtInf>", "<UltmtCdtr/><RmtInf>"),
        ("pain.001.001.09", "pain.001.001.03"),
    ],
)
def test_a_file_that_is_not_as_we_write_it_is_not_ours(good, bad):
    content = b"".join(ISO.render(a_batch())).decode()
    changed = content.replace(good, bad).replace(
        "</Document>", "</Other>" * ("Other" in bad) or "</Document>"
    )
    with pytest.raises(UnreadableFile):
        list(ISO.read_back([changed.encode()]))


def test_a_payment_alone_is_no_file_of_ours():
    content = b"".join(ISO.render(a_batch(a_payment())))
    start, end = content.index(b"<CdtTrfTxInf>"), content.index(b"</PmtInf>")
    alone = content[start:end].replace(b"<CdtTrfTxInf>", b'<CdtTrfTxInf xmlns="%s">' % SPACE)
    with pytest.raises(UnreadableFile):
        list(ISO.read_back([alone]))


def test_positions_count_the_records_from_one():
    answers = read((ONE, "WHAT", ""), (TWO, "ACSC", ""))
    assert [one.position for one in answers] == [3, 1, 2]


def with_amount(words):
    report = pain002([(ONE, "ACSC", "")]).replace(
        b"</TxInfAndSts>", f"<OrgnlTxRef><Amt>{words}</Amt></OrgnlTxRef></TxInfAndSts>".encode()
    )
    return files_first(report)[1]


@pytest.mark.parametrize("written", ["6500.5", "6500.50", "6500.50000", "06500.50"])
def test_an_amount_is_read_in_any_of_its_exact_forms(written):
    answer = with_amount(f'<InstdAmt Ccy="CNY">{written}</InstdAmt>')
    assert (answer.amount, answer.currency) == (650_050, "CNY")


@pytest.mark.parametrize("written", ["6500.505", "-1", "1e3", "6,500.00", "x"])
def test_an_amount_that_is_none_is_quarantined(written):
    assert isinstance(with_amount(f'<InstdAmt Ccy="CNY">{written}</InstdAmt>'), Quarantined)


@pytest.mark.parametrize("missing", [ONE, f"<OrgnlEndToEndId>{ONE}</OrgnlEndToEndId>"])
def test_a_payment_without_a_reference_is_quarantined(missing):
    report = pain002([(ONE, "ACSC", "")]).replace(missing.encode(), b"")
    assert isinstance(files_first(report)[1], Quarantined)


def test_a_payment_with_two_statuses_is_quarantined():
    report = pain002([(ONE, "RJCT", "")]).replace(
        b"<TxSts>RJCT</TxSts>", b"<TxSts>ACSC</TxSts><TxSts>RJCT</TxSts>"
    )
    assert isinstance(files_first(report)[1], Quarantined)


def test_the_banks_own_evidence_and_date_are_kept():
    answer = read((ONE, "ACSC", ""))[1]
    assert answer.evidence == f"SVC{ONE}"
    assert answer.on == date(2026, 10, 10)
    assert answer.file_reference == "F0000017"


@pytest.mark.parametrize("version", ["03", "08", "10", "12"])
def test_every_version_is_read_and_a_missing_namespace_too(version):
    report = pain002([(ONE, "ACSC", "")], version=version)
    bare = report.replace(b" xmlns=", b" Xmlns=")
    without = report.split(b"<CstmrPmtStsRpt>")[1].split(b"</Document>")[0]
    expected = list(ISO.read_report(report))
    assert expected[0].result is Result.PAID
    assert list(ISO.read_report(bare)) == expected
    assert list(ISO.read_report(b"<CstmrPmtStsRpt>" + without)) == expected


def test_every_status_in_the_table_has_a_result():
    assert {read((ONE, code, ""))[1].result for code in RESULTS} == set(RESULTS.values())


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
DOCUMENT_TYPES = {
    "billion laughs": f'<!DOCTYPE d [<!ENTITY a0 "ha">{LAUGHS}]>',
    "external entity": '<!DOCTYPE d [<!ENTITY a9 SYSTEM "file:///x">]>',
    "network": '<!DOCTYPE d SYSTEM "http://localhost/evil.dtd" [<!ENTITY a9 "x">]>',
    "parameter entity": '<!DOCTYPE d [<!ENTITY % p SYSTEM "file:///x"> %p; <!ENTITY a9 "x">]>',
    "harmless": '<!DOCTYPE Document [<!ENTITY a9 "ACSC">]>',
}


@pytest.mark.parametrize("kind", DOCUMENT_TYPES)
@pytest.mark.parametrize("place", ["text", "attribute"])
def test_a_document_type_is_refused_whatever_it_declares(kind, place):
    opening, rest = pain002([(ONE, "ACSC", "")]).decode().split("?>", 1)
    rest = rest.replace("<TxSts>ACSC" if place == "text" else "<TxSts>",
                        "<TxSts>&a9;" if place == "text" else '<TxSts x="&a9;">')  # fmt: skip
    with pytest.raises(UnreadableReport):
        list(ISO.read_report(f"{opening}?>{DOCUMENT_TYPES[kind]}{rest}".encode()))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_document_type_is_found_in_any_encoding(encoding):
    document = f'<!DOCTYPE d [<!ENTITY a9 "x">]>{pain002([(ONE, "ACSC", "")]).decode()[39:]}'
    with pytest.raises(UnreadableReport, match="document type"):
        list(ISO.read_report(document.encode(encoding)))


def test_a_report_cut_short_is_refused_as_a_whole():
    report = pain002([(ONE, "ACSC", ""), (TWO, "RJCT", "AC04")])
    for end in range(0, len(report) - 1, 7):
        with pytest.raises(UnreadableReport):
            list(ISO.read_report(report[:end]))


def test_two_answers_in_one_document_are_refused():
    group = b"<OrgnlGrpInfAndSts><OrgnlMsgId>X</OrgnlMsgId></OrgnlGrpInfAndSts>"
    report = pain002([]).replace(b"<OrgnlPmtInfAndSts>", group + b"<OrgnlPmtInfAndSts>")
    with pytest.raises(UnreadableReport):
        list(ISO.read_report(report))


# What other people's reports must come down to: file answers first, then payments.
CORPUS = {
    "iso20022js__cross_river__pain_002_debit_accepted": "pending accepted accepted accepted",
    "iso20022js__cross_river__pain_002_transaction_rejected": "pending" + 3 * " duplicate",
    "iso20022js__goldman_sachs__pain_002_v3_accepted": "accepted",
    "iso20022js__goldman_sachs__pain_002_v3_group_accepted": "pending",
    "iso20022js__goldman_sachs__pain_002_v3_payment_accepted": "accepted",
    "iso20022js__nordea__pain_002_v3_group_reject": "duplicate",
    "iso20022js__nordea__pain_002_v3_payment_reject": "rejected",
    "iso20022js__nordea__pain_002_v3_txn_reject": "rejected rejected",
    "mockbank_ext__pain.002.001.10-cbpr-originator": "paid",
    "mockbank_ext__pain.002.001.10-every-element": "paid",
}


@pytest.mark.parametrize("name", CORPUS)
def test_other_peoples_reports_are_read(name):
    folder = os.environ.get("DISBURSE_CORPUS")
    if not folder:
        pytest.skip("DISBURSE_CORPUS names no folder with other people's bank files")
    records = files_first((Path(folder) / "pain002" / f"{name}.xml").read_bytes())
    assert [one.result.value for one in records] == CORPUS[name].split()


def test_every_report_in_the_corpus_is_expected():
    folder = os.environ.get("DISBURSE_CORPUS")
    if not folder:
        pytest.skip("DISBURSE_CORPUS names no folder with other people's bank files")
    assert {one.stem for one in (Path(folder) / "pain002").glob("*.xml")} == set(CORPUS)
