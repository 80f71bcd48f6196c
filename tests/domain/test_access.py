"""Who may do what: everything that is not named is denied."""

from itertools import product

import pytest

from disburse.domain.access import (
    ALLOWED,
    ROLES,
    Act,
    Caller,
    Forbidden,
    OrganisationKind,
    Role,
    require,
)


def a_caller(*grants):
    return Caller(
        member_id=1,
        person_id=1,
        organisation_id=1,
        organisation_kind=OrganisationKind.GENERAL_CONTRACTOR,
        grants=frozenset(grants),
    )


def test_every_act_has_its_roles():
    assert set(ALLOWED) == set(Act)


def test_every_kind_of_organisation_has_roles_and_every_role_an_organisation():
    assert set(ROLES) == set(OrganisationKind)
    assert set().union(*ROLES.values()) == set(Role)


def test_the_parties_of_a_payday_share_no_role():
    """Owner, contractor, subcontractor, bank and operator watch each other."""
    kinds = set(OrganisationKind) - {OrganisationKind.SECTOR_AUTHORITY}
    for one, other in product(kinds, kinds):
        assert one is other or ROLES[one] & ROLES[other] == {Role.PEOPLE_ADMINISTRATOR}


# Everything that an administrator of the operator may do. Nothing here moves, approves, releases or
# even shows anybody's money; an act that is added here must be meant to be.
ADMINISTRATION = {
    Act.SET_UP,
    Act.ADD_ORGANISATION,
    Act.ADD_MEMBER,
    Act.GRANT_ROLES,
    Act.ISSUE_TOKEN,
    Act.REVOKE_TOKEN,
    Act.OPEN_ACCOUNT,
    Act.FREEZE_ACCOUNT,
    Act.REOPEN_ACCOUNT,
    Act.START_PROJECT,
    Act.JOIN_PROJECT,
    Act.USE_ACCOUNT,
    Act.REGISTER_KEY,
    Act.REVOKE_KEY,
    Act.REGISTER_REQUEST_KEY,
    Act.REVOKE_REQUEST_KEY,
    Act.READ_WAITING,
    Act.CONNECT,
    Act.KEEP_CALENDAR,  # when banks are open; what the law and notices say
    Act.READ_CONNECTIONS,
    Act.SHRED,  # of what the law no longer wants kept; no money moves
}


# What everybody does with the own account only.
OWN = {act for act in Act if ALLOWED[act] == set(Role)}
# Where the own organisation is told what its people may read anyway; moves nothing.
LISTENING = {Act.SUBSCRIBE, Act.UNSUBSCRIBE, Act.RENEW, Act.REPLAY}
LETTING_IN = {Act.INVITE, Act.RECOVER, Act.END_SESSIONS} | {
    Act.DISABLE_MEMBER,  # of the own people only
    Act.ENABLE_MEMBER,
}


def test_the_operators_administrator_has_no_power_over_money():
    assert {
        act for act in Act if Role.ADMINISTRATOR in ALLOWED[act]
    } == ADMINISTRATION | OWN | LETTING_IN


def test_whoever_lets_people_in_can_do_nothing_else():
    may = {act for act in Act if Role.PEOPLE_ADMINISTRATOR in ALLOWED[act]}
    assert may == OWN | LETTING_IN


def test_whoever_watches_only_reads_and_says_whom_they_know():
    watching = (Role.INSPECTOR, Role.SUPERVISOR, Role.VIEWER, Role.FINANCE_VIEWER)
    for act, role in product(Act, watching):
        harmless = OWN | LISTENING | {Act.CONFIRM, Act.LEND, Act.REVEAL, Act.HOLD, Act.LIFT_HOLD}
        assert role not in ALLOWED[act] or act.startswith("read_") or act in harmless


def test_whoever_prepares_a_sheet_neither_reviews_nor_approves_nor_releases_it():
    subcontractor = ROLES[OrganisationKind.SUBCONTRACTOR]
    may = {act for act in Act if ALLOWED[act] & subcontractor and not act.startswith("read_")}
    keys = {Act.REGISTER_KEY, Act.REVOKE_KEY}
    assert may - OWN - LETTING_IN - LISTENING - {Act.LEND} == {
        Act.RECEIVE,
        Act.WITHDRAW,
        Act.CONFIRM,
        *keys,
    }


@pytest.mark.parametrize("act", [Act.APPROVE, Act.COUNTERSIGN, Act.VOUCH, Act.RECALL])
def test_the_second_person_is_an_approver(act):
    assert ALLOWED[act] == {Role.APPROVER}


@pytest.mark.parametrize("act", [Act.EXPORT, Act.CLAIM, Act.HAND_OVER, Act.BUNDLE])
def test_only_a_releaser_hands_files_to_the_bank(act):
    assert ALLOWED[act] == {Role.RELEASER}


@pytest.mark.parametrize(("act", "role"), list(product(Act, Role)))
def test_a_role_allows_what_the_table_says_and_nothing_else(act, role):
    caller = a_caller((role, 7))
    if role in ALLOWED[act]:
        require(caller, act, 7)
        return
    with pytest.raises(Forbidden, match=f"{act} takes one of these roles") as refused:
        require(caller, act, 7)
    assert refused.value.facts == {"needs": sorted(ALLOWED[act])}


def test_nobody_asks_for_what_the_clock_does():
    with pytest.raises(Forbidden, match="nobody"):
        require(a_caller(*((role, None) for role in Role)), Act.EXPIRE, 1)


@pytest.mark.parametrize(
    ("granted", "asked", "allowed"),
    [(None, 7, True), (None, None, True), (7, 7, True), (7, 8, False), (7, None, False)],
)
def test_a_role_counts_on_its_own_project_only(granted, asked, allowed):
    caller = a_caller((Role.APPROVER, granted))
    assert caller.may(Act.APPROVE, asked) is allowed
    assert caller.roles_on(asked) == ({Role.APPROVER} if allowed else set())


def test_without_a_role_everything_is_denied():
    assert not [act for act in Act if a_caller().may(act, 1)]
