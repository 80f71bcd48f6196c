"""Who people are: kinds of organisations, the roles that each gives, and who confirms them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class OrganisationKind(StrEnum):
    """What an organisation is on every project it takes part in."""

    OWNER = "owner"
    GENERAL_CONTRACTOR = "general_contractor"
    SUBCONTRACTOR = "subcontractor"
    BANK = "bank"
    LABOUR_AUTHORITY = "labour_authority"
    SECTOR_AUTHORITY = "sector_authority"
    OPERATOR = "operator"


class Role(StrEnum):
    """What a person may be on a project."""

    PREPARER = "preparer"
    SIGNER = "signer"
    LABOUR_OFFICER = "labour_officer"
    APPROVER = "approver"
    RELEASER = "releaser"
    FINANCE_VIEWER = "finance_viewer"
    FUNDER = "funder"
    VIEWER = "viewer"
    BANK_OPERATOR = "bank_operator"
    INSPECTOR = "inspector"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    PEOPLE_ADMINISTRATOR = "people_administrator"


# Which kind of organisation can give a person which role.
_OWN_ROLES: Final = {
    OrganisationKind.SUBCONTRACTOR: {Role.PREPARER, Role.SIGNER},
    OrganisationKind.GENERAL_CONTRACTOR: {
        Role.LABOUR_OFFICER, Role.APPROVER, Role.RELEASER, Role.FINANCE_VIEWER,
    },
    OrganisationKind.OWNER: {Role.FUNDER, Role.VIEWER},
    OrganisationKind.BANK: {Role.BANK_OPERATOR},
    OrganisationKind.LABOUR_AUTHORITY: {Role.INSPECTOR, Role.SUPERVISOR},
    OrganisationKind.SECTOR_AUTHORITY: {Role.INSPECTOR, Role.SUPERVISOR},
    OrganisationKind.OPERATOR: {Role.ADMINISTRATOR},  # runs the service; no power over money
}  # fmt: skip
# Every organisation lets its own people in; who does so can thereby do nothing else.
ROLES: Final = {kind: own | {Role.PEOPLE_ADMINISTRATOR} for kind, own in _OWN_ROLES.items()}

# Every role, and whether it may be lent. A delegate is nobody whom another organisation confirmed:
# so it signs no sheets, has no say on keys, lets nobody in and administers nothing.
MAY_BE_LENT: Final = {
    Role.PREPARER: True,
    Role.SIGNER: False,  # speaks for the organisation's signing keys
    Role.LABOUR_OFFICER: True,
    Role.APPROVER: True,
    Role.RELEASER: True,
    Role.FINANCE_VIEWER: True,
    Role.FUNDER: True,
    Role.VIEWER: True,
    Role.BANK_OPERATOR: True,
    Role.INSPECTOR: True,
    Role.SUPERVISOR: True,
    Role.ADMINISTRATOR: False,  # the operator's
    Role.PEOPLE_ADMINISTRATOR: False,  # lets people in
}
LENDABLE: Final = frozenset(role for role, may in MAY_BE_LENT.items() if may)

# The operator's people administer and have no power over money: what an account may do, and what a
# key may sign, counts once somebody with one of these roles has confirmed it. The first word comes
# from another organisation, of one of these kinds; then the own people confirm each other as well.
CONFIRMING: Final = frozenset(
    {
        Role.SIGNER,
        Role.APPROVER,
        Role.FUNDER,
        Role.BANK_OPERATOR,
        Role.INSPECTOR,
        Role.SUPERVISOR,
    }
)
AUTHORITIES: Final = frozenset(
    {OrganisationKind.LABOUR_AUTHORITY, OrganisationKind.SECTOR_AUTHORITY}
)
CONFIRMED_BY: Final = {
    OrganisationKind.SUBCONTRACTOR: frozenset({OrganisationKind.GENERAL_CONTRACTOR}),
    OrganisationKind.GENERAL_CONTRACTOR: AUTHORITIES,
    OrganisationKind.OWNER: AUTHORITIES,
    OrganisationKind.BANK: AUTHORITIES,
    OrganisationKind.LABOUR_AUTHORITY: AUTHORITIES,
    OrganisationKind.SECTOR_AUTHORITY: AUTHORITIES,
    OrganisationKind.OPERATOR: frozenset[OrganisationKind](),  # its roles wait for nobody
}
