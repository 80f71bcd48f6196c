"""camt, MT940, BAI2: every record told, whatever its form; damage is never believed."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import _statements
from adapters._statements import mt940 as mt940_reader
from disburse.adapter import (
    EntryPart,
    EntryStatus,
    Quarantined,
    StatementClosed,
    StatementEntry,
    StatementKind,
    StatementOpened,
    UnreadableStatement,
)
from tests.adapters.batches import REFERENCES
from tests.adapters.statements import (
    ACCOUNT,
    a_balance,
    a_movement,
    a_statement,
    an_entry,
    bai2,
    camt,
    camt053,
    mt940,
)

ONE, TWO = REFERENCES[:2]
DAY = date(2026, 10, 10)
BOTH = a_balance("OPBD", "1000.00", on="2026-10-09") + a_balance("CLBD", "-354.99")


def read(content):
    return list(_statements.read_statement(content, _statements.FORMATS))


def entries(content):
    return [one for one in read(content) if isinstance(one, StatementEntry)]


def only(content):
    (entry,) = entries(content)
    return entry


def of(*parts, **told):
    return camt(a_statement(BOTH, *parts, **told))


class TestCamt:
    def test_a_statement_is_told_from_its_opening_to_its_closing(self):
        entry = an_entry("-650.01", a_movement(ONE), reference="B1")
        begun, booked, ended = read(of(entry))
        assert begun == StatementOpened(
            position=1, reference="S1", kind=StatementKind.STATEMENT, account=ACCOUNT,
            currency="CNY", opening=100_000, opens_on=date(2026, 10, 9), number="7",
        )  # fmt: skip
        assert booked == StatementEntry(
            position=2, amount=-65_001, status=EntryStatus.BOOKED, booked_on=DAY,
            value_on=date(2026, 10, 11), reference="B1", payment_reference=ONE,
            code="PMNT/ICDT/SALA",
        )  # fmt: skip
        assert ended == StatementClosed(position=3, closing=-35_499, closes_on=DAY, entries=1)

    @pytest.mark.parametrize("version", ["02", "04", "06", "08", "12"])
    @pytest.mark.parametrize("family", ["052", "053", "054"])
    def test_every_message_and_version_is_read_and_a_missing_namespace_too(self, family, version):
        inside = a_statement(BOTH, an_entry("5.00", a_movement(ONE)))
        content = camt(inside, family=family, version=version)
        found = read(content)
        kinds = {"052": "interim", "053": "statement", "054": "notice"}
        assert (found[0].kind, found[1].amount) == (kinds[family], 500)
        assert read(content.replace(b" xmlns=", b" Xmlns=")) == found

    def test_the_older_form_says_the_same(self):
        new = an_entry("-5.00", a_movement(
            ONE, "-5.00", more="<RltdPties><Cdtr><Pty><Nm>Worker</Nm></Pty></Cdtr></RltdPties>"
        ))  # fmt: skip
        old = (
            new.replace("<Sts><Cd>BOOK</Cd></Sts>", "<Sts>BOOK</Sts>")
            .replace("<Pty><Nm>Worker</Nm></Pty>", "<Nm>Worker</Nm>")
            .replace('<Amt Ccy="CNY">5.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><RltdPties>',
                     '<AmtDtls><TxAmt><Amt Ccy="CNY">5.00</Amt></TxAmt></AmtDtls><RltdPties>')
        )  # fmt: skip
        assert old != new
        assert only(of(old)) == only(of(new))
        assert only(of(new)).counterparty_name == "Worker"

    def test_the_other_side_is_who_paid_or_who_was_paid(self):
        parties = (
            "<RltdPties><Dbtr><Nm>Payer</Nm></Dbtr><DbtrAcct><Id><IBAN>DE1</IBAN></Id></DbtrAcct>"
            "<Cdtr><Nm>Payee</Nm></Cdtr><CdtrAcct><Id><Othr><Id>62</Id></Othr></Id></CdtrAcct>"
            "</RltdPties>"
        )
        for amount, back, name, number in (
            ("5.00", "", "Payer", "DE1"),
            ("-5.00", "", "Payee", "62"),
            ("5.00", "AC04", "Payee", "62"),
        ):
            entry = only(of(an_entry(amount, a_movement(ONE, back=back, more=parties))))
            assert (entry.counterparty_name, entry.counterparty_account) == (name, number)
            assert entry.return_reason == back

    def test_a_file_booked_at_once_is_told_with_its_count_and_sum(self):
        batch = (
            "<Btch><MsgId>F0000017</MsgId><NbOfTxs>1200</NbOfTxs>"
            '<TtlAmt Ccy="CNY">7800.00</TtlAmt><CdtDbtInd>DBIT</CdtDbtInd></Btch>'
        )
        entry = only(of(an_entry("-7800.00", more=batch)))
        assert (entry.file_reference, entry.batch_count) == ("F0000017", 1200)
        assert entry.batch_total == 780_000

    def test_movements_of_one_entry_come_before_it(self):
        inside = [a_movement(ONE, "2.00", back="AC04"), a_movement(TWO, "3.00", back="AC01"),
                  a_movement("", "")]  # fmt: skip
        _, first, second, third, entry, _ = read(of(an_entry("5.00", *inside, reference="B1")))
        assert [(one.payment_reference, one.amount, one.return_reason)
                for one in (first, second, third)] == [
            (ONE, 200, "AC04"), (TWO, 300, "AC01"), ("", None, ""),
        ]  # fmt: skip
        assert all(isinstance(one, EntryPart) for one in (first, second, third))
        assert (entry.parts, entry.amount, entry.payment_reference) == (3, 500, "")

    def test_the_next_entry_has_nothing_of_the_one_before(self):
        two = an_entry("5.00", a_movement(ONE, "2.00"), a_movement(TWO, "3.00"))
        found = entries(of(two, an_entry("7.00", a_movement(ONE)), an_entry("8.00")))
        assert [(one.parts, one.payment_reference) for one in found] == [(2, ""), (0, ONE), (0, "")]

    @pytest.mark.parametrize(
        ("good", "bad", "told"),
        [
            ("<Cd>BOOK</Cd>", "<Cd>WHAT</Cd>", "'WHAT'"),
            ('<Amt Ccy="CNY">5.00', '<Amt Ccy="EUR">5.00', "'EUR'"),
            ('<Amt Ccy="CNY">5.00', '<Amt Ccy="CNY">5.001', "decimal places"),
            ('<Amt Ccy="CNY">5.00', '<Amt Ccy="CNY">five', "plain decimal"),
            ("<CdtDbtInd>CRDT", "<CdtDbtInd>WHAT", "neither credit nor debit"),
        ],
    )
    def test_an_entry_that_cannot_be_read_blocks_no_other(self, good, bad, told):
        odd = an_entry("5.00").replace(good, bad)
        assert odd != an_entry("5.00")
        _, quarantined, entry, ended = read(of(odd, an_entry("7.00")))
        assert isinstance(quarantined, Quarantined)
        assert told in quarantined.reason
        assert (entry.amount, ended.entries) == (700, 2)

    @pytest.mark.parametrize(
        ("status", "meant"), [("PDNG", "pending"), ("INFO", "information"), ("FUTR", "information")]
    )
    def test_what_is_not_booked_is_told_as_such(self, status, meant):
        assert only(of(an_entry("5.00", status=status))).status == meant

    def test_amounts_with_zeros_behind_the_minor_unit_and_reversals(self):
        entry = an_entry("5.00000").replace("<Sts>", "<RvslInd>true</RvslInd><Sts>")
        assert (only(of(entry)).amount, only(of(entry)).is_reversal) == (500, True)

    @pytest.mark.parametrize("last", ["true", "1", "YES"])
    def test_pages_are_told(self, last):
        pages = f"<MsgPgntn><PgNb>2</PgNb><LastPgInd>{last}</LastPgInd></MsgPgntn>"
        begun, ended = read(camt(a_statement(BOTH), group=pages))
        assert (begun.page, ended.is_last_page) == (2, True)
        inner = pages.replace("MsgPgntn", "StmtPgntn").replace(last, "false")
        begun, ended = read(of().replace(b"<Id>S1</Id>", f"<Id>S1</Id>{inner}".encode()))
        assert (begun.page, ended.is_last_page) == (2, False)

    def test_interim_balances_open_and_close_a_page(self):
        two = a_balance("ITBD", "1.00") + a_balance("CLAV", "9.00") + a_balance("ITBD", "2.00")
        begun, ended = read(camt(a_statement(two)))
        assert (begun.opening, ended.closing) == (100, 200)

    def test_without_an_account_currency_the_first_balance_tells_it(self):
        content = of(an_entry("5.00")).replace(b"<Ccy>CNY</Ccy>", b"")
        assert (read(content)[0].currency, only(content).amount) == ("CNY", 500)

    def test_a_copy_is_told(self):
        copy = of().replace(b"</Acct>", b"</Acct><CpyDplctInd>CODU</CpyDplctInd>")
        assert [read(one)[0].is_copy for one in (of(), copy)] == [False, True]

    def test_several_statements_without_entries_are_told(self):
        found = read(camt(a_statement(BOTH), a_statement(reference="S2", account="7")))
        assert [type(one).__name__ for one in found] == ["StatementOpened", "StatementClosed"] * 2
        assert (found[2].account, found[2].opening, found[3].closing) == ("7", None, None)

    @pytest.mark.parametrize(
        "content",
        [
            of().replace(b"1000.00", b"1000.001"),
            of().replace(b'Ccy="CNY">1000', b'Ccy="EUR">1000'),
            camt(),
            b"<Document/>",
            camt(f"{a_statement()}").replace(b"Stmt>", b"Other>"),
            of(an_entry("1.00")).replace(b"<Stmt>", b"<X>").replace(b"</Stmt>", b"</X>"),
            b'<!DOCTYPE d [<!ENTITY x "y">]><Document><BkToCstmrStmt/></Document>',
        ],
    )
    def test_what_is_no_statement_is_refused(self, content):
        with pytest.raises(UnreadableStatement):
            read(content)

    @pytest.mark.parametrize("late", [a_balance("OPBD", "5.00"), "<Acct><Id/></Acct>"])
    def test_an_account_or_opening_behind_the_entries_is_refused(self, late):
        far = " " * 2**17
        whole = a_statement(an_entry("5.00"), far, late)
        content = camt(whole if "Bal" in late else whole.replace("<Acct>", "<Was>").replace(
            "</Acct><Ntry>", "</Was><Ntry>", 1))  # fmt: skip
        with pytest.raises(UnreadableStatement):
            read(content)

    def test_a_statement_cut_anywhere_is_refused(self):
        content = of(an_entry("5.00", a_movement(ONE)))
        for end in range(0, len(content) - 1, 11):
            with pytest.raises(UnreadableStatement):
                read(content[:end])

    def test_a_hostile_file_with_a_new_form_for_each_entry_is_read_all_the_same(self):
        odd = [an_entry("1.00", more=f"<A{n}/>") for n in range(300)]
        assert len(entries(of(*odd))) == 300


LINE = ":61:2610101009D650,01NTRF"


class TestMt940:
    def test_a_statement_is_told_from_its_opening_to_its_closing(self):
        lines = (f"{LINE}{ONE}//BANK1", "WAGES", ":86:Wage of", "September")
        begun, entry, ended = read(mt940(*lines, closing="C261010CNY349,99"))
        assert begun == StatementOpened(
            position=1, reference="STATEMENT/7", kind=StatementKind.STATEMENT, account=ACCOUNT,
            currency="CNY", opening=100_000, opens_on=date(2026, 10, 9), number="7", page=1,
        )  # fmt: skip
        assert entry == StatementEntry(
            position=2, amount=-65_001, status=EntryStatus.BOOKED, booked_on=date(2026, 10, 9),
            value_on=DAY, reference="BANK1", payment_reference=ONE, file_reference=ONE,
            code="NTRF", text="Wage of September",
        )  # fmt: skip
        assert ended == StatementClosed(position=3, closing=34_999, closes_on=DAY, entries=1)

    @pytest.mark.parametrize(
        ("sign", "amount", "reversal", "status"),
        [
            ("C", 500, False, "booked"), ("D", -500, False, "booked"),
            ("RC", -500, True, "booked"), ("RD", 500, True, "booked"),
            ("EC", 500, False, "information"), ("CR", 500, False, "booked"),
        ],
    )  # fmt: skip
    def test_signs(self, sign, amount, reversal, status):
        entry = only(mt940(f":61:261010{sign}5,NTRFNONREF", closing="C261010CNY1005,"))
        assert (entry.amount, entry.is_reversal, entry.status) == (amount, reversal, status)
        assert (entry.booked_on, entry.payment_reference, entry.reference) == (DAY, "", "")

    @pytest.mark.parametrize(
        ("value", "booked", "on"),
        [("261231", "0102", date(2027, 1, 2)), ("270101", "1231", date(2026, 12, 31)),
         ("991231", "1231", date(1999, 12, 31))],
    )  # fmt: skip
    def test_a_booking_day_is_the_one_nearest_to_the_value_day(self, value, booked, on):
        entry = only(mt940(f":61:{value}{booked}C5,NTRFNONREF", closing="C261010CNY1005,"))
        assert entry.booked_on == on

    @pytest.mark.parametrize(
        "words",
        [
            f"166?00RETURN?20EREF+{ONE}?21RTRN+AC04?22SVWZ+Wa?23ge?31DE893704?32Wor?33ker",
            f"/EREF/{ONE}/RTRN/AC04/REMI/Wage/NAME/Worker/IBAN/DE893704/",
        ],
    )
    def test_what_banks_write_into_field_86_is_read(self, words):
        entry = only(mt940(":61:261010C5,NTRFX", f":86:{words}", closing="C261010CNY1005,"))
        assert (entry.payment_reference, entry.return_reason) == (ONE, "AC04")
        assert (entry.counterparty_account, entry.counterparty_name) == ("DE893704", "Worker")
        assert entry.file_reference == "X"

    def test_pages_and_several_messages(self):
        first = mt940(closing="C261010CNY1000,").replace(b":62F:", b":62M:")
        second = mt940(opening="C261010CNY1000,", closing="C261010CNY1000,", page="7/2")
        begun, ended, again, last = read(first + second.replace(b":60F:", b":60M:"))
        assert (begun.page, ended.is_last_page, again.page, last.is_last_page) == (
            1,
            False,
            2,
            True,
        )
        assert begun.reference == again.reference

    def test_a_bare_message_without_its_envelope_is_read(self):
        bare = mt940(f"{LINE}{ONE}", closing="C261010CNY349,99").split(b"{4:\r\n")[1]
        bare = bare.replace(b"-}", b"-")
        assert only(bare).amount == -65_001
        assert only(b"ABNANL2A\r\n940\r\n" + bare).amount == -65_001

    def test_words_in_another_encoding_do_no_harm(self):
        content = mt940(f"{LINE}{ONE}", ":86:Löhne", closing="C261010CNY349,99")
        assert only(content).text == "Löhne"
        assert only(content.decode().encode("latin-1")).text == "Löhne"

    @pytest.mark.parametrize("line", [":61:what", ":61:261310C5,NTRFX", ":61:2610101340C5,NTRFX",
                                      ":61:261010C5,001NTRFX", ":61:261010C5NTRFX"])  # fmt: skip
    def test_an_entry_that_cannot_be_read_blocks_no_other(self, line):
        good = ":61:261010C7,NTRFNONREF"
        _, odd, entry, ended = read(mt940(line, good, closing="C261010CNY1007,"))
        assert isinstance(odd, Quarantined)
        assert (entry.amount, ended.entries) == (700, 2)

    @pytest.mark.parametrize(
        ("good", "bad"),
        [
            (b":62F:C261010CNY1000,\r\n", b""),
            (b":62F:C261010CNY1000,", b":62F:C261010EUR1000,"),
            (b":62F:C261010CNY1000,", b":62F:C261010CNY1000"),
            (b":62F:C261010CNY1000,", b":62F:C261310CNY1000,"),
            (b":62F:C261010CNY1000,", b":62F:C261010CNY1000,001"),
            (b":60F:C261009CNY1000,00\r\n", b""),
            (b":60F:C261009CNY1000,00", b":60F:C261009CNY1,\r\n:60F:C261009CNY1,"),
            (b":60F:C261009CNY1000,00", b":60F:C261009CNY1,\r\n:20:X"),
            (b":60F:C261009CNY1000,00", b":61:261010C5,NTRFX"),
            (b":28C:7/1", b":28C:seven"),
        ],
    )
    def test_what_is_no_whole_message_is_refused(self, good, bad):
        content = mt940(closing="C261010CNY1000,")
        assert good in content
        with pytest.raises(UnreadableStatement):
            read(content.replace(good, bad))
        with pytest.raises(UnreadableStatement):
            read(b":20:NOTHING\r\n-\r\n")


class TestBai2:
    def test_a_statement_is_told_from_its_opening_to_its_closing(self):
        begun, paid, came, ended = read(
            bai2(f"16,475,65001,,BANK1,{ONE},WAGES, OF SEPTEMBER", "16,142,500,Z,BANK2,,")
        )
        assert (begun.reference, begun.account, begun.currency) == ("20261010-1", ACCOUNT, "CNY")
        assert (begun.opening, begun.kind) == (100_000, StatementKind.STATEMENT)
        assert (paid.amount, paid.reference, paid.payment_reference) == (-65_001, "BANK1", ONE)
        assert (paid.text, paid.booked_on, paid.code) == ("WAGES, OF SEPTEMBER", DAY, "475")
        assert (came.amount, came.reference) == (500, "BANK2")
        assert (ended.closing, ended.closes_on, ended.entries) == (35_499, DAY, 2)

    @pytest.mark.parametrize("funds", ["V,261011,0800", "S,1,2,3", "D,2,0,100,1,400", "0", ""])
    def test_every_way_to_say_when_money_is_there_is_passed_over(self, funds):
        entry = only(bai2(f"16,142,500,{funds},BANK2,{ONE},X"))
        assert (entry.reference, entry.payment_reference, entry.text) == ("BANK2", ONE, "X")

    def test_continuations_are_put_together(self):
        content = bai2("16,142,500,Z,BANK2,,FIRST").replace(b"FIRST/", b"FIRST\n88,SECOND/")
        for old, new in ((b",3/", b",4/"), (b",1,5/", b",1,6/"), (b",1,7/", b",1,8/")):
            content = content.replace(old, new)
        assert only(content).text == "FIRST,SECOND"

    def test_a_type_that_is_neither_credit_nor_debit_is_quarantined(self):
        _, odd, entry, _ = read(
            bai2("16,142,0,Z,,,", "16,142,500,Z,,,").replace(b"16,142,0", b"16,890,0")
        )
        assert isinstance(odd, Quarantined)
        assert entry.amount == 500

    def test_a_group_that_corrects_another_is_told_and_not_handed_over(self):
        (odd,) = read(bai2("16,142,500,Z,,,", group="3"))
        assert isinstance(odd, Quarantined)
        assert odd.position == 1

    def test_an_interim_report_is_told_as_such(self):
        assert read(bai2().replace(b",CNY,2/", b",CNY,3/"))[0].kind is StatementKind.INTERIM

    @pytest.mark.parametrize(
        ("good", "bad"),
        [
            (b"16,142,500", b"16,142,501"),
            (b"49,", b"49,1"),
            (b"98,", b"98,1"),
            (b"99,", b"99,1"),
            (b"16,142,500,", b"16,142,five,"),
            (b"02,DISBURSE,TESTBANK,1,261010", b"02,DISBURSE,TESTBANK,1,261310"),
            (b"02,DISBURSE,TESTBANK,1,261010", b"02,DISBURSE,TESTBANK,1,today"),
            (b"01,TESTBANK", b"88,TESTBANK"),
            (b"16,142", b"17,142"),
            (b"03,", b"16,"),
            (b"98,", b"02,X,Y,1,261010,,,/\n98,"),
            (b"03,", b"49,0,1/\n03,"),
            (b"49,", b"98,0,0,0/\n49,"),
            (b"98,", b"99,0,0,0/\n98,"),
            (b"02,", b"01,X,Y,261010,0800,1,,,2/\n02,"),
        ],
    )
    def test_what_does_not_add_up_is_refused(self, good, bad):
        content = bai2("16,142,500,Z,,,")
        assert good in content
        with pytest.raises(UnreadableStatement):
            read(content.replace(good, bad, 1))

    def test_a_file_that_was_cut_or_goes_on_is_refused(self):
        content = bai2("16,142,500,Z,,,")
        for end in range(len(content) - 2):
            with pytest.raises(UnreadableStatement):
                read(content[:end])
        with pytest.raises(UnreadableStatement):
            read(content + content)

    def test_words_in_another_encoding_do_no_harm(self):
        assert only(bai2("16,142,500,Z,,,Löhne").decode().encode("latin-1")).text == "Löhne"


STATEMENTS = {
    "camt": camt053(opening="1000.00", entries=[("-650.01", ONE), ("5.00", TWO)]),
    "mt940": mt940(f"{LINE}{ONE}", ":86:/EREF/X", closing="C261010CNY349,99"),
    "bai2": bai2("16,142,500,Z,BANK2,,X", "16,475,65001,,BANK1,,"),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_format_that_the_bank_does_not_send_is_refused(name):
    others = tuple(one for one in _statements.FORMATS if one != name)
    with pytest.raises(UnreadableStatement, match="it sends"):
        list(_statements.read_statement(STATEMENTS[name], others))


@pytest.mark.parametrize("name", STATEMENTS)
@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_damage_is_refused_or_quarantined_and_never_anything_else(name, data):
    content = bytearray(STATEMENTS[name])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    try:
        read(bytes(content))
    except UnreadableStatement:
        return


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=300))
def test_any_bytes_end_in_a_refusal_or_records(content):
    for start in (b"", b"01,", b":20:", b"<a>"):
        try:
            read(start + content)
        except UnreadableStatement:
            continue


def test_an_envelope_cannot_make_the_reader_slow():
    with pytest.raises(UnreadableStatement):
        list(mt940_reader.read_statement(b"{1:" + b"{" * 50_000))
