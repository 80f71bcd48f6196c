"""Entries that are lifted from a statement's bytes say what they say when each becomes a tree."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters import _source
from adapters._source import Source
from adapters._statements import camt
from adapters.iso20022 import pain002
from disburse.adapter import StatementEntry, UnreadableStatement

HEAD = (
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
    "<Stmt><Id>S</Id><Acct><Id><IBAN>X</IBAN></Id><Ccy>CNY</Ccy></Acct>"
)
END = "</Stmt></BkToCstmrStmt></Document>"
DETAILS = "<TxDtls><Refs><EndToEndId>R</EndToEndId></Refs></TxDtls>"
# Three like entries are needed before a fourth one is lifted.
PLAIN = (
    '<Ntry><Amt Ccy="CNY">1.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts>'
    f"<NtryDtls>{DETAILS}</NtryDtls><AddtlNtryInf>note</AddtlNtryInf></Ntry>"
)
CHANGES = {
    "as it is": lambda entry: entry,
    "another amount": lambda entry: entry.replace("1.00", "2.50"),
    "no amount": lambda entry: entry.replace("1.00", "many"),
    "another currency": lambda entry: entry.replace("CNY", "EUR"),
    "blanks in the currency": lambda entry: entry.replace('"CNY"', '" CNY\t"'),
    "a reference in the currency": lambda entry: entry.replace("CNY", "CN&#89;"),
    "a tab in the currency": lambda entry: entry.replace("CNY", "C\tY"),
    "other quotes": lambda entry: entry.replace('"CNY"', "'CNY'"),
    "another attribute": lambda entry: entry.replace("Ccy=", 'Other="1" Ccy='),
    "a reference to a character": lambda entry: entry.replace("note", "&#x4e2d;&amp;lt;"),
    "Chinese": lambda entry: entry.replace("note", " 中\u3000"),
    "lines": lambda entry: entry.replace("note", "a\r\nb\rc\nd"),
    "indented": lambda entry: entry.replace("><", ">\r\n  <"),
    "text between": lambda entry: f"words{entry}words",
    "a greater sign": lambda entry: entry.replace("note", "a > b"),
    "no note": lambda entry: entry.replace("note", ""),
    "a self-closing note": lambda entry: entry.replace("<AddtlNtryInf>note</AddtlNtryInf>",
                                                       "<AddtlNtryInf/>"),
    "two movements": lambda entry: entry.replace(DETAILS, DETAILS * 2),
    "empty movements": lambda entry: entry.replace(DETAILS, "<TxDtls/><TxDtls/>"),
    "no movement": lambda entry: entry.replace(DETAILS, ""),
    "a movement in front": lambda entry: DETAILS + entry,
    "a movement elsewhere": lambda entry: entry.replace("<Sts>", f"{DETAILS}<Sts>"),
    "an entry inside": lambda entry: entry.replace("note", PLAIN),
    "entries inside": lambda entry: entry.replace("note", PLAIN * 4),
    "something between": lambda entry: f"<Other/>{entry}",
    "another namespace": lambda entry: entry.replace("<Ntry>", '<Ntry xmlns="urn:other">'),
    "a prefix": lambda entry: entry.replace("<Ntry>", '<x:Ntry xmlns:x="urn:x">').replace(
        "</Ntry>", "</x:Ntry >"),
    "a comment": lambda entry: entry.replace("note", "<!-- <Ntry> -->note"),
    "a hidden entry": lambda entry: f"<!--{PLAIN}-->{entry}",
    "CDATA": lambda entry: entry.replace("note", f"<![CDATA[{PLAIN}]]>"),
    "an instruction": lambda entry: entry.replace("note", "<?x </Ntry> ?>note"),
    "the next statement": lambda entry: (
        f"{entry}</Stmt><Stmt><Id>T</Id><Acct><Id><IBAN>Y</IBAN></Id><Ccy>EUR</Ccy></Acct>"
    ),
}  # fmt: skip
BROKEN = {
    "a lone ampersand": lambda entry: entry.replace("note", "a & b"),
    "an unknown entity": lambda entry: entry.replace("note", "&x;"),
    "a control character": lambda entry: entry.replace("note", "\x01"),
    "no character": lambda entry: entry.replace("note", "\uffff"),
    "an end of CDATA": lambda entry: entry.replace("note", "]]>"),
    "an attribute twice": lambda entry: entry.replace("Ccy=", 'Ccy="CNY" Ccy='),
    "a missing end": lambda entry: entry.removesuffix("</Ntry>"),
    "an end too many": lambda entry: f"{entry}</Ntry>",
    "a wrong end": lambda entry: entry.replace("</AddtlNtryInf>", "</Other>"),
    "a small sign": lambda entry: entry.replace("note", "a < b"),
}


@pytest.fixture(autouse=True)
def small_documents(monkeypatch):
    """Lift from the beginning on, as from large documents."""
    monkeypatch.setattr(_source, "WHOLE_BYTES", 200)


def read(content):
    """Return the records, and whether the statement was refused behind them."""
    records = []
    try:
        records.extend(camt.read_statement(content))
    except UnreadableStatement:
        return [], True
    return records, False


def by_trees(content):
    """Read a statement with nothing lifted."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(_source, "_is_plain", lambda _: False)
        return read(content)


def document(entries, head=HEAD):
    return (head + "".join(entries) + END).encode()


def lifted(content, monkeypatch):
    """Return how many entries never became a tree, and the records."""
    trees = []
    own = camt.EntryReader.read
    monkeypatch.setattr(
        camt.EntryReader, "read", lambda self, *a, **k: trees.append(1) or own(self, *a, **k)
    )
    records = list(camt.read_statement(content))
    return sum(isinstance(one, StatementEntry) for one in records) - len(trees), records


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(1, 4)), max_size=8),
    st.sampled_from(["", '<?xml version="1.0" encoding="UTF-8"?>\n', "\ufeff", " "]),
)
def test_what_is_lifted_is_what_a_tree_would_say(changes, before):
    entries = [CHANGES[name](PLAIN) for name, times in changes for _ in range(times)]
    content = document(entries, before + HEAD)
    assert read(content) == by_trees(content)


@pytest.mark.parametrize("name", CHANGES)
def test_no_entry_among_lifted_ones_is_read_otherwise(name):
    content = document([PLAIN] * 5 + [CHANGES[name](PLAIN)] * 5 + [PLAIN] * 5)
    found = read(content)
    assert found == by_trees(content)
    assert len(found[0]) >= 15


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_not_well_formed_among_lifted_entries_is_refused(name):
    content = document([PLAIN] * 5 + [BROKEN[name](PLAIN)] + [PLAIN] * 5)
    assert by_trees(content)[1]
    assert read(content)[1]


@settings(deadline=None)
@given(st.integers(1, len(PLAIN) * 3))
@example(len(END) + len(PLAIN))
def test_a_statement_that_is_cut_short_is_refused(cut):
    content = document([PLAIN] * 8)[:-cut]
    assert read(content)[1]


@settings(deadline=None)
@given(st.integers(0, len(PLAIN) - 1), st.binary(min_size=1, max_size=2))
def test_bytes_that_were_damaged_say_the_same_or_are_refused(at, damage):
    damaged = bytearray(document([PLAIN] * 8))
    start = len(HEAD.encode()) + 5 * len(PLAIN) + at
    damaged[start : start + len(damage)] = damage
    assert read(bytes(damaged)) == by_trees(bytes(damaged))


def test_all_but_the_first_entries_are_lifted(monkeypatch):
    count, records = lifted(document([PLAIN] * 100), monkeypatch)
    assert count == 98
    assert [one.position for one in records] == list(range(1, 103))
    assert records[-1].entries == 100


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("note", "<!---->", 1).encode(),
        lambda text: text.replace("note", "<?x?>", 1).encode(),
        lambda text: text.replace("note", "<![CDATA[]]>", 1).encode(),
        lambda text: ('<?xml version="1.0" encoding="gb18030"?>' + text).encode("gb18030"),
        lambda text: ("\ufeff" + text).encode("utf-16-le"),
    ],
    ids=["comment", "instruction", "CDATA", "gb18030", "utf-16"],
)
def test_nothing_is_lifted_where_bytes_may_mean_something_else(spoil, monkeypatch):
    count, records = lifted(spoil(document([PLAIN] * 20).decode()), monkeypatch)
    assert count == 0
    assert len(records) == 22


def test_a_large_entry_is_left_to_the_parser(monkeypatch):
    large = PLAIN.replace("note", "a" * 70_000)
    count, records = lifted(document([PLAIN] * 4 + [large] * 3), monkeypatch)
    assert count == 2
    assert len(records) == 9


def test_a_text_that_the_parser_does_not_take_is_refused_behind_lifted_entries():
    content = document([PLAIN] * 4 + [PLAIN.replace("note", "a" * 10_000_001)])
    assert read(content)[1]


def test_entries_of_several_movements_teach_nothing(monkeypatch):
    several, empty = (PLAIN.replace(DETAILS, one) for one in (DETAILS * 2, "<TxDtls/>"))
    count, records = lifted(document([several] * 5 + [empty]), monkeypatch)
    assert count == 0
    assert len(records) == 5 * 3 + 3


def test_what_one_statement_taught_does_not_count_in_the_next():
    odd = PLAIN.replace("Sts>", "y:Sts>")
    bound = HEAD.replace("<Stmt>", '<Stmt xmlns:y="urn:y">')
    assert len(read(document([odd] * 5, bound))[0]) == 7
    content = document([*[odd] * 5, "</Stmt>", HEAD[HEAD.index("<Stmt>") :], PLAIN, odd], bound)
    assert read(content) == by_trees(content)


def test_where_nothing_repeats_nothing_is_looked_for_any_more():
    source = Source(document([PLAIN] * 100), "Ntry")
    pieces = source.pieces()
    for _ in range(_source.MISSES_MAX + 1):
        next(pieces)
        assert not list(source.run(lambda *_: None))
    assert len(b"".join(pieces)) > 60 * len(PLAIN)
    assert max(map(len, Source(b"<a/>" * 99, "Ntry").pieces())) == _source.WHOLE_BYTES


def test_a_small_statement_says_its_balance_behind_its_entries_and_a_large_one_is_refused(
    monkeypatch,
):
    late = (
        '<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">9.00</Amt>'
        "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-10-10</Dt></Dt></Bal>"
    )
    content = document([*[PLAIN] * 20, late])
    assert read(content) == ([], True)
    monkeypatch.setattr(_source, "WHOLE_BYTES", 1 << 16)
    assert read(content)[0][0].opening == 900


def test_payments_that_are_lifted_from_a_report_are_what_trees_would_say():
    plain = (
        "<TxInfAndSts><OrgnlEndToEndId>R1</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>"
        "AC04</Cd></Rsn></StsRsnInf></TxInfAndSts>"
    )
    silent = plain.replace("<TxSts>RJCT</TxSts>", "")
    others = [
        plain.replace("R1", "R2"), plain.replace("RJCT", "ACSC"), plain.replace("R1", "a&amp;b"),
        plain.replace("</TxSts>", "</TxSts><TxSts>ACSC</TxSts>"), silent,
        plain.replace("AC04", "\r\nMS03 "), plain.replace("<Rsn>", f"{plain * 4}<Rsn>"),
    ]  # fmt: skip
    head = (
        "<Document><CstmrPmtStsRpt><GrpHdr><MsgId>A</MsgId></GrpHdr><OrgnlGrpInfAndSts>"
        "<OrgnlMsgId>F1</OrgnlMsgId></OrgnlGrpInfAndSts>"
    )
    blocks = [
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>F1</OrgnlPmtInfId>{said}{plain * 5}"
        f"{''.join(other + plain * 2 for other in others)}{silent * 5}</OrgnlPmtInfAndSts>"
        for said in ("<PmtInfSts>ACSC</PmtInfSts>", "")
    ]
    content = f"{head}{''.join(blocks)}</CstmrPmtStsRpt></Document>".encode()
    found = list(pain002.read_report(content))
    assert len(found) > 60
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(_source, "_is_plain", lambda _: False)
        assert list(pain002.read_report(content)) == found
