"""A sheet paid through the UAE's Wages Protection System: the wage's facts reach the bank."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.uae_wps import UaeWps
from disburse.adapter import PaymentAnswer, Result
from disburse.domain.access import OrganisationKind
from disburse.domain.finding import Code
from disburse.domain.orders import Correction, write_correction
from disburse.domain.sheet import IdType, Payee
from disburse.queries.prove import prove
from disburse.signing import sign
from disburse.steps.bank.bundle import bundle
from disburse.steps.bank.countersign import countersign
from disburse.steps.bank.reissue import Unpayable, reissue
from disburse.storage import records
from disburse.storage.attempts import sealed_payee
from tests.builders import World, a_key
from tests.sheets import a_line, a_sheet_json

PROFILE = tomllib.loads(
    (Path(__file__).parents[2] / "adapters/profiles/example_uae_bank.toml").read_text("utf-8")
)
ADAPTER = "uae_wps:example_uae_bank"
ROUTING = "802420101"
ESTABLISHMENT = "0000000123456"


class Answering(UaeWps):
    """An agent bank that agreed on a layout for its answers, which the WPS has not published."""

    def read_report(self, content):
        reference, amount = content.decode().split()
        yield PaymentAnswer(
            position=1, reference=reference, result=Result.REJECTED, amount=int(amount),
            currency="AED",
        )  # fmt: skip


def an_iban(number):
    body = f"024{number:016d}"
    return f"AE{98 - int(f'{body}101400') % 97:02d}{body}"


def a_worker(place, **changed):
    return a_line(
        place, name=f"Worker {place}", id_type=IdType.FOREIGN_CARD, bank_code=ROUTING,
        id_number=f"{10_000_000_000_000 + place}", bank_name="", account=an_iban(place),
        mobile=f"+97150{place:07d}", **changed,
    )  # fmt: skip


@pytest.fixture
def emirates(begin):
    world = World(
        begin,
        adapter=ADAPTER,
        account={"currency": "AED", "bank_code": ROUTING, "number": an_iban(999)},
        registrations={OrganisationKind.SUBCONTRACTOR: ESTABLISHMENT},
        banks={ADAPTER: Answering(ADAPTER, PROFILE)},
        workers=0,
    )
    crew = [a_worker(place) for place in (1, 2, 3)]
    with begin() as tx:
        world.enrol(tx, crew)
    return world, crew


def sheet(*crew):
    return a_sheet_json(*crew, currency="AED", subcontractor=ESTABLISHMENT)


def test_a_wage_goes_with_its_items_to_the_bank_and_again_when_it_is_paid_again(emirates):
    world, crew = emirates
    sheet_id, files, [content] = world.sent(sheet(*crew))
    one, evp, *_, control, _ = content.decode("ascii").split("\r\n")
    who = f"10000000000001,{ROUTING}"
    assert one == f"EDR,{who},{an_iban(1)},2026-07-01,2026-07-31,31,4140.50,50.00,0"
    assert evp == f"EVP,{who},0.00,0.00,0.00,0.00,50.00,0.00,0.00"
    total = sum(line.net for line in crew)
    assert control == (
        f"SCR,{ESTABLISHMENT},{ROUTING},2026-08-05,0600,072026,3,"
        f"{total // 100}.{total % 100:02d},AED,{files[0].reference}"
    )

    # The bank gives one back; the subcontractor signs another account, and it is paid once more.
    [reference] = references(world, sheet_id, line=1)
    give_back(world, reference)
    again = pay_again(world, reference, a_payee(ROUTING))
    written = world.do(bundle, "releaser", sheet_id=sheet_id, banks=world.banks)
    retried = world.give(written[0]).decode("ascii").split("\r\n")
    assert retried[0] == f"EDR,{who},{an_iban(77)},2026-07-01,2026-07-31,31,4140.50,50.00,0"
    assert references(world, sheet_id, line=1) == [reference, again]
    with world.begin() as tx:
        assert prove(tx).ok


def test_a_correction_that_the_authority_would_refuse_is_no_reissue(emirates):
    world, crew = emirates
    sheet_id, _, _ = world.sent(sheet(*crew))
    [reference] = references(world, sheet_id, line=1)
    give_back(world, reference)
    with pytest.raises(Unpayable, match="bank_code"):
        pay_again(world, reference, a_payee("203320101"))


@pytest.mark.parametrize(
    ("changed", "column"),
    [({"id_number": "784199012345678"}, "id_number"), ({"bank_code": ""}, "bank_code"),
     ({"bank_code": "203320101"}, "bank_code")],
)  # fmt: skip
def test_what_a_line_lacks_for_the_authority_is_known_at_intake(emirates, changed, column):
    world, crew = emirates
    odd = replace(crew[1], **changed)
    got = world.receive(sheet(crew[0], odd, crew[2]))
    found = [(one.line, one.column) for one in got.findings if one.code is Code.UNPAYABLE]
    assert found == [(2, column)]


def test_a_bank_that_needs_no_wages_is_told_none(world):
    world.exported()
    with world.begin() as tx:
        rows = tx.execute(text("SELECT reference, payee FROM attempt")).all()
        payees = records.known(tx, [sealed_payee(world.project_id, row) for row in rows])
        told = sum("wage" in payee for payee in payees)
    assert told == 0


def references(world, sheet_id, *, line):
    query = "SELECT reference FROM attempt WHERE sheet_id = :s AND line = :l ORDER BY attempt"
    with world.begin() as tx:
        return [row.reference for row in tx.execute(text(query), {"s": sheet_id, "l": line})]


def give_back(world, reference):
    query = "SELECT amount FROM attempt WHERE reference = :r"
    with world.begin() as tx:
        amount = tx.execute(text(query), {"r": reference}).scalar_one()
    world.ingest(f"{reference} {amount}".encode())


def a_payee(routing):
    return Payee(name="Worker 1", account=an_iban(77), bank_code=routing, bank_name="")


def pay_again(world, reference, payee):
    order = write_correction(Correction(reference, payee, "another account"))
    asked = world.do(
        reissue, "labour_officer", reference=reference, reason="came back", order=order,
        signature=sign(order, a_key("subcontractor"), now=world.now), banks=world.banks,
    )  # fmt: skip
    world.now = asked.not_before
    world.do(countersign, "approver", reference=asked.reference)
    return asked.reference
