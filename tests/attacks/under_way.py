"""Sheets and files brought just so far that one act is next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import count

from disburse.domain.access import Act
from disburse.domain.money import write
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.export import export
from disburse.steps.payroll.fund import fund
from disburse.steps.payroll.review import review
from disburse.steps.payroll.set_aside import set_aside
from tests.sheets import a_line, a_sheet_json

# How far a new sheet has come when an act is next.
RECEIVED, REVIEWED, FUNDED, APPROVED, EXPORTED = range(5)
NEXT = {
    Act.REVIEW: RECEIVED, Act.SET_ASIDE: RECEIVED, Act.REINSTATE: RECEIVED, Act.REJECT: RECEIVED,
    Act.FUND: REVIEWED, Act.UNFUND: FUNDED, Act.APPROVE: FUNDED, Act.REVOKE: APPROVED,
    Act.EXPORT: APPROVED, Act.CANCEL: EXPORTED, Act.CLAIM: EXPORTED, Act.CANCEL_FILE: EXPORTED,
    Act.HAND_OVER: EXPORTED,
}  # fmt: skip


def confirmed(file):
    """Return what a releaser says who looked at the file."""
    return {"sha256": file.sha256, "count": file.count, "total": write(file.total, "CNY")}


class UnderWay:
    """Makes them, each of a new worker and a month of its own."""

    def __init__(self, site):
        self.site, self.world = site, site.world
        self._places = count(1)

    def next_is(self, act):
        """Return the places and the body for an act that can be done now."""
        if act is Act.REINSTATE:
            sheet = {"sheet_id": self.bring(RECEIVED)[0]}
            self.world.do(set_aside, "labour_officer", line=1, reason="tried", **sheet)
            return sheet, {}
        sheet_id, file = self.bring(NEXT[act])
        sheet = {"sheet_id": sheet_id}
        if file is None:
            return sheet, self._root(sheet_id) if act is Act.APPROVE else {}
        if act is Act.HAND_OVER:
            self.world.claim(file)
        return sheet | {"file_id": file.id}, confirmed(file) if act is Act.CLAIM else {}

    def bring(self, far):
        """Return the number of a new sheet that was brought so far, and its file if it has one."""
        sheet_id, net = self._received()
        sheet = {"sheet_id": sheet_id}
        if far >= REVIEWED:
            self.world.allocate(net)
            self.world.do(review, "labour_officer", **sheet)
        if far >= FUNDED:
            self.world.do(fund, None, **sheet)
        if far >= APPROVED:
            self.world.do(approve, "approver", **sheet)
        if far < EXPORTED:
            return sheet_id, None
        _, [file] = self.world.do(export, "releaser", banks=self.world.banks, **sheet)
        return sheet_id, file

    def hired(self, **changed):
        """Return the signed content of a new worker's sheet, and what it pays; `changed`: there."""
        place = next(self._places)
        line = a_line(5_000 + place, number=1)
        month = date(2024 - place // 12, 1 + place % 12, 1)
        with self.world.unbound() as tx:
            self.world.enrol(tx, [line], joined_on=date(1901, 1, 1))
        told = replace(line, **changed)
        return a_sheet_json(told, period=month, worked_from=month, worked_to=month), line.net

    def _received(self):
        content, net = self.hired()
        return self.world.receive(content).sheet.id, net

    def _root(self, sheet_id):
        return {"root_seen": self.site.get(f"sheets/{sheet_id}/root", "approver").json["root"]}
