"""Every edge of a sheet's life, and every way a step says no."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from disburse import signing
from disburse.banks import AdapterMissing, load
from disburse.domain.access import Forbidden, OrganisationKind, Role
from disburse.domain.approval import ApprovalBroken, SamePerson
from disburse.domain.finding import Code
from disburse.domain.lifecycle.sheet import State, WrongState
from disburse.domain.orders import OrderRefused, Withdrawal, write_withdrawal
from disburse.domain.policy import Policy
from disburse.domain.sheet import Kind
from disburse.domain.signing_key import KeyExpired, KeyRevoked
from disburse.sheetfile import UnreadableSheet
from disburse.signing import BadSignature
from disburse.steps.bank.claim import claim
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.cancel import cancel
from disburse.steps.payroll.clear import clear
from disburse.steps.payroll.expire import expire
from disburse.steps.payroll.export import export
from disburse.steps.payroll.fund import ShortOfFunds, fund
from disburse.steps.payroll.receive import SheetRefused, WrongProject, note_refusal
from disburse.steps.payroll.reinstate import reinstate
from disburse.steps.payroll.reject import reject
from disburse.steps.payroll.review import LinesBlocked, NothingPayable, review
from disburse.steps.payroll.revoke import revoke
from disburse.steps.payroll.set_aside import set_aside
from disburse.steps.payroll.unfund import unfund
from disburse.steps.payroll.withdraw import withdraw
from disburse.storage import keys, ledger, lines, parties, sheets, tenancy
from disburse.storage.lines import LineFixed, NoSuchLine
from disburse.storage.parties import Delegation, NoSuchParty
from disburse.storage.sheets import DuplicateSheet, NoSuchSheet
from tests.builders import World, a_key
from tests.sheets import a_card, a_credit_code, a_line, a_sheet_json
from tests.sheets import lines as some_lines


def state(world, sheet_id):
    with world.begin() as tx:
        return sheets.take(tx, project_id=world.project_id, sheet_id=sheet_id).state


def rows_in(tx, table):
    return tx.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608  (the test's own names)


def held(world):
    with world.begin() as tx:
        account = {"project_id": world.project_id, "account_id": world.account_id}
        return ledger.balance_of(tx, **account).held


class TestReceive:
    def test_a_changed_byte_is_refused(self, world):
        content = a_sheet_json()
        signature = signing.sign(content, a_key("subcontractor"), now=world.now)
        with pytest.raises(BadSignature):
            world.receive(content.replace(b"139", b"138", 1), signature=signature)

    def test_a_key_nobody_registered_is_refused_in_the_same_words(self, world):
        content = a_sheet_json()
        stranger = signing.sign(content, a_key("stranger"), now=world.now)
        damaged = signing.sign(content + b" ", a_key("subcontractor"), now=world.now)
        said = set()
        for signature in (stranger, damaged):
            with pytest.raises(BadSignature) as refused:
                world.receive(content, signature=signature)
            said.add(str(refused.value))
        assert len(said) == 1

    def test_another_organisations_key_is_no_key_of_ours(self, world):
        with world.begin() as tx:
            world.register(tx, OrganisationKind.GENERAL_CONTRACTOR, "contractor")
        content = a_sheet_json()
        with pytest.raises(BadSignature):
            world.receive(
                content, signature=signing.sign(content, a_key("contractor"), now=world.now)
            )

    def test_the_time_of_receipt_decides_whether_a_key_is_good(self, world):
        with world.begin() as tx:
            old = world.register(
                tx, OrganisationKind.SUBCONTRACTOR, "old", valid_to=world.now + timedelta(hours=1)
            )
        content = a_sheet_json()
        signature = signing.sign(content, a_key("old"), now=world.now)
        world.now += timedelta(hours=2)
        with pytest.raises(KeyExpired):
            world.receive(content, signature=signature)
        with world.begin() as tx:
            keys.revoke(
                tx,
                kid=old.kid,
                organisation_id=old.organisation_id,
                compromised=True,
                at=world.now,
            )
        with pytest.raises(KeyRevoked):
            world.receive(content, signature=signature)

    @pytest.mark.parametrize(
        "header",
        [
            {"project": "OTHER-1"},
            {"general_contractor": a_credit_code(9)},
            {"currency": "EUR"},
        ],
        ids=lambda header: next(iter(header)),
    )
    def test_a_sheet_for_somebody_else_is_refused(self, world, header):
        with pytest.raises(WrongProject, match=next(iter(header))):
            world.receive(a_sheet_json(**header))

    def test_a_sheet_of_another_subcontractor_is_refused(self, world):
        with pytest.raises(WrongProject, match="subcontractor"):
            world.receive(a_sheet_json(subcontractor=a_credit_code(1)))

    @pytest.mark.parametrize("ended", [True, False])
    def test_without_a_current_delegation_it_is_refused(self, world, ended):
        with world.operating() as tx:
            day = world.now.date() + timedelta(days=-1 if ended else 1)
            start = day - timedelta(days=9) if ended else day
            parties.add_party(
                tx,
                project_id=world.project_id,
                organisation_id=world.organisations[OrganisationKind.SUBCONTRACTOR],
                capacity="subcontractor",
                delegation=Delegation(
                    digest="1" * 64, valid_from=start, valid_to=day if ended else None
                ),
            )
        with pytest.raises(WrongProject, match="delegation"):
            world.receive()

    def test_all_faults_of_all_lines_come_at_once(self, world):
        good = a_line(1)
        wrong_sum = replace(a_line(2), net=1)
        twice = replace(good, number=3)
        with pytest.raises(SheetRefused) as refused:
            world.receive(a_sheet_json(good, wrong_sum, twice, head_count=7))
        assert {found.code for found in refused.value.findings} >= {
            Code.ARITHMETIC,
            Code.SAME_WORKER_TWICE,
            Code.HEADER_COUNT,
        }

    def test_what_cannot_be_read_at_all_is_refused(self, world):
        with pytest.raises(UnreadableSheet):
            world.receive(b"\x00 not a sheet")

    def test_the_same_bytes_are_not_taken_twice(self, world):
        content = a_sheet_json()
        world.receive(content)
        with pytest.raises(DuplicateSheet):
            world.receive(content)

    def test_another_sheet_with_the_same_key_is_not_taken(self, world):
        world.receive(a_sheet_json(a_line(1)))
        with pytest.raises(DuplicateSheet):
            world.receive(a_sheet_json(replace(a_line(2), number=1)))

    def test_after_a_rejection_other_bytes_may_come_but_not_the_old_ones(self, world):
        content = a_sheet_json()
        got = world.receive(content)
        world.do(reject, "approver", sheet_id=got.sheet.id, reason="wrong month")
        with pytest.raises(DuplicateSheet):
            world.receive(content)
        assert world.receive(content + b"\n").sheet.state is State.RECEIVED

    def test_a_second_sheet_of_a_kind_names_the_first(self, world):
        first = world.receive(a_sheet_json(a_line(1)))
        second = replace(a_line(2), number=1)
        with pytest.raises(SheetRefused, match="SHA-256 of the sheet before"):
            world.receive(a_sheet_json(second, number=2, predecessor="0" * 64))
        got = world.receive(a_sheet_json(second, number=2, predecessor=first.sheet.digest))
        assert got.findings == []

    def test_a_worker_who_is_paid_the_same_again_is_blocked_until_cleared(self, world):
        first = world.receive(a_sheet_json(a_line(1)))
        again = world.receive(a_sheet_json(a_line(1), number=2, predecessor=first.sheet.digest))
        other = world.receive(a_sheet_json(a_line(1), kind=Kind.BACK_PAY))
        assert [found.code for found in again.findings] == [Code.REPEATS]
        assert Code.SAME_AMOUNT in {found.code for found in other.findings}

    def test_line_faults_block_their_line_only(self, world):
        bad_card = replace(a_line(1), account=a_card(1)[:-1] + str((int(a_card(1)[-1]) + 1) % 10))
        bad_name = replace(a_line(2), name="名|字")
        other_card = replace(a_line(3), account=a_card(99))
        stranger = replace(a_line(4), id_number=a_line(50).id_number)
        got = world.receive(a_sheet_json(bad_card, bad_name, other_card, stranger, a_line(5)))
        blocked = {(found.line, found.code) for found in got.findings}
        assert blocked >= {
            (1, Code.BAD_ACCOUNT),
            (2, Code.UNPAYABLE),
            (3, Code.ACCOUNT_DIFFERS),
            (4, Code.NOT_ON_ROSTER),
        }
        assert not any(line == 5 for line, _ in blocked)

    def test_a_line_with_nothing_to_pay_is_never_asked_of_the_bank(self, world):
        line = a_line(1)
        nothing = replace(
            line,
            deductions=(("advance", line.gross),),
            total_deductions=line.gross,
            net=0,
        )
        got = world.receive(a_sheet_json(nothing, a_line(2)))
        assert {found.code for found in got.findings} == {Code.ZERO_NET}

    def test_a_project_without_an_account_takes_no_sheet(self, world):
        with world.begin() as tx:
            tx.execute(text("UPDATE project SET account_id = NULL"))
        with pytest.raises(WrongProject, match="account"):
            world.receive()

    def test_a_refused_sheet_leaves_an_act_and_nothing_else(self, world):
        content = a_sheet_json()
        signature = signing.sign(content + b" ", a_key("subcontractor"), now=world.now)
        with pytest.raises(BadSignature) as refused:
            world.receive(content, signature=signature)
        world.do(note_refusal, "signer", content=content, refusal=refused.value)
        with pytest.raises(SheetRefused) as refused:
            world.receive(a_sheet_json(head_count=9))
        world.do(note_refusal, "signer", content=content, refusal=refused.value)
        with world.begin() as tx:
            facts = [row.facts for row in tx.execute(text("SELECT facts FROM act ORDER BY id"))]
            assert [(f["refused"], f["findings"]) for f in facts] == [
                ("bad-signature", 0),
                ("sheet-refused", 1),
            ]
            for table in ("sheet", "line", "entitlement", "kept_bytes", "blocker"):
                assert rows_in(tx, table) == 0, table


class TestLines:
    def test_a_blocked_line_stops_the_review_until_it_is_answered(self, world):
        got = world.receive(a_sheet_json(a_line(1), replace(a_line(2), account=a_card(99))))
        sheet = {"sheet_id": got.sheet.id}
        with pytest.raises(LinesBlocked) as refused:
            world.do(review, "labour_officer", **sheet)
        assert refused.value.facts["lines"] == [(2, Code.ACCOUNT_DIFFERS)]
        cleared = {"line": 2, "finding": "account-differs", "reason": "new card shown"}
        world.do(clear, "labour_officer", **sheet | cleared)
        assert world.do(review, "labour_officer", **sheet).state is State.REVIEWED

    def test_what_no_person_may_overrule_cannot_be_cleared(self, world):
        stranger = replace(a_line(2), id_number=a_line(60).id_number)
        got = world.receive(a_sheet_json(a_line(1), stranger))
        with pytest.raises(LineFixed, match="set the line aside"):
            world.do(
                clear, "labour_officer", sheet_id=got.sheet.id, line=2, finding="not-on-roster",
                reason="I know him",
            )  # fmt: skip

    def test_a_line_set_aside_comes_back(self, world):
        got = world.receive()
        line = {"sheet_id": got.sheet.id, "line": 1, "reason": "dispute"}
        world.do(set_aside, "labour_officer", **line)
        with pytest.raises(LineFixed, match="set aside already"):
            world.do(set_aside, "labour_officer", **line)
        world.do(reinstate, "labour_officer", **line)
        with pytest.raises(LineFixed, match="not set aside"):
            world.do(reinstate, "labour_officer", **line)
        with pytest.raises(NoSuchLine):
            world.do(set_aside, "labour_officer", **line | {"line": 99})
        with world.begin() as tx:
            assert lines.payable(tx, got.sheet).count == world.workers

    def test_nothing_left_to_pay_is_no_review(self, world):
        got = world.receive(a_sheet_json(a_line(1)))
        sheet = {"sheet_id": got.sheet.id}
        world.do(set_aside, "labour_officer", line=1, reason="dispute", **sheet)
        with pytest.raises(NothingPayable):
            world.do(review, "labour_officer", **sheet)

    def test_a_reviewed_sheet_keeps_a_line_to_pay(self, world):
        got = world.receive(a_sheet_json(a_line(1), a_line(2)))
        sheet = {"sheet_id": got.sheet.id, "reason": "dispute"}
        world.do(review, "labour_officer", sheet_id=got.sheet.id)
        world.do(set_aside, "labour_officer", line=1, **sheet)
        with pytest.raises(LineFixed, match="reject the sheet"):
            world.do(set_aside, "labour_officer", line=2, **sheet)


class TestMoney:
    def test_short_of_funds_says_everything_and_changes_nothing(self, world):
        got = world.receive()
        sheet = {"sheet_id": got.sheet.id}
        world.do(review, "labour_officer", **sheet)
        world.allocate(got.coverage.needed - 5)
        world.now += timedelta(days=30)
        with pytest.raises(ShortOfFunds) as refused:
            world.do(fund, "approver", **sheet)
        coverage = refused.value.facts["coverage"]
        assert (coverage.shortage, coverage.payer, coverage.days_late) == (5, "Owner", 25)
        assert not coverage.covered
        assert state(world, got.sheet.id) is State.REVIEWED
        assert held(world) == 0

    def test_fund_unfund_and_fund_again_each_move_money_once(self, world):
        sheet_id = world.funded()
        whole = held(world)
        world.do(unfund, "labour_officer", sheet_id=sheet_id, reason="wrong rate")
        assert held(world) == 0
        world.do(fund, None, sheet_id=sheet_id)
        assert held(world) == whole

    @pytest.mark.parametrize("at", ["received", "funded"])
    def test_reject_frees_money_and_entitlements(self, world, at):
        sheet_id = world.receive().sheet.id if at == "received" else world.funded()
        world.do(reject, "approver", sheet_id=sheet_id, reason="fraud")
        assert (state(world, sheet_id), held(world)) == (State.REJECTED, 0)
        with world.begin() as tx:
            assert tx.scalar(text("SELECT bool_and(void) FROM entitlement"))


class TestWithdraw:
    def order(self, world, sheet, **changed):
        content = write_withdrawal(Withdrawal(changed.get("digest", sheet.digest), "two months"))
        return {
            "sheet_id": sheet.id,
            "content": content,
            "signature": signing.sign(content, a_key("subcontractor"), now=world.now),
        }

    def test_its_subcontractor_takes_it_back_by_a_signed_order(self, world):
        got = world.receive()
        order = self.order(world, got.sheet)
        assert world.do(withdraw, "signer", **order).state is State.WITHDRAWN

    def test_an_order_about_another_sheet_is_refused(self, world):
        got = world.receive()
        with pytest.raises(OrderRefused):
            world.do(withdraw, "signer", **self.order(world, got.sheet, digest="0" * 64))

    def test_another_subcontractors_sheet_is_not_there(self, world):
        got = world.receive()
        with world.begin() as tx:
            tx.execute(
                text("UPDATE sheet SET employer_id = :o"),
                {"o": world.organisations[OrganisationKind.GENERAL_CONTRACTOR]},
            )
        order = self.order(world, got.sheet)
        with pytest.raises(NoSuchSheet):
            world.do(withdraw, "signer", **order)
        world.begin = world.loop  # the step itself says so, too, to whoever is shown every sheet
        with pytest.raises(NoSuchSheet, match="of yours"):
            world.do(withdraw, "signer", **order)


class TestApproval:
    def test_the_reviewer_does_not_approve_under_another_role(self, world):
        sheet_id = world.funded()
        reviewer = world.caller("labour_officer")
        also = replace(reviewer, grants=reviewer.grants | {(Role.APPROVER, None)})
        world.members["both"] = also
        with pytest.raises(SamePerson):
            world.do(approve, "both", sheet_id=sheet_id)

    def test_a_machine_does_not_approve(self, world):
        sheet_id = world.funded()
        world.members["machine"] = replace(world.caller("approver"), person_id=None)
        with pytest.raises(SamePerson, match="person has to sign in"):
            world.do(approve, "machine", sheet_id=sheet_id)

    def test_the_database_itself_refuses_the_reviewer(self, world):
        sheet_id = world.funded()
        with pytest.raises(Exception, match="approver_is_another_person"), world.begin() as tx:
            tx.execute(
                text("""
                    INSERT INTO approval SELECT project_id, id, round, reviewed_by, reviewed_by, '',
                        '', 'n', received_at, received_at FROM sheet WHERE id = :s
                """),
                {"s": sheet_id},
            )

    def test_a_large_sum_takes_two_people(self, begin):
        world = World(begin, policy=Policy(approvers=((0, 1), (1_000_000, 2))))
        sheet_id = world.funded()
        assert world.do(approve, "approver", sheet_id=sheet_id).state is State.FUNDED
        with pytest.raises(SamePerson):
            world.do(approve, "approver", sheet_id=sheet_id)
        assert world.do(approve, "second approver", sheet_id=sheet_id).state is State.APPROVED

    def test_approving_what_was_not_shown_is_refused(self, world):
        sheet_id = world.funded()
        with pytest.raises(ApprovalBroken):
            world.do(approve, "approver", sheet_id=sheet_id, root_seen="0" * 64)

    def test_revoking_leaves_the_money_held(self, world):
        sheet_id = world.funded()
        world.do(approve, "approver", sheet_id=sheet_id)
        whole = held(world)
        world.do(revoke, "approver", sheet_id=sheet_id, reason="second thoughts")
        assert (state(world, sheet_id), held(world)) == (State.FUNDED, whole)
        with pytest.raises(WrongState):
            world.do(export, "releaser", sheet_id=sheet_id, banks=world.banks)

    def test_an_approval_that_is_too_old_exports_nothing_and_expires(self, world):
        sheet_id = world.funded()
        world.do(approve, "approver", sheet_id=sheet_id)
        with pytest.raises(WrongState, match="no approval"):
            world.do(expire, None, sheet_id=sheet_id)
        world.now += timedelta(days=8)
        with pytest.raises(ApprovalBroken):
            world.do(export, "releaser", sheet_id=sheet_id, banks=world.banks)
        whole = held(world)
        assert world.do(expire, None, sheet_id=sheet_id).state is State.FUNDED
        assert held(world) == whole


class TestCompromisedKey:
    def test_a_sheet_that_a_copied_key_signed_goes_no_further(self, world):
        sheet_id = world.funded()
        self.compromise(world)
        with pytest.raises(KeyRevoked, match="reject it"):
            world.do(approve, "approver", sheet_id=sheet_id)
        assert world.do(reject, "approver", sheet_id=sheet_id, reason="stolen key").version

    def test_not_even_when_its_file_is_written(self, world):
        _, [file] = world.exported()
        self.compromise(world)
        shown = {"sha256": file.sha256, "count": file.count, "total": file.total}
        with pytest.raises(KeyRevoked):
            world.do(claim, "releaser", file_id=file.id, **shown)

    def compromise(self, world):
        with world.begin() as tx:
            keys.revoke(
                tx,
                kid=a_key("subcontractor").kid,
                organisation_id=world.organisations[OrganisationKind.SUBCONTRACTOR],
                compromised=True,
                at=world.now,
            )


class TestExport:
    def test_a_long_sheet_becomes_several_files(self, begin):
        world = World(begin)
        few = {name: FewPerFile(bank, 3) for name, bank in world.banks.items()}
        world.banks = few
        sheet_id, files = world.exported()
        assert [file.count for file in files] == [3, 3, 2]
        assert [file.sequence for file in files] == [1, 2, 3]
        assert state(world, sheet_id) is State.EXPORTED

    def test_iso_20022_pays_the_same_sheet(self, begin):
        world = World(begin, adapter="iso20022")
        given = [replace(line, bank_code="") for line in some_lines(8)]
        _, [file] = world.exported(a_sheet_json(*given))
        assert (file.adapter, file.count) == ("iso20022", 8)

    def test_a_bank_whose_adapter_was_disabled_meanwhile_is_named(self, world):
        sheet_id = world.funded()
        world.do(approve, "approver", sheet_id=sheet_id)
        with pytest.raises(AdapterMissing, match="DISBURSE_ADAPTERS"):
            world.do(export, "releaser", sheet_id=sheet_id, banks=load(["iso20022"]))

    def test_a_payment_changed_behind_the_approvers_back_is_not_exported(self, world):
        sheet_id = world.funded()
        world.do(approve, "approver", sheet_id=sheet_id)
        with world.begin() as tx:
            tx.execute(text("UPDATE sheet SET salt = 'other'"))
        with pytest.raises(ApprovalBroken):
            world.do(export, "releaser", sheet_id=sheet_id, banks=world.banks)

    def test_cancel_voids_every_file_and_a_new_export_has_new_references(self, world):
        sheet_id, [file] = world.exported()
        world.do(cancel, "releaser", sheet_id=sheet_id, reason="wrong day")
        assert state(world, sheet_id) is State.APPROVED
        _, [again] = world.do(export, "releaser", sheet_id=sheet_id, banks=world.banks)
        assert again.sha256 != file.sha256
        with world.begin() as tx:
            rows = tx.execute(text("SELECT attempt, state FROM attempt WHERE line = 1 ORDER BY 1"))
            assert [tuple(row) for row in rows] == [(1, "void"), (2, "prepared")]

    def test_a_claimed_file_cannot_be_cancelled(self, world):
        sheet_id, [file] = world.exported()
        shown = {"sha256": file.sha256, "count": file.count, "total": file.total}
        world.do(claim, "releaser", file_id=file.id, **shown)
        with pytest.raises(WrongState):
            world.do(cancel, "releaser", sheet_id=sheet_id, reason="too late")


class TestDoor:
    def test_a_role_that_does_not_suffice_is_told_which_do(self, world):
        with pytest.raises(Forbidden, match="labour_officer"):
            world.do(review, "approver", sheet_id=1)

    def test_a_project_of_others_does_not_exist(self, world):
        with pytest.raises(NoSuchParty), world.begin() as tx:
            review(
                tx, caller=world.caller("labour_officer"), project_id=77, sheet_id=1, now=world.now
            )

    def test_only_what_the_clock_does_goes_without_a_caller(self, world):
        with pytest.raises(Forbidden):
            world.do(review, None, sheet_id=1)

    def test_a_sheet_that_is_not_there(self, world):
        with pytest.raises(NoSuchSheet):
            world.do(review, "labour_officer", sheet_id=99)

    def test_authorities_see_their_region_and_sector(self, world):
        names = ("inspector@labour_authority", "inspector@sector_authority")

        def seen():
            for name in names:
                with tenancy.bound(world.unbound, world.caller(name))() as tx:
                    yield parties.projects_of(tx, world.caller(name))

        assert list(seen()) == [[world.project_id], [world.project_id]]
        with world.operating() as tx:
            tx.execute(text("UPDATE project SET sector = 'water'"))
        assert list(seen()) == [[world.project_id], []]
        with world.operating() as tx:
            tx.execute(text("UPDATE project SET region = '110000'"))
        assert list(seen()) == [[], []]


class FewPerFile:
    """A bank's adapter, as a bank would offer it that takes fewer payments in one file."""

    def __init__(self, adapter, most):
        self._adapter = adapter
        self.capabilities = replace(adapter.capabilities, payments_max=most)

    def __getattr__(self, name):
        return getattr(self._adapter, name)
