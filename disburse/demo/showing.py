"""The story's tables, read through everybody's queries: scoped to a role, and masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from disburse.demo.site import Site
from disburse.demo.telling import Mark, Teller, yuan
from disburse.domain.finding import Finding, say
from disburse.domain.ledger import COLUMNS, Balance
from disburse.queries.account import account
from disburse.queries.files import files
from disburse.queries.payouts import Wanted, totals
from disburse.queries.prove import Proof
from disburse.queries.sheets import sheet, sheets
from disburse.storage.views import LineState

READER = "finance_viewer"


def show_findings(teller: Teller, title: str, findings: Sequence[Finding]) -> None:
    """Show what is wrong, where, and what to do; numbers of people and accounts are masked."""
    rows = [
        (found.line or "", found.column, found.value, say(found, teller.language))
        for found in findings
    ]
    teller.table(title, "#line column value what", rows)


def show_sheets(site: Site) -> int:
    """Show every sheet, how far it is, and what of it is still owed; return that in total."""
    word = site.teller.word
    rows, arrears = [], 0
    with site.begin() as tx:
        listed = sheets(tx, site.callers[READER], project_id=site.project_id).rows
        for one in listed:
            progress = sheet(
                tx,
                site.callers[READER],
                project_id=site.project_id,
                sheet_id=one.id,
                now=site.clock.now,
            ).progress
            arrears += progress.arrears
            paid = progress.lines.get(LineState.PAID)
            rows.append(
                (
                    f"{one.period:%Y-%m}",
                    one.subcontractor,
                    one.head_count,
                    yuan(one.total_net),
                    word("state.settled" if progress.settled else f"state.{one.state}"),
                    paid.count if paid else 0,
                    yuan(progress.arrears),
                )
            )
    site.teller.table("sheets", "month subcontractor #lines #total state #paid #arrears", rows)
    return arrears


def show_coverage(site: Site, sheet_id: int) -> dict[str, object]:
    """Show and return whether there is money for a sheet, in the numbers that everybody is told."""
    with site.begin() as tx:
        coverage = sheet(
            tx,
            site.callers[READER],
            project_id=site.project_id,
            sheet_id=sheet_id,
            now=site.clock.now,
        ).coverage
    assert coverage is not None  # noqa: S101  (the sheet waits, and the reader may see balances)
    names = ("free", "held", "missing", "declared", "needed", "shortage")
    word = site.teller.word
    rows = [(word(f"coverage.{name}"), yuan(getattr(coverage, name))) for name in names]
    rows += [
        (word("coverage.due_on"), str(coverage.due_on)),
        (word("coverage.payer"), coverage.payer),
    ]
    site.teller.table("coverage", "what #amount", rows)
    site.teller.say("short", Mark.WAITS, shortage=yuan(coverage.shortage), payer=coverage.payer)
    return asdict(coverage)


def show_account(site: Site) -> Balance:
    """Show and return the nine columns of the special account, which always add up to zero."""
    with site.begin() as tx:
        shown = account(tx, site.callers[READER], project_id=site.project_id, now=site.clock.now)
    word = site.teller.word
    rows = [
        (word(f"ledger.{name}"), yuan(getattr(shown.balance, name)), word(f"ledger.{name}.why"))
        for name in COLUMNS
    ]
    site.teller.table("account", "name #amount meaning", rows)
    return shown.balance


def show_end(site: Site) -> None:
    """Show where everything stands: sheets, files, payments and the account."""
    arrears = show_sheets(site)
    site.teller.say("arrears", Mark.WAITS, amount=yuan(arrears))
    word = site.teller.word
    reader, project_id = site.callers[READER], site.project_id
    with site.begin() as tx:
        written = files(tx, reader, project_id=project_id).rows
        paid = totals(tx, reader, Wanted(project_id=project_id))
    rows = [
        (one.name, one.count, yuan(one.total), word(f"state.{one.state}"), one.sha256[:12])
        for one in written
    ]
    site.teller.table("files", "file #count #total state digest", rows)
    tallies = [(word(f"state.{one.state}"), one.count, yuan(one.amount)) for one in paid]
    site.teller.table("payments", "state #count #amount", tallies)
    show_account(site)


def show_proof(teller: Teller, proof: Proof) -> None:
    """Say which invariants were checked, and every difference with its parts."""
    teller.table("proof", "invariant", [(name,) for name in proof.checked])
    for one in proof.differences:
        teller.say(
            "difference",
            Mark.REFUSED,
            invariant=one.invariant,
            where=dict(one.where),
            parts=dict(one.parts),
        )
    if proof.ok:
        teller.say("proved", count=len(proof.checked))
