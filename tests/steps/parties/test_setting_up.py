"""An installation from nothing: operator, organisations, people, a project and its account."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import text

from disburse.domain.access import Act, Forbidden, OrganisationKind, Role
from disburse.domain.particulars import BadParticulars, Identity
from disburse.domain.policy import PolicyRefused
from disburse.domain.sheet import IdType
from disburse.steps.parties.add_member import add_member
from disburse.steps.parties.add_organisation import add_organisation
from disburse.steps.parties.found import AlreadyFounded, found
from disburse.steps.parties.grant_roles import RoleNotTheirs, grant_roles
from disburse.steps.parties.issue_token import VALID_FOR_MAX, issue_token
from disburse.steps.parties.join_project import join_project
from disburse.steps.parties.open_account import open_account
from disburse.steps.parties.revoke_token import NoSuchToken, revoke_token
from disburse.steps.parties.start_project import NewProject, start_project
from disburse.steps.parties.use_account import use_account
from disburse.storage import ledger, members, parties
from disburse.storage.parties import Delegation, NoSuchParty, PartyTaken
from tests.builders import loaded_banks
from tests.sheets import TODAY, a_credit_code, an_identity_number

NOW = datetime(TODAY.year, TODAY.month, TODAY.day, 2, tzinfo=UTC)
KINDS = {kind: a_credit_code(place) for place, kind in enumerate(OrganisationKind, start=11)}
OPERATOR = KINDS[OrganisationKind.OPERATOR]
PROJECT = NewProject(
    code="JYG-1",
    name="A site",
    owner=KINDS[OrganisationKind.OWNER],
    general_contractor=KINDS[OrganisationKind.GENERAL_CONTRACTOR],
    region="620200",
    sector="housing",
    government_funded=True,
    currency="CNY",
    contract_amount=10**9,
    labour_share_basis_points=2500,
    starts_on=date(2026, 3, 1),
    ends_on=date(2027, 3, 1),
    policy={"approvers": [[0, 1], [10_000_000, 2]]},
)
ACCOUNT = {
    "bank": KINDS[OrganisationKind.BANK],
    "adapter": "iso20022",
    "currency": "CNY",
    "number": "1017 7000 0000 0001",
    "holder": "GC + project + 农民工工资专用账户",
}
ORDER = Delegation(digest="a" * 64, valid_from=date(2026, 3, 1), valid_to=None)


def an_identity(place):
    return Identity(IdType.RESIDENT_CARD, an_identity_number(place))


def founded(tx, **changed):
    values = {
        "registration": OPERATOR,
        "name": "An operator",
        "login": "Admin",
        "person": "An administrator",
        "identity": an_identity(1),
    }
    return found(tx, now=NOW, **values | changed)


@pytest.fixture
def admin(begin):
    """The administrator of a new installation, as a caller."""
    with begin() as tx:
        founded(tx)
        return members.caller_of_login(tx, "admin")


@pytest.fixture
def here(admin):
    """What every step of the administrator is given."""
    return {"caller": admin, "now": NOW}


@pytest.fixture
def organisations(begin, here):
    """One organisation of every kind."""
    with begin() as tx:
        for kind, registration in KINDS.items():
            if kind is not OrganisationKind.OPERATOR:
                add_organisation(
                    tx, kind=kind, registration=registration, name=kind, region="62",
                    sector="housing", **here,
                )  # fmt: skip


@pytest.fixture
def project(begin, here, organisations):
    """The number of a project that has no account yet."""
    with begin() as tx:
        return start_project(tx, project=PROJECT, **here).id


def open_(tx, here, **changed):
    return open_account(tx, banks=loaded_banks(), **here | ACCOUNT | changed)


def acts(tx):
    return list(tx.scalars(text("SELECT act FROM act ORDER BY id")))


def test_the_first_act_makes_an_operator_and_its_administrator(loop, admin):
    with loop() as tx:
        assert parties.organisation(tx, OPERATOR).kind is OrganisationKind.OPERATOR
        assert acts(tx) == ["found"]
    assert admin.may(Act.SET_UP)
    assert admin.person_id is not None


def test_nobody_founds_an_installation_twice(begin, admin):
    with pytest.raises(AlreadyFounded), begin() as tx:
        founded(tx, registration=a_credit_code(99), login="second")


@pytest.mark.parametrize(
    "changed",
    [
        {"registration": "not a number"},
        {"name": " "},
        {"login": "Ad min"},
        {"person": "x\u202e"},
        {"identity": Identity(IdType.RESIDENT_CARD, "620200199001011234")},
    ],
)
def test_whoever_founds_says_who_they_are_in_full(begin, changed):
    with pytest.raises(BadParticulars) as refused, begin() as tx:
        founded(tx, **changed)
    assert "620200199001011234" not in str(refused.value)


def test_an_administrator_has_no_act_that_moves_money(admin):
    allowed = {act for act in Act if admin.may(act)}
    assert allowed.isdisjoint(
        {Act.RECEIVE, Act.REVIEW, Act.FUND, Act.APPROVE, Act.EXPORT, Act.CLAIM, Act.DECLARE,
         Act.VOUCH, Act.BOOK, Act.INGEST, Act.REISSUE, Act.COUNTERSIGN, Act.ENROL}
    )  # fmt: skip


def test_only_an_administrator_sets_up(world):
    here = {"caller": world.caller("approver"), "now": world.now}
    steps = [
        lambda tx: add_organisation(
            tx, kind=OrganisationKind.BANK, registration="B2", name="B", **here
        ),
        lambda tx: add_member(
            tx, registration=a_credit_code(1), login="x1", name="X", identity=None, **here
        ),
        lambda tx: grant_roles(tx, login="approver@general_contractor", roles=[], **here),
        lambda tx: issue_token(
            tx, login="approver@general_contractor", label="x", valid_for=VALID_FOR_MAX, **here
        ),
        lambda tx: revoke_token(tx, login="approver@general_contractor", label="x", **here),
        lambda tx: open_(tx, here),
        lambda tx: start_project(tx, project=PROJECT, **here),
        lambda tx: join_project(
            tx, project_id=world.project_id, registration=a_credit_code(4), **here
        ),
        lambda tx: use_account(tx, project_id=world.project_id, account_id=1, **here),
    ]
    for step in steps:
        with pytest.raises(Forbidden), world.begin() as tx:
            step(tx)


def test_an_organisation_is_known_once(begin, here, organisations):
    with pytest.raises(PartyTaken), begin() as tx:
        add_organisation(
            tx, kind=OrganisationKind.OWNER, name="Again",
            registration=KINDS[OrganisationKind.OWNER], **here,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "lacks"),
    [
        (OrganisationKind.LABOUR_AUTHORITY, {"region": ""}),
        (OrganisationKind.SECTOR_AUTHORITY, {"sector": " "}),
    ],
)
def test_an_authority_says_what_it_watches(begin, here, kind, lacks):
    given = {"region": "62", "sector": "housing"} | lacks
    with pytest.raises(BadParticulars, match="watches nothing"), begin() as tx:
        add_organisation(tx, kind=kind, registration="A1", name="A", **given, **here)


def test_two_accounts_of_one_human_being_are_one_person(begin, here, organisations):
    with begin() as tx:
        one, two, machine = (
            add_member(
                tx, registration=KINDS[kind], login=f"m{kind}", name="M", identity=identity, **here
            )
            for kind, identity in (
                (OrganisationKind.OWNER, an_identity(5)),
                (OrganisationKind.BANK, an_identity(5)),
                (OrganisationKind.SUBCONTRACTOR, None),
            )
        )
        assert one.person_id == two.person_id != here["caller"].person_id
        assert machine.person_id is None
        facts = str(list(tx.scalars(text("SELECT facts::text FROM act"))))
    assert an_identity_number(5) not in facts


def test_a_login_is_taken_once(begin, here, organisations):
    with pytest.raises(PartyTaken), begin() as tx:
        add_member(tx, registration=OPERATOR, login="admin", name="X", identity=None, **here)


def test_an_organisation_gives_only_its_own_kind_of_roles(begin, here, organisations, project):
    contractor = KINDS[OrganisationKind.GENERAL_CONTRACTOR]
    with begin() as tx:
        add_member(tx, registration=contractor, login="boss", name="B", identity=None, **here)
        grant_roles(tx, login="boss", roles=[Role.APPROVER], project_id=project, **here)
        grant_roles(tx, login="boss", roles=[Role.RELEASER], **here)
        grant_roles(tx, login="boss", roles=[Role.RELEASER], **here)
        boss = members.caller_of_login(tx, "boss")
    assert boss.grants == frozenset()
    assert boss.waiting == {(Role.APPROVER, project), (Role.RELEASER, None)}
    for login, role in (("boss", Role.ADMINISTRATOR), ("admin", Role.APPROVER)):
        with pytest.raises(RoleNotTheirs) as refused, begin() as tx:
            grant_roles(tx, login=login, roles=[role], **here)
        assert refused.value.facts["roles"] == [role]
    with pytest.raises(NoSuchParty), begin() as tx:
        grant_roles(tx, login="boss", roles=[Role.APPROVER], project_id=99, **here)


def test_only_the_first_account_of_an_authority_counts_without_anybodys_word(
    begin, here, organisations
):
    kinds = (OrganisationKind.SECTOR_AUTHORITY, OrganisationKind.LABOUR_AUTHORITY)
    with begin() as tx:
        for kind in kinds:
            add_member(tx, registration=KINDS[kind], login=kind, name="I", identity=None, **here)
            grant_roles(tx, login=kind, roles=[Role.INSPECTOR, Role.SUPERVISOR], **here)
        first, second = (members.caller_of_login(tx, kind) for kind in kinds)
        told = list(tx.scalars(text("SELECT facts -> 'first_authority' FROM act "
                                    "WHERE act = 'grant_roles' ORDER BY id")))  # fmt: skip
    both = {(Role.INSPECTOR, None), (Role.SUPERVISOR, None)}
    assert (first.grants, first.waiting) == (both, frozenset())
    assert (second.grants, second.waiting) == (frozenset(), both)
    assert told == [True, False]


def test_an_administrator_of_the_operator_waits_for_nobody(begin, here):
    with begin() as tx:
        add_member(tx, registration=OPERATOR, login="second", name="S", identity=None, **here)
        grant_roles(tx, login="second", roles=[Role.ADMINISTRATOR], **here)
        assert members.caller_of_login(tx, "second").may(Act.SET_UP)


def test_a_token_is_good_until_it_expires_or_is_revoked_and_is_stored_nowhere(begin, here):
    with begin() as tx:
        token = issue_token(tx, login="admin", label="tests", valid_for=timedelta(days=1), **here)
        digest = sha256(token.encode()).digest()
        assert members.caller_of_token(tx, digest=digest, at=NOW) == here["caller"]
        late = NOW + timedelta(days=1)
        assert members.caller_of_token(tx, digest=digest, at=late) is None
        assert revoke_token(tx, login="admin", label="tests", **here) == 1
        assert members.caller_of_token(tx, digest=digest, at=NOW) is None
        kept = str(list(tx.execute(text("SELECT t.*, a.facts FROM token t, act a"))))
    assert token not in kept
    with pytest.raises(NoSuchToken), begin() as tx:
        revoke_token(tx, login="admin", label="tests", **here)


@pytest.mark.parametrize("valid_for", [timedelta(), VALID_FOR_MAX + timedelta(seconds=1)])
def test_no_token_is_good_for_ever(begin, here, valid_for):
    with pytest.raises(BadParticulars), begin() as tx:
        issue_token(tx, login="admin", label="tests", valid_for=valid_for, **here)


def test_a_project_begins_with_its_owner_and_contractor(loop, project):
    with loop() as tx:
        made = parties.project(tx, project)
        for number in (made.owner_id, made.general_contractor_id):
            assert parties.takes_part(tx, project_id=project, organisation_id=number)
    assert (made.code, made.account_id, made.policy_version) == ("JYG-1", None, 1)
    assert made.policy["approvers"] == [[0, 1], [10_000_000, 2]]


@pytest.mark.parametrize(
    "changed",
    [
        {"code": "J"},
        {"owner": KINDS[OrganisationKind.BANK]},
        {"ends_on": date(2026, 2, 28)},
        {"contract_amount": -1},
        {"labour_share_basis_points": 10_001},
        {"currency": "XXX"},
        {"time_zone": "Asia/Nowhere"},
        {"time_zone": "../etc/passwd"},
        {"payer_account": "12"},
        {"region": ""},
    ],
)
def test_a_project_with_impossible_particulars_does_not_begin(begin, here, organisations, changed):
    with pytest.raises(BadParticulars), begin() as tx:
        start_project(tx, project=replace(PROJECT, **changed), **here)


def test_a_project_with_a_policy_that_cannot_be_followed_does_not_begin(begin, here, organisations):
    with pytest.raises(PolicyRefused), begin() as tx:
        start_project(tx, project=replace(PROJECT, policy={"approval_days": 0}), **here)


def test_a_subcontractor_joins_with_its_delegation_and_renews_it(begin, here, project):
    sub = KINDS[OrganisationKind.SUBCONTRACTOR]
    longer = replace(ORDER, valid_to=date(2027, 1, 1))
    with begin() as tx:
        joined = join_project(tx, project_id=project, registration=sub, delegation=ORDER, **here)
        join_project(tx, project_id=project, registration=sub, delegation=longer, **here)
        bank = KINDS[OrganisationKind.BANK]
        join_project(tx, project_id=project, registration=bank, **here)
        assert parties.delegation(tx, project_id=project, organisation_id=joined.id) == longer


@pytest.mark.parametrize(
    ("kind", "order"),
    [
        (OrganisationKind.SUBCONTRACTOR, None),
        (OrganisationKind.SUBCONTRACTOR, replace(ORDER, digest="no digest")),
        (OrganisationKind.SUBCONTRACTOR, replace(ORDER, valid_to=date(2026, 2, 1))),
        (OrganisationKind.BANK, ORDER),
        (OrganisationKind.OWNER, None),
    ],
)
def test_nobody_joins_without_what_their_part_takes(begin, here, project, kind, order):
    with pytest.raises(BadParticulars), begin() as tx:
        join_project(tx, project_id=project, registration=KINDS[kind], delegation=order, **here)


def test_a_project_gets_its_account_with_ledger_and_bank(begin, loop, here, project):
    with begin() as tx:
        account = open_(tx, here)
        assert use_account(tx, project_id=project, account_id=account.id, **here) == []
        assert use_account(tx, project_id=project, account_id=account.id, **here) == []
    with loop() as tx:
        assert parties.project(tx, project).account_id == account.id
        assert parties.takes_part(tx, project_id=project, organisation_id=account.bank_id)
        for row in (0, project):
            assert ledger.balance_of(tx, project_id=row, account_id=account.id).free == 0
        assert acts(tx)[-2:] == ["open_account", "use_account"]
    assert (account.number, account.state) == ("1017700000000001", "open")


@pytest.mark.parametrize(
    "changed",
    [
        {"bank": KINDS[OrganisationKind.OWNER]},
        {"adapter": "unknown"},
        {"adapter": "delimited:small_chinese_bank", "currency": "EUR"},
        {"currency": "XXX"},
        {"number": "1"},
    ],
)
def test_an_account_that_no_file_could_draw_on_is_not_opened(begin, here, organisations, changed):
    with pytest.raises(BadParticulars), begin() as tx:
        open_(tx, here, **changed)


def test_a_project_is_paid_from_an_account_in_its_own_currency_only(begin, here, project):
    with begin() as tx:
        account = open_(tx, here, currency="EUR")
    with pytest.raises(BadParticulars, match="EUR"), begin() as tx:
        use_account(tx, project_id=project, account_id=account.id, **here)


def test_projects_share_an_account_under_one_contractor_only(begin, here, project):
    other = KINDS[OrganisationKind.GENERAL_CONTRACTOR].replace("91", "92")
    with begin() as tx:
        account = open_(tx, here)
        use_account(tx, project_id=project, account_id=account.id, **here)
        second = start_project(tx, project=replace(PROJECT, code="JYG-2"), **here)
        use_account(tx, project_id=second.id, account_id=account.id, **here)
        add_organisation(
            tx, kind=OrganisationKind.GENERAL_CONTRACTOR, registration=other, name="C", **here
        )
        third = start_project(
            tx, project=replace(PROJECT, code="JYG-3", general_contractor=other), **here
        )
    with pytest.raises(BadParticulars, match="another general contractor"), begin() as tx:
        use_account(tx, project_id=third.id, account_id=account.id, **here)
