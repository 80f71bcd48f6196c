"""Reads the answers to GetAgentInfo, GetAgentDetail, AgentRequest, and the list of returns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adapters._bodies.answer import RECORDS_MAX, Said, file_record, payment_record
from adapters._bodies.body import Body
from adapters._bodies.xml import decoded
from adapters._xml import Damaged, Element, child, closed, forget, local, pieces_of, text
from adapters.cmb import codes
from adapters.cmb.agent_request import ROOT
from disburse.adapter import Quarantined, Record, UnreadableReport

DETAIL: Final = "NTQATDQYZ"
SUMMARY: Final = "NTQATSQYZ"
RETURNED: Final = "NTAGDRFDZ1"
TAKEN: Final = "NTREQNBRY"


def read_report(body: Body, content: bytes) -> Iterator[Record]:
    """Yield each section's answer in the document's order.

    A return code other than 0 answers nothing (the query failed, the file may still be paid): then,
    and for a damaged or another document, raises `UnreadableReport` before the first record.
    """
    records: list[Record] = []
    code, words = "", ""
    try:
        pieces = decoded(pieces_of(content), body.encoding, "replace")
        sections = (DETAIL, SUMMARY, RETURNED, TAKEN, ROOT)
        for element in closed(pieces, sections, encoding="utf-8"):
            if local(element) == ROOT:
                info = child(element, "INFO")
                code, words = text(info, "RETCOD").strip(), text(info, "ERRMSG").strip()
                continue
            records.append(_record(element, len(records) + 1))
            forget(element)
            if len(records) > RECORDS_MAX:
                raise UnreadableReport("the answer is far too long to be about one file")
    except Damaged as why:
        raise UnreadableReport(f"the answer is damaged ({why}); ask the bank again") from why
    if not code:
        raise UnreadableReport("this is no answer of the bank to a request of ours")
    if code != "0":
        raise UnreadableReport(
            f"the bank answered nothing (RETCOD {code[:10]}: {words[:100]}); ask it again",
            code=code[:10],
        )
    yield from records


def _record(element: Element, position: int) -> Record:
    def of(name: str) -> str:
        return text(element, name).strip()

    match local(element):
        case "NTQATDQYZ":
            said = Said(
                reference=of("TRSDSP"), code=of("STSCOD"), amount=of("TRSAMT"),
                reason=of("ERRCOD"), text=of("ERRDSP"),
            )  # fmt: skip
            return payment_record(position, said, codes.PAYMENT)
        case "NTQATSQYZ":
            said = Said(
                reference=of("YURREF"), code=codes.of_file(of("REQSTA"), of("RTNFLG")),
                text=of("ERRDSP"), evidence=of("REQNBR"),
            )  # fmt: skip
            return file_record(position, said, codes.FILE)
        case "NTAGDRFDZ1":
            return Quarantined(
                position=position,
                reason=f"returned (退票): row {of('BTHDTL')[:8]} of file {of('YURREF')[:30]},"
                f" {of('TRSAMT')[:20]} on {of('TRSDAT')[:8]}, code {of('ERRCOD')[:10]}; mark it",
            )
        case _:
            return Quarantined(
                position=position,
                reason=f"the bank took a request as its number {of('REQNBR')[:20]}; the answer does"
                " not name our file: ask GetAgentInfo with its reference",
            )
