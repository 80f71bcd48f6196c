"""Sheets that are cleared and withdrawn, and money that is declared, explained and assigned."""

from __future__ import annotations

from sqlalchemy import text

from disburse import signing
from disburse.domain.open_item import Explained
from disburse.domain.orders import Withdrawal, write_withdrawal
from disburse.steps.money.declare import declare
from disburse.steps.money.endorse import endorse
from disburse.steps.money.explain import explain
from disburse.steps.money.vouch import vouch
from tests.attacks.truths import WHY, Known, Truths, of
from tests.attacks.under_way import RECEIVED
from tests.builders import JSON, a_key
from tests.sheets import a_card
from tests.steps.test_assign import another_project

P = "/v1/projects/{project_id}"
S = f"{P}/sheets/{{sheet_id}}"
E = f"POST {P}/explanations/{{explanation_id}}"
D = f"POST {P}/declarations/{{declaration_id}}"
SOMEBODY = "62000000000000000999"


class MoneyTruths(Truths):
    """Each of a sheet, a declaration or an item on the account that nobody spoke of yet."""

    @of(f"POST {P}/sheets")
    def _receive(self):
        content, net = self.under_way.hired()
        self.world.allocate(net)
        signed = signing.sign(content, a_key("subcontractor"), now=self.world.now)
        places = {"project_id": self.world.project_id}
        return Known(content, places, {"Disburse-Signature": signed}, media_type=JSON)

    @of(f"POST {S}/clear")
    def _clear(self):
        content, _ = self.under_way.hired(account=a_card(55))
        sheet_id = self.world.receive(content).sheet.id
        return self.here(WHY | {"line": 1, "finding": "account-differs"}, sheet_id=sheet_id)

    @of(f"POST {S}/withdraw")
    def _withdraw(self):
        sheet_id, _ = self.under_way.bring(RECEIVED)
        digest = self.site.get(f"sheets/{sheet_id}/evidence", "labour_officer").json["sha256"]
        order = write_withdrawal(Withdrawal(digest, "two months"))
        signed = signing.sign(order, a_key("subcontractor"), now=self.world.now)
        places = {"project_id": self.world.project_id, "sheet_id": sheet_id}
        return Known(body=order, places=places, headers={"Disburse-Signature": signed})

    # ------------------------------------------------------------ declarations
    def _declared(self):
        facts = {"amount": 100, "voucher_digest": f"{self.filled.fresh():064x}"}
        return self.world.do(declare, "funder", expected_on=self.world.now.date(), **facts)

    @of(f"{D}/vouch")
    def _vouch(self):
        return self.here(declaration_id=self._declared())

    @of(f"{D}/recall")
    def _recall(self):
        number = self._declared()
        self.world.do(vouch, "approver", declaration_id=number)
        return self.here(WHY, declaration_id=number)

    # ------------------------------------------------------------ open items
    def _item(self, project_id):
        self.world.book((700, "", SOMEBODY))
        with self.world.everything() as tx:
            newest = text("SELECT max(id) FROM open_item WHERE project_id = :p")
            return tx.scalar(newest, {"p": project_id})

    def _explained(self):
        facts = {"kind": Explained.ALLOCATION, "amount": 700, "reason": "the owner's"}
        item = self._item(self.world.project_id)
        return self.world.do(explain, "labour_officer", item_id=item, **facts)

    @of(f"POST {P}/explanations")
    def _explain(self):
        item = self._item(self.world.project_id)
        return self.here(WHY | {"kind": "allocation", "amount": "7.00", "item_id": item})

    @of(f"{E}/endorse")
    def _endorse(self):
        return self.here(explanation_id=self._explained())

    @of(f"{E}/dismiss")
    def _dismiss(self):
        return self.here(WHY, explanation_id=self._explained(), who="labour_officer")

    @of(f"{E}/retract")
    def _retract(self):
        number = self._explained()
        self.world.do(endorse, "approver", explanation_id=number)
        return self.here(WHY, explanation_id=number)

    @of(f"POST {P}/unassigned/{{item_id}}/assign")
    def _assign(self):
        number = another_project(self.world, f"SHARED-{self.filled.fresh()}")
        item = self._item(0)
        with self.world.operating() as tx:  # one that shares the account no longer
            tx.execute(text("UPDATE project SET account_id = NULL WHERE id = :p"), {"p": number})
        return self.here(WHY, item_id=item, who="releaser")
