"""What the demo leaves: the payout history, the acts, and a summary to be counted by hand."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from disburse.demo.contract import CURRENCY
from disburse.demo.people import WORKERS
from disburse.demo.site import Site
from disburse.demo.wages import PROJECT
from disburse.domain.access import Caller
from disburse.domain.ledger import COLUMNS
from disburse.queries.account import account
from disburse.queries.acts import acts
from disburse.queries.anomalies import anomalies
from disburse.queries.files import files
from disburse.queries.paging import Page
from disburse.queries.payouts import Wanted, as_csv, totals
from disburse.queries.prove import Proof
from disburse.queries.sheets import sheet, sheets
from disburse.storage.engine import Transaction

Row = TypeVar("Row")


def leave_history(site: Site) -> None:
    """Keep the payouts and the acts as the labour authority's inspector sees them."""
    inspector = site.callers["inspector"]
    with site.begin() as tx:
        payouts = "".join(as_csv(tx, inspector, Wanted(project_id=site.project_id)))
        done = list(
            _all(lambda at: acts(tx, inspector, project_id=site.project_id, cursor=at, limit=500))
        )
    site.keep("payouts.csv", payouts.encode())
    site.keep("history.json", as_json([asdict(one) for one in done]))


def summary(site: Site, proof: Proof, folder: Path) -> dict[str, Any]:
    """Return counts, sums in fen, digests and invariants; the same from run to run."""
    reader = site.callers["finance_viewer"]
    with site.begin() as tx:
        found = {
            "acts": _acts(site, tx),
            "anomalies": _anomalies(site, tx, reader),
            "bank_files": _files(site, tx, reader),
            "ledger": _ledger(site, tx, reader),
            "payments": _payments(site, tx, reader),
            **_sheets(site, tx, reader),
        }
    return {
        **found,
        "currency": CURRENCY,
        "invariants": {"ok": proof.ok, **_plain(asdict(proof))},
        "on_the_way": site.noted,
        "project": PROJECT,
        "refused": site.refused,
        "reports": _digests(folder / "reports"),
        "statements": _digests(folder / "statements"),
        "workers": WORKERS,
    }


def as_json(told: object) -> bytes:
    """Write JSON that stays the same when the same is told."""
    return (
        json.dumps(_plain(told), ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n"
    ).encode()


def _sheets(site: Site, tx: Transaction, reader: Caller) -> dict[str, Any]:
    """Count sheets by state and lines by where they stand, and add up what is still owed."""
    states: Counter[str] = Counter()
    lines: dict[str, dict[str, int]] = {}
    arrears = settled = 0
    for one in sheets(tx, reader, project_id=site.project_id).rows:
        detail = sheet(tx, reader, project_id=site.project_id, sheet_id=one.id, now=site.clock.now)
        states[str(one.state)] += 1
        settled += detail.progress.settled
        arrears += detail.progress.arrears
        for state, tally in detail.progress.lines.items():
            total = lines.setdefault(str(state), {"amount": 0, "count": 0})
            total["amount"] += tally.amount
            total["count"] += tally.count
    return {
        "arrears": arrears,
        "lines": lines,
        "sheets": {"by_state": dict(states), "settled": settled},
    }


def _files(site: Site, tx: Transaction, reader: Caller) -> list[dict[str, Any]]:
    return [
        {
            "count": one.count,
            "name": one.name,
            "period": f"{one.period:%Y-%m}",
            "sha256": one.sha256,
            "state": str(one.state),
            "total": one.total,
        }
        for one in files(tx, reader, project_id=site.project_id).rows
    ]


def _payments(site: Site, tx: Transaction, reader: Caller) -> dict[str, dict[str, int]]:
    found = totals(tx, reader, Wanted(project_id=site.project_id))
    return {str(one.state): {"amount": one.amount, "count": one.count} for one in found}


def _ledger(site: Site, tx: Transaction, reader: Caller) -> dict[str, int]:
    balance = account(tx, reader, project_id=site.project_id, now=site.clock.now).balance
    return {name: getattr(balance, name) for name in COLUMNS}


def _anomalies(site: Site, tx: Transaction, reader: Caller) -> list[dict[str, Any]]:
    found = anomalies(tx, reader, project_id=site.project_id, only_open=False)
    return [
        {"code": one.code, "red": one.red, "resolved": one.resolved_at is not None}
        for one in found.rows
    ]


def _acts(site: Site, tx: Transaction) -> dict[str, int]:
    inspector = site.callers["inspector"]
    done = _all(lambda at: acts(tx, inspector, project_id=site.project_id, cursor=at, limit=500))
    return dict(Counter(one.act for one in done))


def _digests(folder: Path) -> list[dict[str, str]]:
    return [
        {"name": path.name, "sha256": sha256(path.read_bytes()).hexdigest()}
        for path in sorted(folder.iterdir())
    ]


def _all(turn: Callable[[str | None], Page[Row]]) -> Iterator[Row]:
    """Walk every page of a list."""
    cursor: str | None = None
    while True:
        page = turn(cursor)
        yield from page.rows
        cursor = page.following
        if cursor is None:
            return


def _plain(told: Any) -> Any:  # noqa: ANN401  (whatever JSON can hold)
    """Return `told` with plain mappings, which JSON can write."""
    if isinstance(told, dict):
        return {str(key): _plain(value) for key, value in told.items()}
    if isinstance(told, list | tuple):
        return [_plain(value) for value in told]
    return told
