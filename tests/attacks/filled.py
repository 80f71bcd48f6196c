"""A site where every list has something in it, and what can truthfully be said there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from sqlalchemy import text

from disburse import signing
from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.access import Act
from disburse.domain.money import write
from disburse.domain.refusal import Refusal
from disburse.domain.signed_in import Factor
from disburse.storage import sessions
from tests.architecture.test_access import BODIES
from tests.attacks.under_way import NEXT, UnderWay
from tests.builders import ADAPTER, World, a_key
from tests.http.site import Site
from tests.sheets import a_credit_code, a_line, a_sheet_csv, a_sheet_json, lines

MONTHS = tuple(date(2026, month, 1) for month in (3, 4, 5, 6, 7))
STRANGER = "62000000000000000999"  # an account that nobody announced


@dataclass(frozen=True)
class Known:
    """A request that makes sense: places in its address, its body, and headers besides."""

    body: object = None
    places: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


def a_months_sheet(world, month):
    return a_sheet_json(*lines(world.workers), period=month, worked_from=month, worked_to=month)


@dataclass
class Filled:
    """One site after some months; the last ones are still under way."""

    site: Site
    known: dict[Act, Known] = field(default_factory=dict)
    references: tuple[str, ...] = ()
    _under_way: UnderWay | None = None

    @classmethod
    def of(cls, begin):
        made = cls(Site(World(begin)))
        made._under_way = UnderWay(made.site)
        made._pay()
        made._say()
        return made

    @property
    def world(self):
        return self.site.world

    def _pay(self):
        """Leave a month answered, one on its way, one written, one funded, and one received."""
        world = self.world
        march, april, may, june, july = (a_months_sheet(world, month) for month in MONTHS)
        _, _, [content] = world.sent(march)
        order = read_order(content)
        self.references = tuple(credit.reference for credit in order.credits)
        words = {reference: Word() for reference in self.references}
        words[self.references[0]] = Word("returned", "AC01")
        report = write_answer(order, words, on=world.now.date())
        world.ingest(report)
        _, [self.unsure], [content] = world.sent(april)
        later = read_order(content)
        answered = {credit.reference: Word() for credit in later.credits}
        report = write_answer(later, answered, on=world.now.date())
        self.known[Act.INGEST] = Known(
            report, {"project_id": world.project_id}, media_type="application/octet-stream"
        )
        world.exported(may)
        world.funded(june)
        self.received = world.receive(july).sheet.id
        world.book((50_000_00, "", STRANGER))

    def _say(self):
        """Write down a body for every act that takes one, which fits this site."""
        project = {"project_id": self.world.project_id}
        for act, body in BODIES.items():
            self.known[act] = Known(body, project)
        bank = {"bank": a_credit_code(4), "adapter": ADAPTER}
        for act in NEXT:
            self.known[act] = partial(self._next, act)
        self.known[Act.RECEIVE] = self._receiving
        self.known[Act.BOOK] = self._quiet_day
        self.known[Act.OPEN_ACCOUNT] = lambda number: Known(
            BODIES[Act.OPEN_ACCOUNT] | bank | {"number": f"10177{number:08d}"}
        )
        self.known[Act.START_PROJECT] = lambda number: Known(
            BODIES[Act.START_PROJECT]
            | {"code": f"P-{number}", "owner": a_credit_code(3), "region": "620200",
               "general_contractor": a_credit_code(1), "ends_on": "2027-08-05"}
        )  # fmt: skip
        self.known[Act.ENROL] = lambda number: Known(self._hired(number), project)
        for act, body, places in (
            (Act.REVEAL, BODIES[Act.REVEAL], {"sheet_id": self.received, "line": 1}),
            (Act.REISSUE, BODIES[Act.REISSUE], {"reference": self.references[0]}),
            (Act.RETRANSMIT, BODIES[Act.RETRANSMIT], {"file_id": self.unsure.id}),
            (Act.CONNECT, bank | {"transport": "directory", "settings": {}}, {}),
            (
                Act.GRANT_ROLES,
                {"roles": ["approver"]},
                {"login": "finance_viewer@general_contractor"},
            ),
            (
                Act.READ_PAYOUTS,
                {"id_type": "resident_card", "id_number": lines(1)[0].id_number},
                {},
            ),
        ):
            self.known[act] = Known(body, project | places)

    def _next(self, act, _):
        """Return a request whose turn it is; what forbids it by now, the route says itself."""
        project = {"project_id": self.world.project_id}
        body = BODIES.get(act)
        try:
            places, said = self._under_way.next_is(act)
        except Refusal:
            return Known(body, project)
        return Known(body | said if body else None, project | places)

    def _quiet_day(self, number):
        """Return a statement of a day on which nothing was booked."""
        booked = write(self.world.booked, "CNY")
        day = {"reference": f"quiet day {number}", "opening": booked, "closing": booked}
        return Known(BODIES[Act.BOOK] | day, {"project_id": self.world.project_id})

    def _receiving(self, number):
        """Return the signed sheet of yet another month, of one worker."""
        month = date(2025 - number // 12, 1 + number % 12, 1)
        content = a_sheet_csv(a_line(1), period=month, worked_from=month, worked_to=month)
        signed = signing.sign(content, a_key("subcontractor"), now=self.world.now)
        project = {"project_id": self.world.project_id}
        return Known(content.decode(), project, {"Disburse-Signature": signed}, "text/csv")

    def _hired(self, number):
        """Return yet another worker for the roster."""
        line = a_line(1_000 + number)
        told = {name: getattr(line, name) for name in ("name", "id_type", "id_number", "account")}
        return {"registration": a_credit_code(2), "workers": [told | {"joined_on": "2026-08-01"}]}

    def session(self, name):
        """Return the secret of a session that somebody just proved."""
        with self.world.unbound() as tx:
            opened, _ = sessions.begin(
                tx, member_id=self.world.caller(name).member_id, browser="tests",
                factor=Factor.TOTP, at=self.world.now,
            )  # fmt: skip
        return opened.token

    def numbers(self):
        """Return the places of addresses that lead somewhere, by name."""
        with self.world.operating() as tx:
            kids = tuple(tx.scalars(text("SELECT kid FROM signing_key")))
        logins = tuple(login for login in self.world.members if "@" in login)
        return {"reference": self.references, "login": logins[:5], "kid": kids}
