"""A world whose bank is reached by a transport, and workers that carry its files."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import text

from disburse.courier.carrying import carry
from disburse.courier.post import OutsideCount, Post
from disburse.domain.access import OrganisationKind
from disburse.queries.prove import prove
from disburse.steps.bank.claim import claim
from disburse.steps.parties.connect import connect
from disburse.transports import BadTransport
from tests.builders import ADAPTER, World
from tests.sheets import a_credit_code

BANK = a_credit_code(4)


def no_secret(name):
    raise BadTransport(name)


@dataclass(slots=True)
class Carrying:
    """What the tests of dispatch are about: the folders, the worker, the states."""

    world: World
    folder: object
    outbox: object = None
    inbox: object = None
    posts: dict = field(default_factory=dict)
    files: list = field(default_factory=list)
    loop: object = None  # what workers begin their transactions by

    def __post_init__(self):
        self.outbox, self.inbox = self.folder / "outbox", self.folder / "inbox"
        self.outbox.mkdir()
        self.inbox.mkdir()
        self.loop = self.loop or self.world.loop

    def connect(self, transport="directory", **settings):
        folders = {"outbox": str(self.outbox), "inbox": str(self.inbox)}
        with self.world.begin() as tx:
            return connect(
                tx,
                caller=self.world.caller("administrator"),
                bank=BANK,
                adapter=ADAPTER,
                transport=transport,
                settings=settings or (folders if transport == "directory" else {}),
                now=self.world.now,
            )

    def release(self, file, who="releaser"):
        shown = {"sha256": file.sha256, "count": file.count, "total": file.total}
        return self.world.do(claim, who, file_id=file.id, **shown)

    def released(self):
        """Return a bank file that waits for the worker."""
        _, [file] = self.world.exported()
        self.release(file)
        return file

    def post(self, name="worker", **changed):
        """Return a worker of this name, the same one every time."""
        if name not in self.posts or changed:
            values = {
                "begin": self.loop,
                "banks": self.world.banks,
                "clock": lambda: self.world.now,
                "name": name,
                "count": OutsideCount(self.folder / "dispatched"),
                "secret": no_secret,
            }
            self.posts[name] = Post(**values | changed)
        return self.posts[name]

    def carry(self, name="worker"):
        return carry(self.post(name))

    def wait(self, **time):
        self.world.now += timedelta(**time)

    def rows(self, query, **values):
        with self.world.loop() as tx:
            return [tuple(row) for row in tx.execute(text(query), values)]

    def file_state(self, file_id=None):
        rows = self.rows("SELECT id, state FROM bank_file ORDER BY id")
        return dict(rows)[file_id] if file_id else rows[0][1]

    def states(self):
        """Return the attempts' states; the books must be sound."""
        with self.world.loop() as tx:
            proof = prove(tx)
            assert proof.ok, proof
        return [state for (state,) in self.rows("SELECT state FROM attempt ORDER BY line, attempt")]

    def outcomes(self):
        return self.rows("SELECT number, outcome FROM transmission ORDER BY file_id, number")

    def member(self, name):
        return self.world.members[name]


__all__ = ["BANK", "Carrying", "OrganisationKind"]
