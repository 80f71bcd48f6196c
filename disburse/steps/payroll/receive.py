"""Take in a signed payroll sheet: all of it, or nothing but the note that somebody tried."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Final

from disburse import sheetfile
from disburse.adapter import Adapter
from disburse.domain.access import Act, Caller
from disburse.domain.coverage import Coverage, cover
from disburse.domain.finding import Effect, Finding
from disburse.domain.policy import Policy
from disburse.domain.refusal import Refusal
from disburse.domain.sheet import Header, Line
from disburse.door import admit, by, day
from disburse.lineup import Lineup
from disburse.signers import signer_of
from disburse.signing import NOBODY, Trust
from disburse.storage import acts, kept_bytes, ledger, lines, parties, sheets
from disburse.storage.acts import By
from disburse.storage.engine import Transaction
from disburse.storage.lines import Blocker, NewLine
from disburse.storage.parties import Project, SpecialAccount
from disburse.storage.sheets import NewSheet, Sheet

SALT_BYTES: Final = 16


class SheetRefused(Refusal):
    """The sheet breaks rules; `findings` has every one. Nothing of it was taken."""

    code = "sheet-refused"

    def __init__(self, detail: str, findings: Sequence[Finding] = ()) -> None:
        """Say how many faults there are, and keep them all."""
        super().__init__(detail)
        self.findings = findings


class WrongProject(Refusal):
    """The sheet is for another project, company or currency, or nobody delegated its payment."""

    code = "wrong-project"


@dataclass(frozen=True, slots=True)
class Received:
    """What the subcontractor is told: taken, is there money, and which lines are blocked."""

    sheet: Sheet
    coverage: Coverage
    findings: Sequence[Finding]


def receive(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    content: bytes,
    media_type: str,
    signature: str,
    banks: Mapping[str, Adapter],
    trust: Trust = NOBODY,
    now: datetime,
) -> Received:
    """Verify the very bytes, read the same bytes, keep them, and claim what each worker is owed.

    (1) The signature covers exactly `content`, by a key of the caller's organisation that is good
    now. (2) The content is a whole sheet that adds up. (3) It is for this project, under a
    delegation. (4) Lines with faults of their own are taken, and blocked. (5) Neither the bytes nor
    any worker's entitlement is here already.
    """
    project = admit(tx, caller, Act.RECEIVE, project_id)
    today = day(project, now)
    own = caller.organisation_id
    key = signer_of(tx, content, signature, organisation_id=own, trust=trust, now=now)  # 1
    header, payees, findings = _read(content, media_type, today)  # 2
    _require_fits(tx, project, header, caller, today)  # 3
    account = parties.account(tx, project.account_id or 0)
    lineup = Lineup.of(tx, project, payees, employer_id=caller.organisation_id)
    note = Policy.read(project.policy).note_for(header.period)
    findings += lineup.against_roster(tx, project, header)  # 4
    findings += lineup.against_bank(banks[account.adapter], header, note)
    findings += lineup.against_owed(tx, project, header)
    new = NewSheet(  # 5
        project_id=project_id,
        period=header.period,
        employer_id=caller.organisation_id,
        kind=header.kind,
        number=header.number,
        predecessor=header.predecessor,
        account_id=account.id,
        currency=header.currency,
        pay_on=header.pay_on,
        head_count=header.head_count,
        total_net=header.total_net,
        digest=sha256(content).hexdigest(),
        signature=signature,
        kid=key.kid,
        salt=secrets.token_bytes(SALT_BYTES),
        bytes_id=kept_bytes.keep(
            tx,
            project_id=project_id,
            media_type=media_type,
            content=content,
            at=now,
            employer_id=own,
        ),
        received_by=caller.member_id,
    )
    sheet = _store(tx, new, lineup.as_stored(header), findings, by(caller, now))
    return Received(sheet, _coverage(tx, project, account, sheet, today), findings)


def note_refusal(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    content: bytes,
    refusal: Refusal,
    now: datetime,
) -> None:
    """Note in the history that a sheet was refused, and why; call it in a transaction of its own.

    A caller who is not of the project leaves no trace on it.
    """
    admit(tx, caller, Act.RECEIVE, project_id)
    why = getattr(refusal, "why", "")
    findings = len(refusal.findings) if isinstance(refusal, SheetRefused) else 0
    acts.record(
        tx,
        Act.RECEIVE,
        by=by(caller, now),
        subject="project",
        subject_id=project_id,
        project_id=project_id,
        facts={
            "refused": refusal.code,
            "why": why,
            "sha256": sha256(content).hexdigest(),
            "bytes": len(content),
            "findings": findings,
        },
    )


def _read(
    content: bytes, media_type: str, today: date
) -> tuple[Header, Sequence[Line], list[Finding]]:
    """Return a sheet that adds up, with what blocks lines; or raise with everything wrong."""
    draft = sheetfile.examine(content, media_type, today=today)
    if draft.refused or draft.header is None:
        refused = [found for found in draft.findings if found.effect is Effect.REFUSES_SHEET]
        raise SheetRefused(
            f"the sheet was not taken, {draft.findings_total} faults; mend all of them, sign again",
            findings=refused,
        )
    return draft.header, draft.lines, list(draft.findings)


def _require_fits(
    tx: Transaction, project: Project, header: Header, caller: Caller, today: date
) -> None:
    employer = parties.organisation(tx, header.subcontractor)
    delegation = parties.delegation(
        tx, project_id=project.id, organisation_id=caller.organisation_id
    )
    wrong = [
        name
        for name, fits in {
            "project": header.project == project.code,
            "general_contractor": header.general_contractor == project.general_contractor,
            "subcontractor": employer.id == caller.organisation_id,
            "currency": header.currency == project.currency,
            "special account (the project has none yet)": project.account_id is not None,
            "delegation (ask the general contractor to record a current one)": delegation
            is not None
            and delegation.covers(today),
        }.items()
        if not fits
    ]
    if wrong:
        raise WrongProject(
            f"the sheet does not fit project {project.code}: {'; '.join(wrong)}", wrong=wrong
        )


def _store(
    tx: Transaction,
    new: NewSheet,
    stored: Iterable[NewLine],
    findings: Sequence[Finding],
    by_: By,
) -> Sheet:
    if new.number > 1 and not sheets.predecessor_is_here(tx, new):
        raise SheetRefused(
            f"number {new.number} must name the SHA-256 of the sheet before it, which stands here"
        )
    sheet = sheets.add(tx, new, by=by_)
    lines.add(tx, sheet, stored)
    blocking = (_blocker(found) for found in findings if found.effect is Effect.BLOCKS_LINE)
    # One answer settles a finding, however often the line gives rise to it.
    blockers = list({(one.line, one.code, one.field): one for one in blocking}.values())
    lines.add_blockers(tx, sheet, blockers)
    acts.record(
        tx,
        Act.RECEIVE,
        by=by_,
        subject="sheet",
        subject_id=sheet.id,
        project_id=sheet.project_id,
        period=sheet.period,
        sheet_id=sheet.id,
        states=(None, sheet.state),
        facts={
            "sha256": new.digest,
            "kid": new.kid,
            "head_count": new.head_count,
            "total_net": new.total_net,
            "blockers": len(blockers),
        },
    )
    return sheet


def _blocker(finding: Finding) -> Blocker:
    assert finding.line is not None  # noqa: S101  (what blocks a line names it)
    return Blocker(
        line=finding.line,
        code=finding.code,
        field=finding.column,
        shown=finding.value,
        facts=finding.facts,
        clearable=finding.clearable,
    )


def _coverage(
    tx: Transaction, project: Project, account: SpecialAccount, sheet: Sheet, today: date
) -> Coverage:
    return cover(
        ledger.balance_of(tx, project_id=project.id, account_id=account.id),
        needed=lines.payable(tx, sheet).amount,
        due_on=sheet.pay_on,
        payer=project.owner_name,
        today=today,
    )
