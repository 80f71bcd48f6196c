"""Bank files on their way, lost, and answered, and payments that came back."""

from __future__ import annotations

from hashlib import sha256
from unittest import mock

from sqlalchemy import text

from disburse.adapter import PaymentAnswer, Result
from disburse.demo.bank import read_order
from disburse.steps.bank.claim import claim
from disburse.steps.bank.correct import correct
from disburse.steps.bank.countersign import countersign
from disburse.steps.bank.fetch import fetch
from disburse.steps.bank.ingest import ingest
from disburse.steps.bank.reissue import reissue
from disburse.steps.bank.transcribe import transcribe
from disburse.storage import connections
from disburse.storage.connections import BY_HAND
from disburse.transports.directory import Directory
from tests.attacks.truths import WHY, Known, Truths, of
from tests.attacks.under_way import EXPORTED, confirmed
from tests.courier.carrying import Carrying
from tests.steps.test_bank import Telling

P = "/v1/projects/{project_id}"
F = f"{P}/files/{{file_id}}"
T = f"POST {P}/payments/{{reference}}"
BYTES = "application/octet-stream"


class FileTruths(Truths):
    """Each of a file of its own, which goes the way that the operation is about."""

    def __init__(self, filled):
        super().__init__(filled)
        self._carrying = None

    def _by(self, transport, **settings):
        """Let the bank be reached so, though files wait that were to go another way."""
        with self.world.operating() as tx:
            query = text("SELECT connection_id FROM special_account WHERE id = :a")
            number = tx.scalar(query, {"a": self.world.account_id})
            connections.disconnect(tx, connection_id=number)
            if transport != BY_HAND:
                connections.connect(
                    tx, connection_id=number, kind=transport, settings=settings,
                    answer_hours=None, at=self.world.now,
                )  # fmt: skip

    def _written(self, transport=BY_HAND, **settings):
        """Return the file of a new sheet, while the bank is reached in this way."""
        self._by(transport, **settings)
        return self.under_way.bring(EXPORTED)[1]

    @of(f"POST {F}/claim")
    def _claim(self):
        file = self._written()
        return self.here(confirmed(file), file_id=file.id)

    @of(f"POST {F}/hand_over", f"GET {F}/content")
    def _claimed(self):
        file = self._written()
        self.world.claim(file)
        return self.here(file_id=file.id, who="releaser")

    # ------------------------------------------------------------ a bank that comes for them
    def _released(self):
        file = self._written("pull")
        self.world.do(claim, "releaser", file_id=file.id, **_shown(file))
        return file

    @of(f"POST {F}/fetch")
    def _fetch(self):
        return self.here(file_id=self._released().id)

    @of(f"POST {F}/acknowledge")
    def _acknowledge(self):
        file = self._released()
        self.world.do(fetch, "bank_operator", file_id=file.id, banks=self.world.banks)
        return self.here({"sha256": file.sha256}, file_id=file.id)

    # ------------------------------------------------------------ files that got lost
    @property
    def _courier(self):
        if self._carrying is None:
            self._carrying = Carrying(self.world, self.filled.folder)
        return self._carrying

    def _lost(self):
        """Return a file whose line broke while it was sent."""
        courier = self._courier
        file = self._written("directory", outbox=str(courier.outbox), inbox=str(courier.inbox))
        courier.release(file)
        with mock.patch.object(Directory, "submit", side_effect=TimeoutError):
            courier.carry()
        return file

    def _letter(self):
        content = b"letter %d" % self.filled.fresh()
        self.site.post("documents", "releaser", data=content, content_type=BYTES)
        return sha256(content).hexdigest()

    @of(f"POST {P}/documents")
    def _keep(self):
        return Known(
            body=b"letter %d" % self.filled.fresh(), media_type=BYTES,
            places={"project_id": self.world.project_id},
        )  # fmt: skip

    @of(f"GET {P}/documents/{{digest}}")
    def _kept(self):
        return self.here(digest=self._letter())

    @of(f"POST {F}/retransmit")
    def _retransmit(self):
        return self.here(WHY, file_id=self._lost().id)

    @of(f"POST {F}/never")
    def _never(self):
        return self.here(WHY | {"document_sha256": self._letter()}, file_id=self._lost().id)

    @of(f"POST {P}/resume")
    def _resume(self):
        self._lost()
        with self.world.loop() as tx:  # as after a restore: the count outside is ahead
            tx.execute(text("UPDATE incarnation SET dispatched = 0"))
        self._courier.carry()
        return self.here({"list_sha256": self._letter()})

    # ------------------------------------------------------------ what became of payments
    def _told(self, *results):
        """Return a sent file and its one payment's reference, after a report for each result."""
        file = self._written()
        [credit] = read_order(self.world.give(file)).credits
        for result in results:
            word = PaymentAnswer(position=1, reference=credit.reference, result=result, amount=None)
            banks = {name: Telling(one, word) for name, one in self.world.banks.items()}
            content = b"report %d" % self.filled.fresh()
            self.world.do(ingest, "releaser", content=content, banks=banks)
        return file, credit.reference

    @of(f"POST {F}/transcribe")
    def _transcribe(self):
        body = {"document_sha256": self._letter(), "happened_on": str(self.world.now.date())}
        return self.here(body | {"others": "paid"}, file_id=self._told()[0].id)

    @of(f"POST {P}/take_back")
    def _take_back(self):
        file, _ = self._told()
        self.world.do(
            transcribe, "releaser", file_id=file.id, document_sha256=self._letter(),
            happened_on=self.world.now.date(), outcomes={}, others=Result.PAID,
        )  # fmt: skip
        body = WHY | {"act": "transcribe", "subject": f"file:{file.id}"}
        return self.here(body, who="releaser")

    def _returned(self):
        return self._told(Result.PAID, Result.RETURNED)

    @of(f"{T}/reissue", f"{T}/give_up")
    def _came_back(self):
        return self.here(WHY, reference=self._returned()[1])

    def _asked(self):
        file, reference = self._returned()
        asked = self.world.do(
            reissue, "labour_officer", reference=reference, banks=self.world.banks, **WHY
        )
        return file, asked.reference

    @of(f"{T}/countersign")
    def _countersign(self):
        return self.here(reference=self._asked()[1], who="approver")

    @of(f"{T}/decline")
    def _decline(self):
        return self.here(WHY, reference=self._asked()[1], who="approver")

    @of(f"POST {P}/sheets/{{sheet_id}}/bundle")
    def _bundle(self):
        file, reference = self._asked()
        self.world.do(countersign, "approver", reference=reference)
        return self.here(sheet_id=file.sheet_id)

    def _contradicted(self):
        return self._told(Result.REJECTED, Result.PAID)[1]

    @of(f"{T}/correct")
    def _correct(self):
        reference = self._contradicted()
        self.world.do(correct, "releaser", reference=reference, **WHY)
        return self.here(WHY, reference=reference, who="approver")

    @of(f"POST {P}/anomalies/{{anomaly_id}}/resolve")
    def _resolve(self):
        self._contradicted()
        with self.world.everything() as tx:
            number = tx.scalar(text("SELECT max(id) FROM anomaly WHERE resolved_at IS NULL"))
        return self.here({"resolution": "nothing"}, anomaly_id=number)


def _shown(file):
    return {"sha256": file.sha256, "count": file.count, "total": file.total}
