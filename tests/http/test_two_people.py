"""Which two steps must be two people's, and that no kind of credential gets around it.

Persons are compared, never accounts: in each row one human being does the first step, and then
tries the second by another account of theirs, of another organisation where roles ask for it.
"""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from disburse.adapter import Result
from disburse.domain.access import OrganisationKind, Role
from disburse.domain.policy import Policy
from disburse.steps.bank.reissue import reissue
from disburse.steps.money.declare import declare
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.clear import clear
from disburse.steps.payroll.fund import fund
from disburse.steps.payroll.review import review
from tests.builders import World, a_card, a_request_key
from tests.http.site import Site
from tests.http.test_signed import Asked
from tests.people import Person, problem
from tests.sheets import a_line, a_sheet_json
from tests.steps.test_bank import Story

Kinds = OrganisationKind
GC = Kinds.GENERAL_CONTRACTOR

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
}
CREDENTIALS = ("token", "page", "signed request")
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
        with self.begin() as tx:
            self.add_member(tx, GC, Role.LABOUR_OFFICER, "second officer")
        return "second officer"


def prepared(world, pair):
    """Do everything up to the second step; return its path and what is to be said."""
    match pair:
        case "receive, then review":
            return f"sheets/{received(world)['sheet_id']}/review", None
        case "receive, then approve" | "review, then approve" | "clear, then approve":
            return asking_to_approve(world, cleared="clear" in pair)
        case "approve, then approve as the second":
            path, said = asking_to_approve(world)
            world.do(approve, "approver", sheet_id=int(path.split("/")[1]))
            return path, said
        case "approve, then claim where that is kept apart":
            [file] = world.exported()[1]
            return f"files/{file.id}/claim", file
        case "declare, then vouch":
            number = world.do(
                declare, "funder", amount=100, voucher_digest="ab" * 32,
                expected_on=world.now.date(),
            )  # fmt: skip
            return f"declarations/{number}/vouch", None
        case _:
            story = Story(world)
            story.tell(story.says(Result.PAID))
            story.tell(story.says(Result.RETURNED))
            asked = world.do(
                reissue, "labour_officer", reference=story.references[0], reason="closed",
                banks=world.banks,
            )  # fmt: skip
            return f"payments/{asked.reference}/countersign", None


def twin(world, of, role):
    """Give the human being behind an account another one, confirmed like every other."""
    with world.operating() as tx:
        caller = world.add_member(tx, GC, role, "twin")
        person = {"p": world.caller(of).person_id, "m": caller.member_id}
        tx.execute(text("UPDATE member SET person_id = :p WHERE id = :m"), person)
    with world.owning() as tx:
        tx.execute(text("UPDATE grant_of_role SET holder = :p WHERE member_id = :m"), person)


def said(site, path, what, who):
    if what == "root":
        root = site.get(path.replace("approve", "root"), who).json["root"]
        return {"root_seen": root}
    if what is None:
        return None
    total = f"{what.total // 100}.{what.total % 100:02}"
    return {"sha256": what.sha256, "count": what.count, "total": total}


def ask(site, credential, who, path, body):
    """Ask for the second step as `who` by one kind of credential."""
    whole = f"{site.project}/{path}"
    if credential == "token":
        return site.post(path, who, **({} if body is None else {"json": body}))
    if credential == "page":
        return Person(site, who).sign_in().post(whole, body)
    asked = Asked("POST", whole, b"", {"Idempotency-Key": "signed"})
    if body is not None:
        asked.body = site.app.json.dumps(body).encode()
        asked.headers["Content-Type"] = "application/json"
    return asked.sign(a_request_key(site.world, "twin's laptop", who), site.world.now).send(
        site.app.test_client()
    )


@pytest.mark.parametrize("credential", CREDENTIALS)
@pytest.mark.parametrize("pair", PAIRS)
def test_two_steps_of_two_people_are_not_one_persons(begin, pair, credential):
    first, role, other = PAIRS[pair]
    world = TwoOfficers(begin, policy=POLICIES.get(pair, Policy()))
    path, what = prepared(world, pair)
    twin(world, first, role)
    site = Site(world)
    body = said(site, path, what, "labour_officer")

    answer = ask(site, credential, "twin", path, body)

    refused = {"same-person"}
    if credential == "signed request":
        refused |= {"proof-needed"}  # a key on a disk lets no money go, whoever holds it
    assert (answer.status_code, problem(answer) in refused) == (403, True), answer.text
    assert site.post(path, other, **({} if body is None else {"json": body})).status_code == 200


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
