"""The whole machine: sheets on their way to the bank, money coming in, and the bank's answers."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from disburse import signing
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.orders import Withdrawal, write_withdrawal
from disburse.domain.refusal import Refusal
from disburse.steps.bank.claim import NotThisFile, claim
from disburse.steps.bank.hand_over import hand_over
from disburse.steps.money.declare import declare
from disburse.steps.money.recall import recall
from disburse.steps.money.vouch import vouch
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.cancel import cancel
from disburse.steps.payroll.export import export
from disburse.steps.payroll.fund import ShortOfFunds, fund
from disburse.steps.payroll.reject import reject
from disburse.steps.payroll.review import LinesBlocked, NothingPayable, review
from disburse.steps.payroll.revoke import revoke
from disburse.steps.payroll.set_aside import set_aside
from disburse.steps.payroll.unfund import unfund
from disburse.steps.payroll.withdraw import withdraw
from disburse.storage import views
from disburse.storage.lines import LineFixed, NoSuchLine
from tests.builders import a_key
from tests.machine.answers import PICK, Answers
from tests.sheets import a_line, a_sheet_json, lines

SHEETS_MAX = 4
STRANGER = 9  # a worker whom the roster does not know: the line is blocked
AMOUNT = st.integers(1, 2_000_000)


class Sheets(Answers):
    """What people do with a sheet before its files leave."""

    def __init__(self, town):
        super().__init__(town)
        self.received = 0
        self.blocked: dict[int, int] = {}  # sheet → its line that nobody may pay

    @precondition(lambda self: self.received < SHEETS_MAX)
    @rule(count=st.integers(1, 4), stranger=st.booleans())
    def receives(self, count, stranger):
        self.received += 1
        month = date(2026, 8 - self.received, 1)
        told = lines(count)
        if stranger:
            told.append(a_line(STRANGER, number=count + 1))
        last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        content = a_sheet_json(*told, period=month, worked_from=month, worked_to=last)
        got = self.world.receive(content)
        self.look()
        if stranger:
            self.blocked[got.sheet.id] = count + 1

    @precondition(lambda self: self.having(self.sheets, "received", "reviewed"))
    @rule(pick=PICK, line=st.integers(1, 5))
    def sets_a_line_aside(self, pick, line):
        open_ = self.having(self.sheets, "received", "reviewed")
        sheet_id = open_[pick % len(open_)]
        line = self.blocked.get(sheet_id, line)
        try:
            self.do(set_aside, "labour_officer", sheet_id=sheet_id, line=line, reason="unknown")
        except (NoSuchLine, LineFixed):
            pass  # only so many lines; aside already; or the last one that is paid
        else:
            self.blocked.pop(sheet_id, None)

    @precondition(lambda self: self.having(self.sheets, "received"))
    @rule(pick=PICK)
    def reviews(self, pick):
        received = self.having(self.sheets, "received")
        sheet_id = received[pick % len(received)]
        try:
            self.do(review, "labour_officer", sheet_id=sheet_id)
        except LinesBlocked:
            assert sheet_id in self.blocked
        except NothingPayable:
            assert self.needed(sheet_id) == 0

    @precondition(lambda self: self.having(self.sheets, "reviewed"))
    @rule(pick=PICK)
    def funds(self, pick):
        reviewed = self.having(self.sheets, "reviewed")
        sheet_id = reviewed[pick % len(reviewed)]
        free, needed = self.balance().free, self.needed(sheet_id)
        try:
            self.do(fund, None, sheet_id=sheet_id)
        except ShortOfFunds:
            assert free < needed
        else:
            assert self.balance().free == free - needed

    @precondition(lambda self: self.having(self.sheets, "funded"))
    @rule(pick=PICK, what=st.sampled_from([approve, approve, approve, unfund]))
    def approves_or_unfunds(self, pick, what):
        funded = self.having(self.sheets, "funded")
        why = {"reason": "not now"} if what is unfund else {}
        self.do(what, "approver", sheet_id=funded[pick % len(funded)], **why)

    @precondition(lambda self: self.having(self.sheets, "approved"))
    @rule(pick=PICK, sure=st.integers(0, 3))
    def exports_or_revokes(self, pick, sure):
        approved = self.having(self.sheets, "approved")
        sheet_id = approved[pick % len(approved)]
        if sure:
            self.do(export, "releaser", sheet_id=sheet_id, banks=self.world.banks)
        else:
            self.do(revoke, "approver", sheet_id=sheet_id, reason="not now")

    @precondition(lambda self: self.having(self.sheets, "exported"))
    @rule(pick=PICK)
    def cancels(self, pick):
        exported = self.having(self.sheets, "exported")
        try:
            self.do(cancel, "releaser", sheet_id=exported[pick % len(exported)], reason="no")
        except WrongState:
            assert set(self.files.values()) - {"written", "void"}

    @precondition(lambda self: self.having(self.sheets, "received", "reviewed", "funded"))
    @rule(pick=PICK, sure=st.integers(0, 3), signed=st.booleans())
    def ends_a_sheet(self, pick, sure, signed):
        open_ = self.having(self.sheets, "received", "reviewed", "funded", "approved")
        sheet_id = open_[pick % len(open_)]
        if sure:  # seldom: what is ended goes nowhere
            return
        if signed:
            where = {"project_id": self.world.project_id, "sheet_id": sheet_id}
            order = Withdrawal(views.sheet(self.tx, **where).digest, "an error")
            content = write_withdrawal(order)
            signature = signing.sign(content, a_key("subcontractor"), now=self.world.now)
            facts = {"content": content, "signature": signature}
            self.do(withdraw, "signer", sheet_id=sheet_id, **facts)
        else:
            self.do(reject, "approver", sheet_id=sheet_id, reason="wrong month")

    @precondition(lambda self: self.having(self.sheets, "exported", "rejected", "withdrawn"))
    @rule(pick=PICK, what=st.sampled_from([review, fund, unfund, approve, revoke, export, reject]))
    def somebody_comes_too_late(self, pick, what):
        late = self.having(self.sheets, "exported", "rejected", "withdrawn")
        who = {review: "labour_officer", export: "releaser"}.get(what, "approver")
        facts = {"sheet_id": late[pick % len(late)]}
        facts |= {"reason": "late"} if what in {unfund, revoke, reject} else {}
        facts |= {"banks": self.world.banks} if what is export else {}
        with pytest.raises(Refusal):
            self.do(what, who, **facts)

    @precondition(lambda self: self.files)
    @rule(pick=PICK)
    def somebody_confirms_a_file_nobody_claimed(self, pick):
        written = self.having(self.files, "written", "void")
        if written:
            with pytest.raises(WrongState):
                self.do(hand_over, "releaser", file_id=written[pick % len(written)])

    def needed(self, sheet_id):
        where = {"project_id": self.world.project_id, "sheet_id": sheet_id}
        return views.needed(self.tx, views.sheet(self.tx, **where))


class Payday(Sheets):
    """And the money that comes in and goes out by the bank's statements."""

    def __init__(self, town):
        super().__init__(town)
        self.odd = 0

    @initialize(count=st.integers(0, 5))
    def begins(self, count):
        """Most runs begin with a sheet at the bank already."""
        if count > 1:
            self.fast_forward(count)
            self.received = 1

    @precondition(lambda self: self.having(self.sheets, "received", "reviewed"))
    @rule(amount=AMOUNT)
    def allocates(self, amount):
        self.world.allocate(amount)
        self.look()

    @precondition(lambda self: self.having(self.sheets, "reviewed"))
    @rule(pick=PICK)
    def allocates_just_enough(self, pick):
        reviewed = self.having(self.sheets, "reviewed")
        lacking = self.needed(reviewed[pick % len(reviewed)]) - self.balance().free
        if lacking > 0:
            self.world.allocate(lacking)
            self.look()

    @precondition(lambda self: len(self.declared) < 2 and "received" in self.sheets.values())
    @rule(amount=AMOUNT)
    def declares_and_vouches(self, amount):
        told = {"amount": amount, "voucher_digest": "0" * 64, "expected_on": date(2026, 8, 9)}
        number = self.do(declare, "funder", **told)
        self.do(vouch, "approver", declaration_id=number)

    @precondition(lambda self: self.declared)
    @rule(pick=PICK, comes=st.booleans())
    def declared_money_comes_or_does_not(self, pick, comes):
        number = list(self.declared)[pick % len(self.declared)]
        if not comes:
            self.do(recall, "approver", declaration_id=number, reason="delayed")
            return
        amount = self.declared[number]
        alone = list(self.declared.values()).count(amount) == 1
        awaited = self.balance().awaited
        self.world.allocate(amount)
        self.look()
        assert self.balance().awaited == awaited + (amount if alone else 0)

    @precondition(lambda self: self.unbooked())
    @rule(data=st.data())
    def the_bank_books(self, data):
        """Some of what went out and came back, one by one or by file, in any order."""
        chosen = data.draw(st.lists(st.sampled_from(self.unbooked()), min_size=1, unique=True))
        self.world.book(*((amount, reference, "") for amount, reference in chosen))
        for amount, reference in chosen:
            for one in self.bank.files.get(reference, [reference]):
                if amount < 0:
                    self.bank.payments[one].debit_booked = True
                else:
                    self.bank.payments[one].credit_booked = True

    @precondition(lambda self: self.odd < 2)
    @rule(amount=st.integers(1, 500), comes=st.booleans())
    def the_bank_books_something_odd(self, amount, comes):
        self.odd += 1
        self.world.book((amount if comes else -amount, "", "62170000000000001"))

    @precondition(lambda self: self.having(self.files, "written"))
    @rule(pick=PICK)
    def somebody_confirms_another_sum(self, pick):
        written = self.having(self.files, "written")
        file = self.file(written[pick % len(written)])
        seen = {"file_id": file.id, "sha256": file.sha256, "count": file.count, "total": 1}
        with pytest.raises(NotThisFile):
            self.do(claim, "releaser", **seen)

    def unbooked(self):
        """Return (amount, reference) of what the next statements will book."""
        out = {"paid", "returned"}
        whole = [
            (-sum(self.bank.payments[one].amount for one in inside), file)
            for file, inside in sorted(self.bank.files.items())
            if all(
                self.bank.payments[one].result in out and not self.bank.payments[one].debit_booked
                for one in inside
            )
        ]
        together = {one for _, file in whole for one in self.bank.files[file]}
        known = [self.bank.payments[name] for name in sorted(self.bank.payments)]
        single = [
            (-one.amount, one.reference)
            for one in known
            if one.result in out and not one.debit_booked and one.reference not in together
        ]
        back = [
            (one.amount, one.reference)
            for one in known
            if one.result == "returned" and one.debit_booked and not one.credit_booked
        ]
        return whole + single + back
