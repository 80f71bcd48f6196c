"""What is told of sheets, their lines, and the bank files written from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from disburse.domain.finding import Code, Finding
from disburse.http import problems
from disburse.http.answers import CoverageTold, FindingTold, TallyTold
from disburse.http.asks import Month
from disburse.http.spread import Money, spread
from disburse.queries.sheets import BlockerShown, SheetDetail


class SheetTold(Schema):
    """A sheet and its state."""

    id = fields.Integer()
    project_id = fields.Integer()
    period = Month()
    kind = fields.String()
    number = fields.Integer()
    currency = fields.String()
    pay_on = fields.Date()
    head_count = fields.Integer()
    total_net = Money()
    digest = fields.String(metadata={"description": "SHA-256 of the signed bytes"})
    state = fields.String()
    received_at = fields.DateTime()


class SheetRowTold(SheetTold):
    """A sheet as lists show it."""

    project = fields.String()
    subcontractor_id = fields.Integer()
    subcontractor = fields.String()


class ReceivedTold(Schema):
    """What the subcontractor is told: taken, is there money, which lines are blocked."""

    sheet = fields.Nested(SheetTold)
    covered = fields.Boolean()
    coverage = fields.Nested(CoverageTold)
    findings = fields.List(fields.Nested(FindingTold))
    findings_total = fields.Integer()


class ProgressTold(Schema):
    """How far a sheet is; each line is in exactly one tally."""

    lines = fields.Dict(keys=fields.String(), values=fields.Nested(TallyTold))
    settled = fields.Boolean()
    answered = fields.Boolean()
    arrears = Money()
    open_blockers = fields.Integer()


class SheetDetailTold(Schema):
    """One sheet, how far it is, and whether there is money for it."""

    sheet = fields.Nested(SheetRowTold)
    progress = fields.Nested(ProgressTold)
    covered = fields.Boolean(allow_none=True)
    coverage = fields.Nested(CoverageTold, allow_none=True)


class LineTold(Schema):
    """One line, masked."""

    number = fields.Integer()
    worker_id = fields.Integer(allow_none=True)
    name = fields.String()
    id_number = fields.String()
    account = fields.String()
    bank_name = fields.String()
    team = fields.String()
    trade = fields.String()
    gross = Money()
    deductions = Money()
    net = Money()
    state = fields.String()
    reference = fields.String(allow_none=True)


class BlockerTold(Schema):
    """A finding on a line; the value is masked."""

    line = fields.Integer()
    code = fields.String()
    field = fields.String()
    shown = fields.String()
    clearable = fields.Boolean()
    cleared = fields.Boolean()
    reason = fields.String(allow_none=True)
    en = fields.String()
    zh = fields.String()


class AttestableTold(Schema):
    """What an approver attests: exactly these payments, on these terms."""

    root = fields.String(metadata={"description": "hand it back to approve as root_seen"})
    lines = fields.String(metadata={"description": "such as 1-4,6-120"})
    count = fields.Integer()
    total = Money()
    currency = fields.String()
    special_account = fields.String()
    pay_on = fields.Date()
    sheet_digest = fields.String()
    needed = fields.Integer(metadata={"description": "how many approvers"})
    given = fields.List(fields.Integer(), metadata={"description": "persons who approved"})


class FileTold(Schema):
    """A bank file."""

    id = fields.Integer()
    reference = fields.String()
    sheet_id = fields.Integer()
    period = Month()
    sequence = fields.Integer(metadata={"description": "its number at the bank connection"})
    name = fields.String()
    adapter = fields.String()
    adapter_version = fields.String()
    sha256 = fields.String()
    currency = fields.String()
    pay_on = fields.Date()
    count = fields.Integer()
    total = Money()
    state = fields.String()
    created_at = fields.DateTime()


class FileDetailTold(FileTold):
    """A bank file, and where its payments stand."""

    payments = fields.Dict(keys=fields.String(), values=fields.Nested(TallyTold))
    answered = fields.Boolean()


class FilesWrittenTold(Schema):
    """The files that were written."""

    files = fields.List(fields.Nested(FileTold))


class ExportedTold(FilesWrittenTold):
    """The sheet, and the files that were written from it."""

    sheet = fields.Nested(SheetTold)


def detail(shown: SheetDetail) -> Mapping[str, Any]:
    """Tell one sheet; the figures beside it are of its currency."""
    currency = shown.sheet.currency
    return {
        "sheet": shown.sheet,
        "progress": spread(shown.progress, currency),
        "covered": shown.covered,
        "coverage": spread(shown.coverage, currency),
    }


def blocker(shown: BlockerShown) -> Mapping[str, Any]:
    """Tell one blocker, in both languages."""
    found = Finding(
        Code(shown.code), line=shown.line, column=shown.field, value=shown.shown, facts=shown.facts
    )
    told = problems.finding(found)
    told_plainly: dict[str, Any] = spread(shown)
    return told_plainly | {"en": told["en"], "zh": told["zh"]}
