"""Reading by forms gives what a walk through the tree gives; judges see what is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from adapters import _forms
from adapters._forms import Forms, Planned
from adapters._xml import Damaged, Judge, closed, forget_some
from adapters.iso20022 import Iso20022, official
from adapters.iso20022.pain001_reader import Reader
from adapters.iso20022.payment_status import NAME, PaymentStatuses
from adapters.iso20022.status import status_of
from disburse.adapter import Payment, UnreadableFile
from tests.adapters.batches import a_batch, a_payment, rare_names

ISO = Iso20022()
TEXTS = st.text(st.sampled_from("a <>&\"'\t\n\r]é中"), max_size=6)
NAMES = st.sampled_from(["A", "B", "{urn:x}A", "{urn:x}C"])


@st.composite
def elements(draw, depth=3):
    """Build a small tree: few names, so that forms repeat; any text, also around and between."""
    element = etree.Element(draw(NAMES))
    element.text = draw(TEXTS | st.none())
    if draw(st.booleans()):
        element.set("Ccy", draw(TEXTS))
    if draw(st.booleans()):
        element.set("Other", draw(st.sampled_from(["1", ">"])))
    for _ in range(draw(st.integers(0, 2)) if depth else 0):
        part = draw(elements(depth=depth - 1))
        part.tail = draw(TEXTS | st.none())
        element.append(part)
    return element


def everything(nodes):
    """Plan for every text and every currency; the plan is the names, to compare trees by."""
    places = [(at, name) for at in range(len(nodes)) for name in ("", "Ccy")]
    return Planned([node.tag for node in nodes], tuple(places))


@settings(deadline=None, max_examples=300)
@given(st.lists(elements(), max_size=6))
def test_a_known_form_gives_what_a_walk_gives(trees):
    forms = Forms(everything)
    contents = [etree.tostring(one) for one in trees]
    for tree in map(etree.fromstring, [*contents, *contents]):  # then every form is known
        nodes = list(tree.iter())
        wanted = [word or "" for one in nodes for word in (one.text, one.get("Ccy"))]
        plan, texts = forms.read(tree)
        assert plan == [node.tag for node in nodes]
        assert list(texts)[: len(wanted)] == wanted


def test_no_more_forms_are_remembered_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(_forms, "FORMS_MAX", 3)
    forms = Forms(everything)
    for _ in range(2):
        for count in range(6):
            tree = etree.fromstring(f"<A>{'<B>1</B>' * count}</A>")
            assert list(forms.read(tree)[1]).count("1") == count
    assert sum(map(len, forms._forms.values())) == 3


WORDS = st.sampled_from(["", "ACSC", " RJCT ", "PART", "A&B", "<", "5.00"])
PARTS = ("TxSts", "OrgnlEndToEndId", "OrgnlInstrId", "OrgnlMsgId", "AcctSvcrRef", "StsId", "GrpSts")


@st.composite
def statuses(draw):
    """Build one payment of a report as banks may send it: parts left out, doubled, moved."""
    element = etree.Element(draw(st.sampled_from(["TxInfAndSts", "{urn:x}TxInfAndSts"])))

    def add(parent, name):
        one = etree.SubElement(parent, name)
        one.text = draw(WORDS)
        return one

    for name in draw(st.lists(st.sampled_from(PARTS), max_size=6)):
        add(element, name)
    for _ in range(draw(st.integers(0, 2))):
        reason = etree.SubElement(element, "StsRsnInf")
        for name in draw(st.lists(st.sampled_from(["Rsn", "AddtlInf"]), max_size=4)):
            one = add(reason, name)
            for code in draw(st.lists(st.sampled_from(["Cd", "Prtry"]), max_size=2)):
                add(one, code)
    for name in draw(st.sampled_from([(), ("Amt",), ("Amt", "Amt"), ("IntrBkSttlmAmt",)])):
        money = add(etree.SubElement(element, "OrgnlTxRef"), name)
        inner = add(money, "InstdAmt") if name == "Amt" else money
        inner.set("Ccy", draw(WORDS))
    if draw(st.booleans()):
        add(etree.SubElement(element, "FctvIntrBkSttlmDt"), draw(st.sampled_from(["Dt", "DtTm"])))
    if draw(st.booleans()):
        add(etree.SubElement(element, "NbOfTxsPerSts"), "DtldSts")
    return etree.tostring(element)


@settings(deadline=None, max_examples=400)
@given(st.lists(statuses(), min_size=1, max_size=4))
def test_a_payments_status_is_read_the_quick_way_as_the_long_way(contents):
    quick = PaymentStatuses()
    for content in [*contents, *contents]:
        assert quick.read(etree.fromstring(content)) == status_of(etree.fromstring(content), NAME)


def read_by_tree(content):
    """Return the payments of a pain.001 as a parser's tree has them, found by name alone."""
    for one in etree.fromstring(content).iter("{*}CdtTrfTxInf"):
        said = {etree.QName(part).localname: part.text for part in one.iter()}
        account = next(one.iter("{*}CdtrAcct"))
        agent = next(one.iter("{*}CdtrAgt"), None)
        bank = None if agent is None else next(agent.iter("{*}Nm"), None)
        yield Payment(
            reference=said["EndToEndId"],
            name=next(one.iter("{*}Cdtr"))[0].text,
            account=[part.text for part in account.iter()][-1],
            bank_code=said.get("MmbId") or said.get("BICFI") or "",
            bank_name="" if bank is None else bank.text,
            amount=int(said["InstdAmt"].replace(".", "")),
            note=said.get("Ustrd") or "",
        )


@pytest.mark.parametrize(
    "batch",
    [
        a_batch(),
        rare_names(),
        a_batch(a_payment(bank_code="", bank_name=""), a_payment(2, bank_name="A & <B>", note="")),
        a_batch(a_payment(account="NL02ABNA0123456789", bank_code="ABNANL2A"), currency="EUR"),
        a_batch(a_payment(bank_code="", name="&amp;lt;"), currency="JPY"),
    ],
)
def test_the_form_takes_the_same_fields_as_a_parsers_tree(batch):
    content = b"".join(ISO.render(batch))
    found = [one for one in ISO.read_back([content]) if isinstance(one, Payment)]
    assert found == list(read_by_tree(content)) == list(batch.payments)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"<RmtInf>", b"<RmtInf><!-- -->"),
        (b"TEST", b"<![CDATA[TEST]]>"),
        (b"TEST", b"T&#69;ST"),
        (b"TEST", b"TE&quot;ST"),
        (b"TEST", b"TE&ST"),
        (b"TEST", b"TE\xffST"),
        (b"TEST", b"TE\rST"),
        (b"TEST", b""),
        (b"<Document", b"<!DOCTYPE a>\n<Document"),
        (b"\n<CdtTrfTxInf>", b"\n\n<CdtTrfTxInf>"),
        (b"<Ustrd>", b"<Ustrd >"),
        (b"</Document>\n", b"</Document>\n\n"),
        (b"</Document>\n", b"</Document>"),
        (b"TEST", b"T" * 20_000),
    ],
)
def test_the_same_written_otherwise_is_not_ours(good, bad):
    content = b"".join(ISO.render(a_batch(a_payment(name="TEST"))))
    assert good in content
    with pytest.raises(UnreadableFile):
        list(ISO.read_back([content.replace(good, bad, 1)]))


def test_where_the_official_schema_is_installed_it_judges_what_the_form_lets_pass():
    content = b"".join(ISO.render(a_batch(a_payment(bank_code="ABNANL2A"))))
    against = content.replace(b"ABNANL2A", b"ABNA1234")  # a country is two letters
    without = Reader(ISO._rules, None)
    assert len(list(without.read_back([against]))) == 2
    with pytest.raises(UnreadableFile, match="BICFI"):
        list(ISO.read_back([against]))
    assert official.schema("pain.001.001.99") is None


@pytest.mark.parametrize("schema", [None, official.schema("pain.001.001.09")])
@pytest.mark.parametrize("size", [50, 1 << 20])
@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"</Document>", b""),
        (b"</Document>", b"</Other>"),
        (b"</Document>", b"</Document>x"),
        (b"<RmtInf>", b"<RmtInf>&"),
        (b"<RmtInf>", b"<RmtInf>&unknown;"),
        (b"<RmtInf>", b"<RmtInf>\xff"),
        (b"<RmtInf>", b"<RmtInf>\x01"),
        (b"</PmtId>", b""),
    ],
)
def test_a_judge_finds_whatever_is_not_well_formed(schema, size, good, bad):
    content = b"".join(ISO.render(a_batch()))
    assert judged(content, schema, size)
    with pytest.raises(Damaged):
        judged(content.replace(good, bad, 1), schema, size)


@pytest.mark.parametrize("size", [50, 1 << 20])
@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"<PmtMtd>TRF<", b"<PmtMtd>XXX<"),
        (b"<PmtMtd>TRF</PmtMtd>", b""),
        (b"<RmtInf>", b"<RmtInf><Unknown/>"),
        (b'<InstdAmt Ccy="CNY">', b"<InstdAmt>"),
        (b'<InstdAmt Ccy="CNY">', b'<InstdAmt Ccy="CNY" Rate="1">'),
        (b"</PmtInf>\n", b"</PmtInf>words\n"),
        (b"pain.001.001.09", b"pain.001.001.03"),
        (b"</CstmrCdtTrfInitn>", b"<SplmtryData/></CstmrCdtTrfInitn>"),
    ],
)
def test_a_judge_with_a_schema_finds_whatever_does_not_hold_it(size, good, bad):
    content = b"".join(ISO.render(a_batch()))
    assert good in content
    broken = content.replace(good, bad, 1)
    assert judged(broken, None, size)
    with pytest.raises(Damaged):
        judged(broken, official.schema("pain.001.001.09"), size)


def judged(content, schema, size):
    judge = Judge(schema)
    for start in range(0, len(content), size):
        judge.feed(content[start : start + size])
    judge.close()
    return True


def test_elements_that_were_read_are_dropped_and_their_neighbours_stay():
    content = b"<A><B/>%s<D/></A>" % (b"<C/>" * 1000)
    for number, one in enumerate(closed([content[:3000], content[3000:]], ("C",)), start=1):
        forget_some(one, number)
        root = one.getparent()
    assert len(root) < 200
    assert [part.tag for part in root if part.tag != "C"] == ["B", "D"]
