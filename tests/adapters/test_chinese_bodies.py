"""ICBC and CMB: what a body holds, what the banks' answers mean, what is refused."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

import adapters
from adapters.boc import Boc
from adapters.cmb import CmbJson, CmbXml
from adapters.icbc import Icbc
from disburse import banks
from disburse.adapter import (
    BadProfile,
    FileAnswer,
    Payment,
    PaymentAnswer,
    Quarantined,
    Result,
    UnreadableFile,
    UnreadableReport,
    Unrenderable,
)
from tests.adapters.batches import REFERENCES, a_batch, a_batch_by, a_payment

PROFILES = Path(adapters.__file__).parent / "profiles"
MAKES = {
    "icbc_payper": Icbc,
    "cmb_agent_request": CmbXml,
    "cmb_bb6bthhl": CmbJson,
    "boc_b2e0078_own": Boc,
    "boc_b2e0078_others": Boc,
}
ONE, TWO, *_ = REFERENCES


def bank(profile, **changes):
    mapping = tomllib.loads((PROFILES / f"{profile}.toml").read_text(encoding="utf-8"))
    taken = {key: value for key, value in {**mapping, **changes}.items() if value is not None}
    return MAKES[profile](f"x:{profile}", taken)


ICBC, XML, JSON, BOC_OWN, BOC = map(bank, MAKES)
EVERY = pytest.mark.parametrize("adapter", [ICBC, XML, JSON, BOC_OWN, BOC], ids=list(MAKES))
GBK = pytest.mark.parametrize("adapter", [ICBC, XML], ids=["icbc", "cmb"])


def written(adapter, batch=None):
    return b"".join(adapter.render(batch or a_batch()))


def test_icbc_counts_fen_in_the_order_of_its_tags():
    root = etree.fromstring(written(ICBC))
    assert root.findtext("eb/in/TotalAmt") == "1300003"
    assert [one.text for one in root.iterfind("eb/in/rd/PayAmt")] == ["650001", "650002"]
    assert root.findtext("eb/in/SignTime") == "20261009090203000"
    assert [one.text for one in root.iterfind("eb/in/rd/ERPSqn")] == [ONE, TWO]
    yuan = etree.fromstring(written(bank("icbc_payper", amounts="major")))
    assert yuan.findtext("eb/in/rd/PayAmt") == "6500.01"
    assert etree.fromstring(written(ICBC)).findtext("eb/in/rd/StartDate") is not None
    dated = bank("icbc_payper", start_date=True)
    assert etree.fromstring(written(dated)).findtext("eb/in/rd/StartDate") == "20261010"
    assert "pay_on" in dated.capabilities.states
    banks.write(dated, a_batch())


@GBK
@pytest.mark.parametrize("name", ["测试䶮", "测试𬭩", "阿卜杜•热合曼", "阿卜杜・热合曼", "Söhne"])
def test_what_gbk_does_not_have_is_refused_before_approval_and_never_replaced(adapter, name):
    (fault,) = adapter.preflight(a_payment(name=name), "CNY")
    assert (fault.field, fault.code) == ("name", "charset")
    with pytest.raises(Unrenderable):
        written(adapter, a_batch(a_payment(name=name)))


@GBK
def test_the_middle_dot_that_gbk_has_goes_as_it_is(adapter):
    content = written(adapter, a_batch(a_payment(name="买买提·热合曼")))
    assert "买买提".encode("gbk") + b"\xa1\xa4" in content


def test_cards_of_other_banks_are_flagged_and_refused_where_the_profile_pays_own_ones_only():
    icbc_card = a_payment(bank_code="102826000014")
    root = etree.fromstring(written(ICBC, a_batch(icbc_card, a_payment(2))))
    assert [one.text for one in root.iterfind("eb/in/rd/SysIOFlg")] == ["1", "2"]
    own = bank("icbc_payper", banks="own")
    assert own.preflight(icbc_card, "CNY") == ()
    assert own.preflight(a_payment(bank_code=""), "CNY") == ()
    for code in ("105826000014", "x", "1058"):
        (fault,) = own.preflight(a_payment(bank_code=code), "CNY")
        assert (fault.field, fault.code) == ("bank_code", "bad-bank-code")
    (fault,) = ICBC.preflight(a_payment(bank_code=""), "CNY")
    assert (fault.field, fault.code) == ("bank_code", "missing")


def test_cmb_says_own_cards_other_cards_and_one_city():
    both = a_batch(a_payment(1, bank_code="308"), a_payment(2))
    root = etree.fromstring(written(XML, both))
    assert [one.text for one in root.iterfind("SDKATDRQX/BNKFLG")] == ["Y", "N"]
    assert {one.text for one in root.iterfind("SDKATDRQX/EACCTY")} == {"嘉峪关"}
    own = bank("cmb_agent_request", banks="own", other_banks_city=None)
    root = etree.fromstring(written(own, a_batch(a_payment(bank_code=""))))
    assert [one.text for one in root.iterfind("SDKATDRQX/BNKFLG")] == ["Y"]
    assert "bank_name" not in own.capabilities.carries
    body = json.loads(written(bank("cmb_bb6bthhl", banks="own", other_banks_city=None),
                              a_batch(a_payment(bank_code=""))))["request"]["body"]  # fmt: skip
    assert "eacbnk" not in body["bb6cdcdlx1"][0]


def test_cmb_json_is_one_upload_with_a_place_for_the_signature():
    document = json.loads(written(JSON))
    (summary,) = document["request"]["body"]["bb6cdcbhx1"]
    assert (summary["begtag"], summary["endtag"]) == ("Y", "Y")
    assert summary["ttlamt"] == summary["curamt"] == "13000.03"
    assert [row["trxseq"] for row in document["request"]["body"]["bb6cdcdlx1"]] == [
        "00000001", "00000002",
    ]  # fmt: skip
    assert document["request"]["head"]["reqid"] == "202610090902030000000007"
    assert document["signature"] == {"sigtim": "20261009090203", "sigdat": "__signature_sigdat__"}


@EVERY
def test_a_special_account_that_does_not_fit_is_not_written(adapter):
    debtor = replace(a_batch().debtor, number="6" * 40)
    with pytest.raises(Unrenderable, match="debtor_number"):
        written(adapter, a_batch_by(adapter, debtor=debtor))


@pytest.mark.parametrize(
    ("profile", "changes", "says"),
    [
        ("icbc_payper", {"customer": "a b"}, "customer must be of the form"),
        ("icbc_payper", {"reference_tag": "iSeqno"}, "reference_tag must be one of"),
        ("icbc_payper", {"settle_mode": "1"}, "settle_mode must be one of"),
        ("icbc_payper", {"other": 1}, "other must be left out"),
        ("icbc_payper", {"title": None}, "title must be given"),
        ("cmb_agent_request", {"payments_max": 6001}, "payments_max must be at most 6000"),
        ("cmb_agent_request", {"memo": "龥" * 22}, "memo must be what the bank can read"),
        ("cmb_agent_request", {"memo": "<b>"}, "memo must be what the bank can read"),
        ("cmb_agent_request", {"other_banks_city": None}, "other_banks_city must be given"),
        ("cmb_bb6bthhl", {"encoding": "gbk"}, "encoding must be one of 'utf-8'"),
        ("cmb_bb6bthhl", {"channel": "A"}, "channel must be one of"),
        ("boc_b2e0078_own", {"province": None}, "province must be given"),
        ("boc_b2e0078_others", {"province": "62"}, "province must be left out"),
        ("boc_b2e0078_others", {"reference_tag": "toidet"}, "reference_tag must be one of"),
    ],
)
def test_a_wrong_profile_is_refused_with_its_key_and_what_it_must_be(profile, changes, says):
    with pytest.raises(BadProfile) as refused:
        bank(profile, **changes)
    assert says in refused.value.detail


def test_each_adapter_needs_its_profile():
    for make in MAKES.values():
        with pytest.raises(BadProfile, match="needs a profile"):
            make("x")


@pytest.mark.parametrize(
    ("adapter", "good", "bad"),
    [
        (ICBC, "<BankCode>102", "<BankCode>103"),
        (ICBC, "<iSeqno>2<", "<iSeqno>3<"),
        (ICBC, "<iSeqno>2<", "<iSeqno>02<"),
        (ICBC, "<TotalNum>2<", "<TotalNum>3<"),
        (ICBC, "<PayAmt>650002<", "<PayAmt>0650002<"),
        (ICBC, "<PayAmt>650002<", "<PayAmt>x<"),
        (ICBC, "<PayAmt>650002<", "<PayAmt>650002.0<"),
        (ICBC, "<TranTime>09", "<TranTime>9"),
        (ICBC, "</rd>\n</in>", "</rd>x</in>"),
        (ICBC, "</rd>\n<rd>", "</rd>x<rd>"),
        (ICBC, "<rd>", "<rd>x"),
        (ICBC, "<rd>", '<rd a="1">'),
        (ICBC, "</eb></CMS>", "</eb>x</CMS>"),
        (ICBC, "<UseCode></UseCode>", ""),
        (ICBC, "<UseCode></UseCode>", "<UseCode><x/></UseCode>"),
        (ICBC, "<pub>", '<pub a="1">'),
        (ICBC, "<CMS>", "<x><CMS>"),
        (ICBC, '<?xml version="1.0" encoding="GBK"?>\n', "<!DOCTYPE CMS>"),
        (XML, "<EPTDAT>20261010<", "<EPTDAT>2026-10-10<"),
        (XML, "<EPTDAT>20261010<", "<EPTDAT>20261310<"),
        (XML, "<TRSAMT>6500.02<", "<TRSAMT>6500.020<"),
        (XML, "<TRSAMT>6500.02<", "<TRSAMT>6500.2<"),
        (XML, "<BNKFLG>N<", "<BNKFLG>X<"),
        (JSON, '"trxseq":"00000002"', '"trxseq":"2"'),
        (JSON, '"trsamt":"6500.02"', '"trsamt":6500.02'),
        (JSON, '"trsamt":"6500.02"', '"trsamt":"6500.02","trsamt":"6500.02"'),
        (JSON, '"curamt":"13000.03"', '"curamt":"13000.04"'),
        (JSON, '"begtag":"Y"', '"begtag":"N"'),
        (JSON, '"ttlnum":"1"', '"ttlnum":NaN'),
        (JSON, '{"trxseq":"00000002"', '1,{"trxseq":"00000002"'),
        (JSON, '"signature"', '"signatur"'),
    ],
)
def test_a_file_that_is_not_as_we_write_it_is_not_ours(adapter, good, bad):
    charset = adapter.capabilities.charset
    content = banks.write(adapter, a_batch()).content.decode(charset)
    assert good in content
    with pytest.raises(UnreadableFile):
        list(adapter.read_back([content.replace(good, bad).encode(charset)]))


@pytest.mark.parametrize("note", ["", "工资", "工资 & <奖金>", "a]]>b"])
@pytest.mark.parametrize("adapter", [ICBC, XML, BOC], ids=["icbc", "cmb", "boc"])
def test_rows_come_back_whether_or_not_their_texts_need_escaping(adapter, note):
    some = [replace(one, note=note) for one in a_batch_by(adapter).payments]
    made = a_batch_by(adapter, *some)
    assert banks.write(adapter, made).count == len(some)
    read = [one for one in adapter.read_back(adapter.render(made)) if isinstance(one, Payment)]
    assert {one.note for one in read} <= {note, ""}


def test_a_json_file_larger_than_any_is_given_up_early():
    with pytest.raises(UnreadableFile, match="larger"):
        list(JSON.read_back(b" " * (1 << 20) for _ in range(1_000_000)))
    with pytest.raises(UnreadableReport, match="larger"):
        list(JSON.read_report(b" " * ((1 << 24) + 1)))


def query(rows, pub="<TransCode>QPAYPER</TransCode><RetCode>0</RetCode>"):
    inside = "".join(
        f"<rd><ERPSqn>{reference}</ERPSqn><PayAmt>{amount}</PayAmt><Result>{code}</Result>"
        f"<iRetCode>0</iRetCode><instrRetMsg>{words}</instrRetMsg>"
        f"<BankRetTime>20261010091500</BankRetTime></rd>"
        for reference, amount, code, words in rows
    )
    return f"<CMS><eb><pub>{pub}</pub><out>{inside}</out></eb></CMS>".encode("gbk")


@pytest.mark.parametrize(
    ("code", "result"),
    [("7", Result.PAID), ("6", Result.REJECTED), ("8", Result.REJECTED), ("11", Result.CANCELLED),
     ("0", Result.PENDING), ("9", Result.PENDING), ("10", Result.PENDING)],
)  # fmt: skip
def test_icbc_results(code, result):
    (answer,) = ICBC.read_report(query([(ONE, "650001", code, "户名不符")]))
    assert (answer.result, answer.amount, answer.reference) == (result, 650_001, ONE)
    assert (answer.text, str(answer.on)) == ("户名不符", "2026-10-10")


def test_icbc_rows_that_cannot_be_believed_are_quarantined():
    bad = [(ONE, "1", "99", ""), ("", "1", "7", ""), (ONE, "1.5", "7", ""), (TWO, "1", "7", "")]
    records = list(ICBC.read_report(query(bad)))
    assert [type(one) for one in records] == [Quarantined] * 3 + [PaymentAnswer]
    lost = query([(TWO, "1", "7", "")]).replace(TWO.encode(), TWO[:-1].encode() + b"\xff")
    assert [type(one) for one in ICBC.read_report(lost)] == [Quarantined]


def test_icbc_takes_a_file_by_its_own_number_and_a_refusal_is_no_rejection():
    pub = (
        "<TransCode>PAYPER</TransCode><fSeqno>F0000017</fSeqno><SerialNo>S1</SerialNo>"
        "<RetCode>{}</RetCode>"
    )
    (answer,) = ICBC.read_report(query([], pub.format("0")))
    assert isinstance(answer, FileAnswer)
    assert (answer.reference, answer.result, answer.evidence) == (
        "F0000017", Result.ACCEPTED, "S1",
    )  # fmt: skip
    assert isinstance(next(ICBC.read_report(query([], pub.format("B0016")))), Quarantined)
    assert isinstance(next(ICBC.read_report(query([]))), Quarantined)
    with pytest.raises(UnreadableReport):
        next(ICBC.read_report(query([], "<TransCode>PAYPER</TransCode>")))


def cmb_xml(sections, code="0"):
    info = f"<INFO><RETCOD>{code}</RETCOD><ERRMSG>忙</ERRMSG></INFO>"
    return f"<CMBSDKPGK>{info}{sections}</CMBSDKPGK>".encode("gbk")


DETAIL = (
    "<NTQATDQYZ><TRSAMT>4500.00</TRSAMT><STSCOD>{}</STSCOD><ERRDSP>CMB1003 客户名失配</ERRDSP>"
    "<TRSDSP>0A1B2C3D4E501</TRSDSP></NTQATDQYZ>"
)


@pytest.mark.parametrize(
    ("code", "result"),
    [("S", Result.PAID), ("F", Result.REJECTED), ("E", Result.REJECTED), ("C", Result.CANCELLED),
     ("A", Result.PENDING), ("I", Result.PENDING)],
)  # fmt: skip
def test_cmb_rows(code, result):
    (answer,) = XML.read_report(cmb_xml(DETAIL.format(code)))
    assert (answer.result, answer.amount) == (result, 450_000)
    assert answer.text == "CMB1003 客户名失配"
    assert isinstance(next(XML.read_report(cmb_xml(DETAIL.format("?")))), Quarantined)


@pytest.mark.parametrize(
    ("state", "flag", "result"),
    [("OPR", "", Result.PENDING), ("BNK", "", Result.ACCEPTED), ("FIN", "S", Result.PENDING),
     ("FIN", "F", Result.REJECTED), ("FIN", "B", None), ("FIN", "", None)],
)  # fmt: skip
def test_cmb_files(state, flag, result):
    summary = f"<REQSTA>{state}</REQSTA><RTNFLG>{flag}</RTNFLG><YURREF>F0000017</YURREF>"
    section = f"<NTQATSQYZ>{summary}<REQNBR>0012337680</REQNBR></NTQATSQYZ>"
    row = {"reqsta": state, "rtnflg": flag, "yurref": "F0000017"}
    for (answer,) in (XML.read_report(cmb_xml(section)), JSON.read_report(cmb_json([row], []))):
        if result is None:
            assert isinstance(answer, Quarantined)
        else:
            assert (answer.result, answer.reference) == (result, "F0000017")


def test_what_cmb_says_without_our_reference_is_for_people():
    taken = "<NTREQNBRY><REQNBR>0099960770</REQNBR><RSV50Z>BNK</RSV50Z></NTREQNBRY>"
    returned = (
        "<NTAGDRFDZ1><YURREF>F0000017</YURREF><BTHDTL>00000002</BTHDTL><TRSAMT>6500.02</TRSAMT>"
        "<TRSDAT>20261012</TRSDAT><ERRCOD>R01</ERRCOD></NTAGDRFDZ1>"
    )
    first, second = XML.read_report(cmb_xml(taken + returned))
    assert "0099960770" in first.reason
    assert "row 00000002 of file F0000017" in second.reason
    (third,) = JSON.read_report(cmb_json([], [], bb6cdcbhz1=[{"reqnbr": "0099960770"}]))
    assert "0099960770" in third.reason


@pytest.mark.parametrize("content", [cmb_xml("", "-9"), cmb_xml("", ""), b"<CMBSDKPGK/>"])
def test_a_query_of_cmb_that_failed_answers_nothing(content):
    with pytest.raises(UnreadableReport):
        next(XML.read_report(content))


def cmb_json(files, rows, code="SUC0000", **more):
    body = {"bb6bpdqyz1": files, "bb6bpdqyz2": rows, **more}
    head = {"resultcode": code, "resultmsg": "忙"}
    return json.dumps({"response": {"head": head, "body": body}}).encode()


def a_row(reference, amount="1.00", code="S"):
    return {"trsdsp": reference, "trsamt": amount, "stscod": code, "trsdat": "20261010"}


FILE = {"yurref": "F0000017", "reqsta": "FIN", "rtnflg": "S"}


def test_cmb_json_rows_belong_to_the_one_file_that_is_named():
    file, paid, refused = JSON.read_report(
        cmb_json([FILE], [a_row(ONE), {**a_row(TWO, code="E"), "errcod": "CMB1003"}])
    )
    assert file.result is Result.PENDING
    assert (paid.result, paid.file_reference, str(paid.on)) == (
        Result.PAID, "F0000017", "2026-10-10",
    )  # fmt: skip
    assert (refused.result, refused.reason) == (Result.REJECTED, "CMB1003")
    *_, lone = JSON.read_report(cmb_json([FILE, {**FILE, "yurref": "F0000018"}], [a_row(ONE)]))
    assert lone.file_reference == ""


def test_cmb_json_counts_and_sums_are_proven_where_they_are_stated():
    def told(count, total, rows):
        return list(JSON.read_report(cmb_json([{**FILE, "trsnum": count, "totamt": total}], rows)))

    assert len(told("1", "1.00", [a_row(ONE)])) == 2
    assert "ask for the rest" in told("3", "9.00", [a_row(ONE)])[-1].reason
    assert "is none" in told("x", "9.00", [a_row(ONE)])[-1].reason
    assert len(told("3", "9.00", [])) == 1
    for count, total in (("1", "1.01"), ("0", "1.00"), ("2", "0.99")):
        with pytest.raises(UnreadableReport):
            told(count, total, [a_row(ONE)])


@pytest.mark.parametrize(
    "content",
    [
        cmb_json([FILE], [], code="DCAT003"),
        b"{}",
        b'{"response": 1}',
        b'{"response": {"head": {"resultcode": "SUC0000"}}}',
        b"[]",
        b"[" * 100_000,
        b'{"response": {"head": {"resultcode": "SUC0000"}, "body": {"bb6bpdqyz2": [1]}}}',
        b'{"response": {"head": {"resultcode": "SUC0000"}, "body": {"bb6bpdqyz2": 1}}}',
        b"\xff",
    ],
)
def test_what_is_no_answer_of_cmb_is_refused(content):
    with pytest.raises(UnreadableReport):
        next(JSON.read_report(content))


def test_an_answer_with_too_many_rows_is_another_banks(monkeypatch):
    for place in ("icbc.answer", "cmb.xml_answer", "cmb.json_answer"):
        monkeypatch.setattr(f"adapters.{place}.RECORDS_MAX", 1)
    for adapter, content in (
        (ICBC, query([(ONE, "1", "7", "")] * 2)),
        (XML, cmb_xml(DETAIL.format("S") * 2)),
        (JSON, cmb_json([], [a_row(ONE)] * 2)),
    ):
        with pytest.raises(UnreadableReport, match="too long"):
            next(adapter.read_report(content))


def test_boc_pays_one_kind_of_cards_in_a_request():
    own, other = a_payment(bank_code="104826000014"), a_payment(bank_code="105826000014")
    assert BOC_OWN.preflight(own, "CNY") == BOC.preflight(other, "CNY") == ()
    for adapter, payment in ((BOC_OWN, other), (BOC, own), (BOC, a_payment(bank_code="105"))):
        assert {one.field for one in adapter.preflight(payment, "CNY")} == {"bank_code"}
    root = etree.fromstring(written(BOC))
    assert root.findtext(".//crdtyp") == "6"
    assert [one.text for one in root.iter("toibkn")] == ["105826000014"] * 2
    assert [one.text for one in root.iter("reserve1")] == [ONE, TWO]
    assert {
        one.text for one in etree.fromstring(written(BOC_OWN, a_batch(own))).iter("toibkn")
    } == {"62"}


def boc(inside, code="B001"):
    whole = f"<trn-b2e0078-rs><status><rspcod>{code}</rspcod></status>{inside}</trn-b2e0078-rs>"
    return f"<bocb2e><trans>{whole}</trans></bocb2e>".encode()


BOC_PART = (
    "<b2e0078-rs><status><rspcod>{}</rspcod><rspmsg>交易成功</rspmsg></status>"
    "<insid>F0000017</insid><obssid>95961</obssid></b2e0078-rs>"
)


def test_boc_says_that_it_has_the_file_and_nothing_of_a_payment():
    (answer,) = BOC.read_report(boc(BOC_PART.format("B001")))
    assert (answer.reference, answer.result, answer.evidence) == (
        "F0000017", Result.ACCEPTED, "95961",
    )  # fmt: skip
    (strange,) = BOC.read_report(boc(BOC_PART.format("B999")))
    assert isinstance(strange, Quarantined)
    error = (
        "<bocb2e><trn-b2eerror-rs><status><rspcod>B20</rspcod></status></trn-b2eerror-rs></bocb2e>"
    )
    for content in (boc(""), boc(BOC_PART.format("B001"), "B002"), error.encode(), b"<bocb2e/>"):
        with pytest.raises(UnreadableReport):
            next(BOC.read_report(content))


def test_boc_with_too_many_answers_is_another_bank(monkeypatch):
    monkeypatch.setattr("adapters.boc.answer.RECORDS_MAX", 1)
    with pytest.raises(UnreadableReport, match="too long"):
        next(BOC.read_report(boc(BOC_PART.format("B001") * 2)))
