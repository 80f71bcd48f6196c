"""A site where every list has something in it, and what can truthfully be said there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import count
from pathlib import Path

from sqlalchemy import text

from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.access import Act, OrganisationKind
from disburse.domain.money import write
from disburse.domain.refusal import Refusal
from disburse.domain.signed_in import Factor
from disburse.storage import sessions
from tests.architecture.test_access import BODIES
from tests.attacks.truths import Known
from tests.attacks.truths_of_files import FileTruths
from tests.attacks.truths_of_money import MoneyTruths
from tests.attacks.truths_of_parties import PartyTruths
from tests.attacks.truths_of_people import PeopleTruths
from tests.attacks.under_way import NEXT, UnderWay
from tests.builders import World, loaded_banks
from tests.courier.test_unknown import Deduplicating
from tests.http.site import Site
from tests.sheets import a_credit_code, a_line, a_sheet_json, lines

MONTHS = tuple(date(2026, month, 1) for month in (3, 4, 5, 6, 7))
TOPICS = (PeopleTruths, PartyTruths, MoneyTruths, FileTruths)
STRANGER = "62000000000000000999"  # an account that nobody announced


def a_months_sheet(world, month):
    return a_sheet_json(*lines(world.workers), period=month, worked_from=month, worked_to=month)


@dataclass
class Filled:
    """One site after some months; the last ones are still under way."""

    site: Site
    folder: Path  # of the files that a worker carries to the bank
    known: dict[Act, Known] = field(default_factory=dict)  # what may be said of anything like it
    true: dict[str, object] = field(default_factory=dict)  # what makes the truth, by operation
    blocked: dict[str, str] = field(default_factory=dict)  # by which refusal, by operation
    references: tuple[str, ...] = ()
    under_way: UnderWay | None = None
    _numbers: object = field(default_factory=lambda: count(1))

    @classmethod
    def of(cls, begin, folder):
        banks = {name: Deduplicating(bank) for name, bank in loaded_banks().items()}
        made = cls(Site(World(begin, banks=banks)), folder)
        made.under_way = UnderWay(made.site)
        made._pay()
        made._say()
        for topic in TOPICS:
            made.true |= topic(made).by_operation()
        return made

    def fresh(self):
        """Return a number that nothing here was called by yet."""
        return next(self._numbers)

    def says(self, label, act, number):
        """Return a request that makes sense, or None where none was thought of."""
        if label in self.true:
            try:
                return self.true[label]()
            except Refusal as refusal:
                self.blocked[label] = str(refusal)
                return None
        known = self.known.get(act)
        return known(number) if callable(known) else known

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
        _, _, [content] = world.sent(april)
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
        for act in NEXT:
            self.known[act] = partial(self._next, act)
        self.known[Act.BOOK] = self._quiet_day
        self.known[Act.ENROL] = lambda number: Known(self._hired(number), project)
        for act, body, places in (
            (Act.REVEAL, BODIES[Act.REVEAL], {"sheet_id": self.received, "line": 1}),
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
            places, said = self.under_way.next_is(act)
        except Refusal:
            return Known(body, project)
        return Known(body | said if body else None, project | places)

    def _quiet_day(self, number):
        """Return a statement of a day on which nothing was booked."""
        booked = write(self.world.booked, "CNY")
        day = {"reference": f"quiet day {number}", "opening": booked, "closing": booked}
        return Known(BODIES[Act.BOOK] | day, {"project_id": self.world.project_id})

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
        """Return the places of addresses that lead somewhere, by name.

        Whom the others need, nobody disables at random, and what they pay from, nobody freezes.
        """
        with self.world.operating() as tx:
            kids = tuple(tx.scalars(text("SELECT kid FROM signing_key")))
            others = [
                self.world.add_member(
                    tx, OrganisationKind.GENERAL_CONTRACTOR, f"other {self.fresh()}"
                )
                for _ in range(3)
            ]
        logins = [login for login, one in self.world.members.items() if one in others]
        return {
            "reference": self.references, "login": [one for one in logins if "@" in one],
            "kid": kids, "account_id": (self.world.account_id + 1, self.world.account_id + 2),
        }  # fmt: skip
