"""Rules of the bank's side: payments happen, reports come in any order, payments are repeated."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from disburse.adapter import Result
from disburse.domain.reference import AttemptKey, attempt_of, of_attempt
from disburse.queries import files as file_queries
from disburse.steps.bank.bundle import bundle
from disburse.steps.bank.claim import NotBacked, claim
from disburse.steps.bank.countersign import countersign
from disburse.steps.bank.give_up import give_up
from disburse.steps.bank.hand_over import hand_over
from disburse.steps.bank.reissue import reissue
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.export import export
from disburse.steps.payroll.fund import fund
from disburse.steps.payroll.review import review
from tests.machine.mechanics import Mechanics
from tests.sheets import a_sheet_json, lines

PICK = st.integers(0, 999)  # which of those that the rule can be about
OUT = ("dispatching", "sent", "acknowledged", "unknown")


class Answers(Mechanics):
    """The bank and those who deal with it."""

    def fast_forward(self, count: int) -> None:
        """Bring a sheet of `count` lines all the way to the bank."""
        got = self.world.receive(a_sheet_json(*lines(count)))
        self.world.allocate(got.coverage.needed)
        sheet = {"sheet_id": got.sheet.id}
        self.do(review, "labour_officer", **sheet)
        self.do(fund, None, **sheet)
        self.do(approve, "approver", **sheet)
        self.do(export, "releaser", banks=self.world.banks, **sheet)
        self.deliver_all()

    def deliver_all(self) -> None:
        for file_id in self.having(self.files, "written"):
            self.claim_file(file_id)
            self.bank.take(self.content(file_id))

    def claim_file(self, file_id: int) -> None:
        file = self.file(file_id)
        told = {"sha256": file.sha256, "count": file.count, "total": file.total}
        self.do(claim, "releaser", file_id=file_id, **told)

    def file(self, file_id: int) -> file_queries.FileShown:
        where = {"project_id": self.world.project_id, "file_id": file_id}
        return file_queries.file(self.tx, self.world.caller("releaser"), **where)

    def content(self, file_id: int) -> bytes:
        where = {"project_id": self.world.project_id, "file_id": file_id}
        return file_queries.content(self.tx, self.world.caller("releaser"), **where)

    def not_at_bank(self) -> list[int]:
        return [f for f in self.having(self.files, *OUT) if self.file(f).reference not in
                self.bank.files]  # fmt: skip

    def pending_files(self) -> list[str]:
        """Return the files of which the bank has said and done nothing yet."""
        spoken = {event.reference for event in self.bank.events}
        return [
            file for file, inside in self.bank.files.items() if spoken.isdisjoint({file, *inside})
        ]

    # ------------------------------------------------------------ files on their way
    @precondition(lambda self: self.having(self.files, "written"))
    @rule(pick=PICK)
    def claims(self, pick):
        written = self.having(self.files, "written")
        file_id = written[pick % len(written)]
        try:
            self.claim_file(file_id)
        except NotBacked:
            assert not self.balance().backs(self.file(file_id).total, statements=False)

    @precondition(lambda self: self.having(self.files, "dispatching"))
    @rule(pick=PICK)
    def hands_over(self, pick):
        out = self.having(self.files, "dispatching")
        self.do(hand_over, "releaser", file_id=out[pick % len(out)])

    @precondition(lambda self: self.not_at_bank())
    @rule(pick=PICK)
    def bank_takes_a_file(self, pick):
        waiting = self.not_at_bank()
        self.bank.take(self.content(waiting[pick % len(waiting)]))

    # ------------------------------------------------------------ what happens at the bank
    @precondition(lambda self: self.bank.with_result(Result.PENDING))
    @rule(pick=PICK, result=st.sampled_from([Result.PAID, Result.PAID, Result.REJECTED]))
    def bank_decides(self, pick, result):
        pending = self.bank.with_result(Result.PENDING)
        self.bank.happen(pending[pick % len(pending)], result)

    @precondition(lambda self: self.bank.with_result(Result.PAID))
    @rule(pick=PICK)
    def a_payment_comes_back(self, pick):
        paid = self.bank.with_result(Result.PAID)
        self.bank.happen(paid[pick % len(paid)], Result.RETURNED)

    @precondition(lambda self: self.bank.with_result(Result.PENDING))
    @rule(pick=PICK, result=st.sampled_from([Result.ACCEPTED, Result.PENDING, Result.DUPLICATE]))
    def bank_notes_a_payment(self, pick, result):
        pending = self.bank.with_result(Result.PENDING)
        self.bank.happen(pending[pick % len(pending)], result)

    @precondition(lambda self: self.pending_files())
    @rule(pick=PICK, result=st.sampled_from([Result.ACCEPTED, Result.DUPLICATE, Result.REJECTED]))
    def bank_notes_a_file(self, pick, result):
        files = self.pending_files()
        self.bank.happen_to_file(files[pick % len(files)], result)

    # ------------------------------------------------------------ what it says of it
    @precondition(lambda self: self.bank.events)
    @rule(data=st.data())
    def bank_reports(self, data):
        """Any events, told before or not, in any order."""
        places = st.sampled_from(range(len(self.bank.events)))
        self.tell(data.draw(st.lists(places, min_size=1, max_size=6, unique=True)))

    @precondition(lambda self: self.bank.untold())
    @rule(pick=PICK)
    def bank_reports_one_event(self, pick):
        untold = self.bank.untold()
        self.tell([untold[pick % len(untold)]])

    @precondition(lambda self: self.bank.reports)
    @rule(pick=PICK)
    def bank_repeats_a_report(self, pick):
        """The very same bytes again change nothing, and raise no alarm a second time."""
        before = self.balance(), self.attempts, self.anomalies()
        self.hears(self.bank.reports[pick % len(self.bank.reports)])
        self.look()
        assert (self.balance(), self.attempts, self.anomalies()) == before

    @precondition(lambda self: self.bank.with_result(Result.PENDING, Result.PAID))
    @rule(pick=PICK)
    def a_return_is_told_before_the_payment(self, pick):
        """And the payment is made out anew before the old "paid" comes in."""
        known = self.bank.with_result(Result.PENDING, Result.PAID)
        reference = known[pick % len(known)]
        if self.bank.payments[reference].result is Result.PENDING:
            self.bank.happen(reference, Result.PAID)
        self.tell([self.bank.happen(reference, Result.RETURNED)])

    # ------------------------------------------------------------ paying again
    @precondition(lambda self: self.to_ask())
    @rule(pick=PICK)
    def asks_for_a_reissue(self, pick):
        again = self.to_ask()
        self.ask(again[pick % len(again)])

    @precondition(lambda self: self.having(self.asked, "asked"))
    @rule(pick=PICK)
    def countersigns(self, pick):
        waiting = self.having(self.asked, "asked")
        self.do(countersign, "approver", reference=self.named(waiting[pick % len(waiting)]))

    @precondition(lambda self: self.having(self.asked, "signed"))
    @rule(pick=PICK)
    def bundles(self, pick):
        ready = self.having(self.asked, "signed")
        self.bundle_sheet(ready[pick % len(ready)])

    @precondition(lambda self: self.to_ask())
    @rule(pick=PICK)
    def pays_again_at_once(self, pick):
        again = self.to_ask()
        self.pay_again(again[pick % len(again)])

    def pay_again(self, old):
        new = self.ask(old)
        self.do(countersign, "approver", reference=new.reference)
        self.bundle_sheet(f"{new.sheet_id}.{new.line}.{new.attempt}")
        if self.balance().missing == 0:
            self.deliver_all()

    @precondition(lambda self: self.open_again())
    @rule(pick=PICK, sure=st.integers(0, 3))
    def gives_up(self, pick, sure):
        back = self.open_again()
        if not sure:  # seldom, for most payments shall be repeated
            self.do(give_up, "approver", reference=back[pick % len(back)], reason="left")

    @precondition(lambda self: self.to_ask())
    @rule(pick=PICK)
    def pays_again_and_the_old_payment_is_told(self, pick):
        """What is hardest to get right, so it comes up often: a late word on an old attempt."""
        again = self.to_ask()
        old = again[pick % len(again)]
        self.pay_again(old)
        self.tell([at for at, one in enumerate(self.bank.events) if one.reference == old])

    def ask(self, reference):
        return self.do(
            reissue, "labour_officer", reference=reference, reason="again", banks=self.world.banks
        )

    def bundle_sheet(self, asked: str) -> None:
        sheet_id = int(asked.partition(".")[0])
        self.do(bundle, "releaser", sheet_id=sheet_id, banks=self.world.banks)

    def to_ask(self) -> list[str]:
        lines_asked = {asked.rpartition(".")[0] for asked in self.asked}
        return [one for one in self.open_again() if _line_of(one) not in lines_asked]

    def named(self, asked: str) -> str:
        return of_attempt(AttemptKey(*map(int, asked.split("."))))


def _line_of(reference: str) -> str:
    key = attempt_of(reference)
    return f"{key.sheet_id}.{key.line}"
