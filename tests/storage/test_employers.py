"""Two subcontractors of one project: the database keeps them apart, whatever a query forgets."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from disburse import signing
from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.access import ROLES, OrganisationKind, Role
from disburse.domain.finding import Code
from disburse.domain.orders import Withdrawal, write_withdrawal
from disburse.domain.sheet import Kind
from disburse.steps.bank.reissue import reissue
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.export import export
from disburse.steps.payroll.fund import fund
from disburse.steps.payroll.review import review
from disburse.steps.payroll.set_aside import set_aside
from disburse.steps.payroll.withdraw import withdraw
from disburse.storage import kept_bytes, parties, tenancy, workers
from disburse.storage.parties import Delegation
from disburse.storage.sheets import NoSuchSheet
from tests.builders import JSON, a_key
from tests.sheets import a_credit_code, a_line, a_sheet_json, lines
from tests.storage.test_tenancy import tables, with_project

SUBCONTRACTOR = OrganisationKind.SUBCONTRACTOR

# Every table with a project in it is in one of these; whoever makes another one has to choose.
BY_EMPLOYER = {"worker", "sheet", "entitlement", "kept_bytes"}
BY_SHEET = {
    "line", "blocker", "attempt", "approval", "approval_person", "reissue", "bank_file", "inbox",
    "act", "event",
}  # fmt: skip
NOT_FOR_THEM = {
    "transfer", "declaration", "statement_entry", "report", "anomaly", "open_item", "explanation",
    "transmission", "proposal", "legal_hold",
}  # fmt: skip
SHARED = {
    "access": "the own rows only: which projects the own organisation sees",
    "party": "who takes part in the project",
    "grant_of_role": "who may do what there; known by whoever knows the organisation",
    "balance": "the heads of the project's account; nobody's wages",
    "lease": "that a file waits to be sent, by its number",
    "resumption": "that two people compared the bank's list of files",
    "lending": "which member lent which role until when",
    "root_key": "a wrapped key of the whole project",
    "record_key": "wrapped keys: a person has one on a project, whoever employs the person",
}

# What the flow below leaves no row in.
FILLED_BY_HAND = """
    INSERT INTO declaration (project_id, account_id, amount, voucher_digest, expected_on, state,
                             declared_by, at)
    SELECT :p, :a, 1, repeat('0', 64), now(), 'declared', :person, now();
    INSERT INTO explanation (project_id, account_id, kind, item_id, amount, reason, state,
                             explained_by, explained_at)
    SELECT :p, :a, 'allocation', min(id), 1, 'said', 'proposed', :person, now() FROM open_item;
    INSERT INTO anomaly (project_id, code, red, reference, detail, at)
    SELECT :p, 'x', true, 'of somebody', 'detail', now();
    INSERT INTO incarnation (number, system_identifier, timeline_id, dispatched, reason, seen_at)
    SELECT 1, 'x', 1, 0, 'first', now() ON CONFLICT DO NOTHING;
    INSERT INTO transmission (project_id, file_id, number, connection_id, holder, incarnation,
                              system_identifier, timeline_id, count, began_at)
    SELECT f.project_id, f.id, 1, f.connection_id, 'x', 1, 'x', 1, f.id, now() FROM bank_file f;
    INSERT INTO proposal (project_id, act, subject, version, facts, asked_by, asked_at)
    SELECT :p, 'never', 'file:1', 1, '{}', :person, now();
    INSERT INTO legal_hold (project_id, reason, placed_by, placed_at)
    SELECT :p, 'a case', :person, now();
"""


def signed_by(world, name, content):
    return {"content": content, "signature": signing.sign(content, a_key(name), now=world.now)}


def join(world):
    """Let another subcontractor take part, with eight workers of its own; its caller."""
    kind, project = SUBCONTRACTOR, world.project_id
    values = {"kind": kind, "registration": a_credit_code(92), "name": "The neighbour",
              "region": "", "sector": ""}  # fmt: skip
    first = world.organisations[kind]
    with world.operating() as tx:
        world.organisations[kind] = parties.add_organisation(tx, values)
        caller = world.add_member(tx, kind, *sorted(ROLES[kind]), "neighbour")
        world.register(tx, kind, "neighbour")
        order = Delegation(digest="0" * 64, valid_from=world.now.date(), valid_to=None)
        parties.add_party(tx, project_id=project, organisation_id=caller.organisation_id,
                          capacity="subcontractor", delegation=order)  # fmt: skip
        world.enrol(tx, their_lines()[:-1])
    world.organisations[kind] = first
    return caller


def their_lines():
    return [replace(a_line(place), number=place - 20) for place in range(21, 30)]


def their_sheet(*given, **header):
    return a_sheet_json(*given, subcontractor=a_credit_code(92), **header)


def pay(world, who, key, content, stranger_on):
    """Bring a sheet to the bank and its answer back: one line blocked, one returned and asked."""
    got = world.receive(caller=world.caller(who), **signed_by(world, key, content))
    sheet = {"sheet_id": got.sheet.id}
    world.do(set_aside, "labour_officer", **sheet, line=stranger_on, reason="not on the roster")
    world.allocate(got.coverage.needed)
    pay_out(world, got.sheet.id)
    return got.sheet.id


def pay_out(world, sheet_id):
    world.do(review, "labour_officer", sheet_id=sheet_id)
    world.do(fund, None, sheet_id=sheet_id)
    world.do(approve, "approver", sheet_id=sheet_id)
    _, [file] = world.do(export, "releaser", sheet_id=sheet_id, banks=world.banks)
    order = read_order(world.give(file))
    first, *others = [credit.reference for credit in order.credits]
    words = {first: Word("returned", "AC01")} | {other: Word() for other in others}
    world.ingest(write_answer(order, words, on=world.now.date()))
    world.do(reissue, "labour_officer", reference=first, reason="again", banks=world.banks)


@pytest.fixture
def neighbour(world):
    return join(world)


@pytest.fixture
def both(world, neighbour):
    """Two subcontractors, each with rows in every table; the sheets' numbers by their senders."""
    own = [*lines(8), a_line(9)]
    sheets = {
        "signer": pay(world, "signer", "subcontractor", a_sheet_json(*own), 9),
        "neighbour": pay(world, "neighbour", "neighbour", their_sheet(*their_lines()), 9),
    }
    world.book((7, "", "somebody"))
    values = {"p": world.project_id, "a": world.account_id, "person": neighbour.person_id}
    with world.owning() as tx:
        for statement in FILLED_BY_HAND.split(";\n")[:-1]:
            tx.execute(text(statement), values)
    return sheets


def seen_by(world, who):
    return tenancy.bound(world.unbound, world.caller(who))


def employer(world, who):
    return world.caller(who).organisation_id


def whose(tx, name, column):
    return set(tx.scalars(text(f"SELECT {column} FROM {name}")))


def marks(world, sheets, name):
    """Return the column by which a table's rows are somebody's, and its value of both senders."""
    if name in BY_SHEET:
        return "sheet_id", sheets["signer"], sheets["neighbour"]
    return "employer_id", employer(world, "signer"), employer(world, "neighbour")


def right(tx, name, privilege):
    query = text("SELECT has_any_column_privilege(:t, :p) AND has_table_privilege(:t, :p)")
    return tx.scalar(query, {"t": name, "p": privilege})


def a_row(world, name, condition="true"):
    with world.everything() as tx:
        return tx.scalar(text(f"SELECT to_jsonb(t) FROM {name} t WHERE {condition} LIMIT 1"))


def insert(tx, name, row):
    values = f"(jsonb_populate_record(NULL::public.{name}, CAST(:row AS jsonb))).*"
    statement = f"INSERT INTO {name} OVERRIDING SYSTEM VALUE SELECT {values}"
    tx.execute(text(statement), {"row": json.dumps(row)})


def test_every_table_of_projects_is_confined_or_says_why_not(loop):
    with loop() as tx:
        assert set(with_project(tx)) == BY_EMPLOYER | BY_SHEET | NOT_FOR_THEM | set(SHARED)
        assert not any(tables(tx)[name].part for name in SHARED)
    assert all(len(reason) > 20 for reason in SHARED.values())


class TestEachOfTwo:
    def test_sees_the_own_rows_only_by_any_statement(self, world, both):
        for who in ("signer", "neighbour"):
            for name in sorted(BY_EMPLOYER | BY_SHEET):
                column, one, other = marks(world, both, name)
                own = one if who == "signer" else other
                with world.everything() as tx:
                    assert {one, other} <= whose(tx, name, column), name
                with seen_by(world, who)() as tx:
                    assert whose(tx, name, column) == {own}, (who, name)

    def test_sees_nothing_of_what_is_said_of_both_at_once(self, world, both):
        for name in sorted(NOT_FOR_THEM):
            with world.everything() as tx:
                everything = tx.scalar(text(f"SELECT count(*) FROM {name}"))
                assert everything > 0, name
            with seen_by(world, "neighbour")() as tx:
                assert tx.scalar(text(f"SELECT count(*) FROM {name}")) == 0, name
            with seen_by(world, "labour_officer")() as tx:
                assert tx.scalar(text(f"SELECT count(*) FROM {name}")) == everything, name

    def test_changes_no_row_of_the_other(self, world, both):
        tried = 0
        for name in sorted(BY_EMPLOYER | BY_SHEET):
            column, one, other = marks(world, both, name)
            with seen_by(world, "neighbour")() as tx:
                if not right(tx, name, "UPDATE"):
                    continue
                same = f"UPDATE {name} SET {column} = {column} WHERE {column} = :whose"
                assert tx.execute(text(same), {"whose": one}).rowcount == 0, name
                assert tx.execute(text(same), {"whose": other}).rowcount > 0, name
            given = f"UPDATE {name} SET {column} = :other WHERE {column} = :own"
            with (
                pytest.raises(ProgrammingError, match="row-level security"),
                seen_by(world, "neighbour")() as tx,
            ):
                tx.execute(text(given), {"own": other, "other": one})
            tried += 1
        assert tried >= 6

    def test_adds_no_row_that_would_be_the_others(self, world, both):
        tried = 0
        for name in sorted(BY_EMPLOYER | BY_SHEET):
            column, one, other = marks(world, both, name)
            row = a_row(world, name, f"{column} = {other}")
            with seen_by(world, "neighbour")() as tx:
                if not right(tx, name, "INSERT"):
                    continue
            # The own row once more is no matter of row-level security: it is there already.
            with pytest.raises(IntegrityError), seen_by(world, "neighbour")() as tx:
                insert(tx, name, row)
            with (
                pytest.raises(ProgrammingError, match="row-level security"),
                seen_by(world, "neighbour")() as tx,
            ):
                insert(tx, name, row | {column: one})
            tried += 1
        assert tried >= 12

    def test_adds_and_changes_nothing_of_what_is_said_of_both(self, world, both):
        for name in sorted(NOT_FOR_THEM):
            row = a_row(world, name)
            with seen_by(world, "neighbour")() as tx:
                if right(tx, name, "UPDATE"):
                    same = text(f"UPDATE {name} SET project_id = project_id")
                    assert tx.execute(same).rowcount == 0, name
            with (
                pytest.raises(ProgrammingError, match="row-level security"),
                seen_by(world, "neighbour")() as tx,
            ):
                insert(tx, name, row)

    def test_notes_no_act_in_the_name_of_somebody_else(self, world, both):
        row = a_row(world, "act", "subject = 'project'") or a_row(world, "act")
        mine = world.caller("neighbour").member_id
        for member, refused in ((mine, False), (world.caller("signer").member_id, True)):
            said = row | {"id": 10_000 + member, "sheet_id": None, "member_id": member}
            said |= {"for_member_id": None, "for_person_id": None}
            said |= {"project_id": world.project_id}
            if refused:
                with (
                    pytest.raises(ProgrammingError, match="row-level security"),
                    seen_by(world, "neighbour")() as tx,
                ):
                    insert(tx, "act", said)
            else:
                with seen_by(world, "neighbour")() as tx:
                    insert(tx, "act", said)

    def test_lets_go_of_the_money_of_own_sheets_only(self, world, both):
        post = text("""
            INSERT INTO transfer (project_id, kind, reference, account_id, amount, at)
            VALUES (:p, :kind, :reference, :a, 1, now())
        """)
        values = {"p": world.project_id, "a": world.account_id}
        own = {"kind": "release", "reference": f"sheet:{both['neighbour']}.77"}
        with seen_by(world, "neighbour")() as tx:
            tx.execute(post, values | own)
        for wrong in (
            {"kind": "release", "reference": f"sheet:{both['signer']}.77"},
            {"kind": "hold", "reference": own["reference"]},
            {"kind": "release", "reference": "of something else"},
        ):
            with (
                pytest.raises(ProgrammingError, match="row-level security"),
                seen_by(world, "neighbour")() as tx,
            ):
                tx.execute(post, values | wrong)

    def test_that_has_left_the_project_sees_nothing_of_it_any_more(self, world, both):
        with world.owning() as tx:
            tx.execute(text("DELETE FROM party WHERE organisation_id = :o"),
                       {"o": employer(world, "neighbour")})  # fmt: skip
        with seen_by(world, "neighbour")() as tx:
            for name in sorted(BY_EMPLOYER | BY_SHEET):
                assert whose(tx, name, marks(world, both, name)[0]) == set(), name
        with seen_by(world, "signer")() as tx:
            assert tx.scalar(text("SELECT count(*) FROM sheet")) == 1


class TestEverybodyElse:
    @pytest.mark.parametrize(
        "who",
        [Role.LABOUR_OFFICER, Role.APPROVER, Role.RELEASER, Role.FUNDER, Role.BANK_OPERATOR,
         "inspector@labour_authority", "supervisor@sector_authority"],
    )  # fmt: skip
    def test_sees_the_project_as_a_whole(self, world, both, who):
        with world.everything() as all_, seen_by(world, who)() as tx:
            for name in sorted(BY_EMPLOYER | BY_SHEET):
                column, one, other = marks(world, both, name)
                assert {one, other} <= whose(tx, name, column), name
                count = text(f"SELECT count(*) FROM {name} WHERE project_id > 0")
                assert tx.scalar(count) == all_.scalar(count), name

    def test_does_so_by_a_word_of_its_own_that_follows_what_an_organisation_is(
        self, world, neighbour
    ):
        whole = text("SELECT whole FROM access WHERE organisation_id = :o")
        here = {"o": neighbour.organisation_id}
        with world.everything() as tx:
            assert tx.scalars(whole, here).all() == [False]
            assert tx.scalars(whole, {"o": employer(world, "approver")}).all() == [True]
        for kind, expected in (("owner", True), ("subcontractor", False)):
            with world.owning() as tx:
                tx.execute(text(f"UPDATE organisation SET kind = '{kind}' WHERE id = :o"), here)
                assert tx.scalars(whole, here).all() == [expected]


class TestWhatIsAskedAcrossEmployers:
    def test_a_worker_whom_both_would_pay_is_told_and_nothing_else(self, world, neighbour):
        world.receive()
        [theirs] = [replace(a_line(1), number=1)]
        got = world.receive(caller=neighbour, **signed_by(world, "neighbour", their_sheet(theirs)))
        found = {finding.code: finding.facts for finding in got.findings}
        assert found[Code.REPEATS] == {"number": 1, "kind": "regular"}
        more = their_sheet(theirs, kind=Kind.SUPPLEMENT)
        again = world.receive(caller=neighbour, **signed_by(world, "neighbour", more))
        same = [one.facts for one in again.findings if one.code is Code.SAME_AMOUNT]
        assert same == [{"number": 1, "kind": "regular"}] * 2  # the other's, and the own

    def test_nobody_who_is_not_of_the_project_is_answered(self, world, neighbour):
        world.receive()
        elsewhere = replace(neighbour, organisation_id=10_000)
        with world.everything() as tx:
            owed = tx.execute(text("SELECT person_id, owed, period FROM entitlement LIMIT 1")).one()
        claims = [workers.Claim(owed.person_id, owed.owed, b"")]
        asked = {"project_id": world.project_id, "period": owed.period, "kind": "regular"}
        for caller, answers in ((neighbour, 1), (elsewhere, 0)):
            with tenancy.bound(world.unbound, caller)() as tx:
                assert len(workers.owed_already(tx, **asked, claims=claims)) == answers


class TestSteps:
    def test_the_other_one_takes_no_sheet_back_and_the_sender_does(self, world, neighbour):
        content = their_sheet(*their_lines()[:-1])
        sheet_id = self.funded(world, neighbour, content)
        with world.everything() as tx:
            digest = tx.scalar(text("SELECT digest FROM sheet"))
            held = tx.scalar(text("SELECT held FROM balance WHERE project_id > 0"))
        assert held > 0
        order = write_withdrawal(Withdrawal(digest, "a mistake"))
        with pytest.raises(NoSuchSheet):
            world.do(withdraw, "signer", sheet_id=sheet_id,
                     **signed_by(world, "subcontractor", order))  # fmt: skip
        world.do(withdraw, "neighbour", sheet_id=sheet_id, **signed_by(world, "neighbour", order))
        with world.everything() as tx:
            assert tx.scalar(text("SELECT held FROM balance WHERE project_id > 0")) == 0
            assert whose(tx, "kept_bytes", "employer_id") == {neighbour.organisation_id}

    def funded(self, world, neighbour, content):
        got = world.receive(caller=neighbour, **signed_by(world, "neighbour", content))
        world.allocate(got.coverage.needed)
        world.do(review, "labour_officer", sheet_id=got.sheet.id)
        world.do(fund, None, sheet_id=got.sheet.id)
        return got.sheet.id

    def test_an_order_for_another_account_is_its_senders_own(self, world, neighbour):
        with world.begin() as tx:
            number = kept_bytes.keep(
                tx, project_id=world.project_id, media_type=JSON, content=b"an order",
                at=world.now + timedelta(days=1), employer_id=neighbour.organisation_id,
            )  # fmt: skip
        counted = text("SELECT count(*) FROM kept_bytes WHERE id = :i")
        for who, seen in (("neighbour", 1), ("signer", 0), ("labour_officer", 1)):
            with seen_by(world, who)() as tx:
                assert tx.scalar(counted, {"i": number}) == seen, who
