"""Which two steps must be two people's, and that no kind of credential gets around it.

Persons are compared, never accounts: in each row one human being does the first step, and then
tries the second by further accounts of theirs, of another organisation where roles ask for it, by
every kind of credential, for somebody who may, and by somebody who stands in for them.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from disburse.adapter import Result
from disburse.domain.access import OrganisationKind, Role, StandsFor
from disburse.domain.open_item import Explained
from disburse.domain.policy import Policy
from disburse.steps.bank.correct import correct
from disburse.steps.bank.keep_document import keep_document
from disburse.steps.bank.never import never
from disburse.steps.bank.reissue import reissue
from disburse.steps.bank.resume import resume
from disburse.steps.bank.retransmit import retransmit
from disburse.steps.bank.transcribe import transcribe
from disburse.steps.money.declare import declare
from disburse.steps.money.endorse import endorse
from disburse.steps.money.explain import explain
from disburse.steps.money.retract import retract
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.clear import clear
from disburse.steps.payroll.fund import fund
from disburse.steps.payroll.review import review
from disburse.steps.people.lend import lend
from disburse.steps.people.recover import recover
from disburse.steps.privacy.hold import hold
from disburse.steps.privacy.lift_hold import lift_hold
from disburse.transports.directory import Directory
from tests.builders import World, a_card, a_request_key
from tests.courier.carrying import Carrying
from tests.courier.test_unknown import Deduplicating
from tests.http.site import Site
from tests.http.test_invitations import Newcomer
from tests.http.test_signed import Asked
from tests.people import Person, problem
from tests.sheets import a_line, a_sheet_json
from tests.steps.test_bank import Story

Kinds = OrganisationKind
GC = Kinds.GENERAL_CONTRACTOR
HEAD = "people_administrator@general_contractor"

# first step, by whom      second step, as what      who else may do it
PAIRS = {
    "receive, then review": ("signer", Role.LABOUR_OFFICER, "labour_officer"),
    "receive, then approve": ("signer", Role.APPROVER, "approver"),
    "clear, then approve": ("labour_officer", Role.APPROVER, "approver"),
    "review, then approve": ("labour_officer", Role.APPROVER, "approver"),
    "approve, then approve as the second": ("approver", Role.APPROVER, "second approver"),
    "approve, then claim where that is kept apart": ("approver", Role.RELEASER, "releaser"),
    "declare, then vouch": ("funder", Role.APPROVER, "approver"),
    "reissue, then countersign": ("labour_officer", Role.APPROVER, "approver"),
    "explain, then endorse": ("labour_officer", Role.APPROVER, "approver"),
    "retract, both words": ("releaser", Role.APPROVER, "second approver"),
    "transcribe, both words": ("releaser", Role.APPROVER, "approver"),
    "retransmit, both words": ("releaser", Role.APPROVER, "approver"),
    "never, both words": ("releaser", Role.APPROVER, "approver"),
    "correct, both words": ("releaser", Role.APPROVER, "approver"),
    "resume, both words": ("releaser", Role.APPROVER, "approver"),
    "ask to lift a hold, then lift it": ("labour_officer", Role.LABOUR_OFFICER, "second officer"),
    "recover, then confirm it": (HEAD, Role.RELEASER, "releaser"),
}
WHY = {"reason": "the bank's line broke"}
DIGEST = "ab" * 32
POLICIES = {
    "approve, then approve as the second": Policy(approvers=((0, 2),)),
    "approve, then claim where that is kept apart": Policy(release_apart=True),
}


def received(world, content=None):
    got = world.receive(content)
    world.allocate(got.coverage.needed)
    return {"sheet_id": got.sheet.id}


def asking_to_approve(world, *, cleared=False):
    """Bring a sheet so far that it waits for approval; return what is asked, and with what."""
    content = a_sheet_json(a_line(1, account=a_card(55)), a_line(2)) if cleared else None
    sheet = received(world, content)
    other = world.add_officer() if cleared else "labour_officer"
    if cleared:
        found = {"line": 1, "finding": "account-differs", "reason": "the new card was shown"}
        world.do(clear, "labour_officer", **sheet | found)
    world.do(review, other, **sheet)
    world.do(fund, None, **sheet)
    return f"sheets/{sheet['sheet_id']}/approve", "root"


class TwoOfficers(World):
    """A world with a second labour officer, who reviews what the first one cleared."""

    def add_officer(self):
        with self.operating() as tx:
            self.add_member(tx, GC, Role.LABOUR_OFFICER, "second officer")
        return "second officer"


def prepared(world, pair, bank=None):
    """Do everything up to the second step; return its path and what is to be said.

    `bank` breaks the line to a bank and returns the file that was lost, see `Line`.
    """
    match pair:
        case "receive, then review":
            return f"sheets/{received(world)['sheet_id']}/review", None
        case "receive, then approve" | "review, then approve" | "clear, then approve":
            return asking_to_approve(world, cleared="clear" in pair)
        case "approve, then approve as the second" | "approve, then claim where that is kept apart":
            return approved(world, pair)
        case "retransmit, both words" | "never, both words" | "resume, both words":
            return unsure(world, pair, bank)
        case "recover, then confirm it" | "ask to lift a hold, then lift it":
            return said_of_people(world, pair)
    return said_of_money(world, pair)


def approved(world, pair):
    """Approve a sheet; it waits for another approver, or its file for a releaser."""
    if pair == "approve, then approve as the second":
        path, said = asking_to_approve(world)
        world.do(approve, "approver", sheet_id=int(path.split("/")[1]))
        return path, said
    [file] = world.exported()[1]
    total = f"{file.total // 100}.{file.total % 100:02}"
    return f"files/{file.id}/claim", {"sha256": file.sha256, "count": file.count, "total": total}


def said_of_people(world, pair):
    """Ask for a recovery, or for the end of a hold."""
    if pair == "recover, then confirm it":
        lost = "approver@general_contractor"
        with world.begin() as tx:
            recover(tx, caller=world.caller(HEAD), login=lost, now=world.now, **WHY)
        return f"/v1/members/{lost}/confirm_recovery", None
    world.add_officer()
    number = world.do(hold, "labour_officer", **WHY)
    world.do(lift_hold, "labour_officer", hold_id=number, **WHY)
    return f"holds/{number}/lift", WHY


def said_of_money(world, pair):
    """Do the first step of those about money that came or was paid."""
    if pair == "declare, then vouch":
        facts = {"amount": 100, "voucher_digest": DIGEST, "expected_on": world.now.date()}
        return f"declarations/{world.do(declare, 'funder', **facts)}/vouch", None
    if pair in {"explain, then endorse", "retract, both words"}:
        world.book((700, "", "somebody"))
        with world.everything() as tx:
            item = tx.scalar(text("SELECT id FROM open_item"))
        given = {"kind": Explained.ALLOCATION, "amount": 700, "item_id": item}
        number = world.do(explain, "labour_officer", **given, **WHY)
        if pair == "explain, then endorse":
            return f"explanations/{number}/endorse", None
        world.do(endorse, "approver", explanation_id=number)
        world.do(retract, "releaser", explanation_id=number, **WHY)
        return f"explanations/{number}/retract", WHY
    return said_of_payments(world, pair)


def said_of_payments(world, pair):
    """Do the first step of those about what became of a payment."""
    story = Story(world)
    if pair == "transcribe, both words":
        document = world.do(keep_document, "releaser", content=b"the bank's letter")
        day = world.now.date()
        told = {"document_sha256": document, "outcomes": {}, "others": Result.PAID}
        world.do(transcribe, "releaser", file_id=story.file.id, happened_on=day, **told)
        told |= {"others": "paid", "happened_on": day.isoformat()}
        return f"files/{story.file.id}/transcribe", told
    if pair == "correct, both words":
        story.tell(story.says(Result.REJECTED))
        story.tell(story.says(Result.PAID))
        world.do(correct, "releaser", reference=story.references[0], **WHY)
        return f"payments/{story.references[0]}/correct", WHY
    story.tell(story.says(Result.PAID))
    story.tell(story.says(Result.RETURNED))
    asked = world.do(
        reissue, "labour_officer", reference=story.references[0], reason="closed",
        banks=world.banks,
    )  # fmt: skip
    return f"payments/{asked.reference}/countersign", None


def unsure(world, pair, bank):
    """Lose a file, or pause the sending; one person says what is to be done about it."""
    if pair == "resume, both words":
        bank.restore()
        world.do(resume, "releaser", list_sha256=DIGEST)
        return "resume", {"list_sha256": DIGEST}
    file = bank.lose()
    if pair == "never, both words":
        document = world.do(keep_document, "releaser", content=b"the bank's letter")
        body = {"document_sha256": document} | WHY
        world.do(never, "releaser", file_id=file.id, **body)
        return f"files/{file.id}/never", body
    world.banks = {name: Deduplicating(one) for name, one in world.banks.items()}
    world.do(retransmit, "releaser", file_id=file.id, banks=world.banks, **WHY)
    return f"files/{file.id}/retransmit", WHY


class Line:
    """The line to the bank, which breaks; or the database behind it is an older one."""

    def __init__(self, world, folder, monkeypatch):
        self.carrying, self.monkeypatch = Carrying(world, folder), monkeypatch
        self.carrying.connect()

    def lose(self):
        file = self.carrying.released()
        with self.monkeypatch.context() as broken:
            broken.setattr(Directory, "submit", lambda *_: (_ for _ in ()).throw(TimeoutError))
            assert self.carrying.carry().unknown == 1
        return file

    def restore(self):
        self.carrying.released()
        self.carrying.carry()
        with self.carrying.world.loop() as tx:
            tx.execute(text("UPDATE incarnation SET dispatched = 0"))
        self.carrying.carry()


def twin(world, of, *roles, name="twin"):
    """Give the human being behind an account another one, confirmed like every other."""
    with world.operating() as tx:
        caller = world.add_member(tx, GC, *roles, name)
        person = {"p": world.caller(of).person_id, "m": caller.member_id}
        tx.execute(text("UPDATE member SET person_id = :p WHERE id = :m"), person)
    with world.owning() as tx:
        tx.execute(text("UPDATE grant_of_role SET holder = :p WHERE member_id = :m"), person)
    caller = replace(caller, person_id=person["p"])
    world.members |= {name: caller, f"{name}@{GC}": caller}


def lent(world, lender, delegate, role):
    """Let somebody lend a role to a colleague, for today; return how requests name the lender."""
    last = world.now.date()
    world.do(lend, lender, login=f"{delegate}@{GC}", role=role, ends_on=last)
    return {"Disburse-For": f"{lender}@{GC}".replace(" ", "_")}


def ways_in(world, first, role, other):
    """Return by which accounts the first person tries, and for whom; each by its own credential.

    In the last two the person stands in for whoever may do it, and somebody else for the person.
    """
    twin(world, first, role)
    twin(world, first, role, name="newcomer")
    twin(world, first, name="delegate")
    with world.operating() as tx:
        world.add_member(tx, GC, "stranger")
    return {
        "token": ("twin", {}),
        "page": ("twin", {}),
        "signed request": ("twin", {}),
        "invitation": ("newcomer", {}),
        "for whoever may": ("delegate", lent(world, other, "delegate", role)),
        "by a delegate": ("stranger", lent(world, "twin", "stranger", role)),
    }


def ask(site, credential, way, path, body):
    """Ask for the second step by one kind of credential."""
    who, headers = way
    whole = path if path.startswith("/") else f"{site.project}/{path}"
    if credential == "page":
        return Person(site, who).sign_in().post(whole, body)
    if credential == "invitation":
        code = Person(site, HEAD).sign_in().post(f"/v1/members/{who}@{GC}/invite").json["code"]
        new = Newcomer(site, who)
        new.open(code)
        assert new.accept(code).status_code == 200
        return new.post(whole, body)
    if credential != "signed request":
        return site.post(path, who, headers=headers, **({} if body is None else {"json": body}))
    asked = Asked("POST", whole, b"", {"Idempotency-Key": "signed"})
    if body is not None:
        asked.body = site.app.json.dumps(body).encode()
        asked.headers["Content-Type"] = "application/json"
    return asked.sign(a_request_key(site.world, "twin's laptop", who), site.world.now).send(
        site.app.test_client()
    )


def seen(site, path, body):
    """Return what is to be said: of an approval the root, as the approver sees it."""
    if body != "root":
        return body
    return {"root_seen": site.get(path.replace("approve", "root"), "labour_officer").json["root"]}


# A key on a disk lets no money go, whoever holds it; and people are let in in the own name only.
ALSO = {"signed request": {"proof-needed"}, "for whoever may": {"not-lent"},
        "by a delegate": {"not-lent"}}  # fmt: skip


UNSURE = {"retransmit, both words", "never, both words", "resume, both words"}


@pytest.mark.parametrize("pair", PAIRS)
def test_two_steps_of_two_people_are_not_one_persons(begin, pair, tmp_path, monkeypatch):
    first, role, other = PAIRS[pair]
    world = TwoOfficers(begin, policy=POLICIES.get(pair, Policy()))
    line = Line(world, tmp_path, monkeypatch) if pair in UNSURE else None
    path, body = prepared(world, pair, line)
    ways = ways_in(world, first, role, other)
    site = Site(world)
    body = seen(site, path, body)

    answers = {way: ask(site, way, ways[way], path, body) for way in ways}

    got = {way: (answer.status_code, problem(answer)) for way, answer in answers.items()}
    project = not path.startswith("/")
    for way, (status, code) in got.items():
        also = ALSO.get(way, set()) - ({"not-lent"} if project else set())
        assert (status, code in {"same-person"} | also) == (403, True), got
    done = site.post(path, other, **({} if body is None else {"json": body}))
    assert done.status_code in {200, 201}, done.text


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if PAIRS[pair][0] != HEAD])
def test_what_a_delegate_did_is_the_lenders_work_too(begin, pair, tmp_path, monkeypatch):
    first, role, _ = PAIRS[pair]
    world = TwoOfficers(begin, policy=POLICIES.get(pair, Policy()))
    line = Line(world, tmp_path, monkeypatch) if pair in UNSURE else None
    lender = world.caller(first)
    with world.operating() as tx:
        stranger = world.add_member(tx, lender.organisation_kind, "stranger")
    whom = StandsFor(member_id=lender.member_id, person_id=lender.person_id, login=first)
    world.members[first] = replace(stranger, grants=lender.grants, stands_for=whom)
    path, body = prepared(world, pair, line)
    world.members[first] = lender
    twin(world, first, role)
    site = Site(world)

    answer = ask(site, "token", ("twin", {}), path, seen(site, path, body))

    assert (answer.status_code, problem(answer)) == (403, "same-person"), answer.text


CHANGES = {
    "review": "UPDATE sheet SET reviewed_by = submitted_by",
    "vouch": "UPDATE declaration SET vouched_by = declared_by",
    "countersign": "UPDATE reissue SET approver = requested_by",
    "approve what was submitted": """
        INSERT INTO approval SELECT project_id, id, 9, submitted_by, reviewed_by, 'x', 'x', 'n1',
            now(), now(), ARRAY[submitted_by] FROM sheet""",
    "approve what was reviewed": """
        INSERT INTO approval SELECT project_id, id, 9, reviewed_by, reviewed_by, 'x', 'x', 'n2',
            now(), now(), '{}' FROM sheet""",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_database_refuses_one_person_for_two(begin, change):
    world = TwoOfficers(begin)
    prepared(world, "reissue, then countersign")
    prepared(world, "declare, then vouch")
    with pytest.raises(IntegrityError, match="check constraint"), world.begin() as tx:
        tx.execute(text(change))


def test_what_is_approved_keeps_who_had_made_it(begin):
    world = TwoOfficers(begin)
    path, _ = asking_to_approve(world, cleared=True)
    world.do(approve, "approver", sheet_id=int(path.split("/")[1]))
    with world.begin() as tx:
        [makers] = tx.scalars(text("SELECT makers FROM approval"))
    assert set(makers) == {world.caller(one).person_id for one in ("signer", "labour_officer")}
