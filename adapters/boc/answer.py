"""Reads the acknowledgement of b2e0078: whether the bank has the request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adapters._bodies.answer import RECORDS_MAX, Said, file_record
from adapters._bodies.body import Body
from adapters._bodies.xml import decoded
from adapters._xml import Damaged, Element, child, closed, local, pieces_of, text
from disburse.adapter import Record, Result, UnreadableReport

TAKEN: Final = {"B001": Result.ACCEPTED}
PART: Final = "b2e0078-rs"
WHOLE: Final = "trn-b2e0078-rs"
ERROR: Final = "trn-b2eerror-rs"


def read_report(body: Body, content: bytes) -> Iterator[Record]:
    """Yield one answer a request. An error of the whole message answers nothing.

    Then, and for a damaged or another document, raises `UnreadableReport` before the first record.
    """
    parts: list[Said] = []
    status: Element | None = None
    found = ""
    try:
        pieces = decoded(pieces_of(content), body.encoding, "replace")
        for element in closed(pieces, (PART, WHOLE, ERROR, "bocb2e"), encoding="utf-8"):
            if local(element) == PART:
                parts.append(_said(element))
            elif local(element) in {WHOLE, ERROR}:
                found, status = local(element), child(element, "status")
            if len(parts) > RECORDS_MAX:
                raise UnreadableReport("the answer is far too long to be about one file")
    except Damaged as why:
        raise UnreadableReport(f"the answer is damaged ({why}); ask the bank again") from why
    if not found:
        raise UnreadableReport("this is no answer to b2e0078")
    code = text(status, "rspcod").strip()
    if found == ERROR or code not in TAKEN or not parts:
        words = text(status, "rspmsg").strip()[:100]
        raise UnreadableReport(
            f"the bank answered nothing ({code[:10]}: {words}); ask it whether it has the file",
            code=code[:10],
        )
    for position, said in enumerate(parts, start=1):
        yield file_record(position, said, TAKEN)


def _said(element: Element) -> Said:
    status = child(element, "status")
    return Said(
        reference=text(element, "insid").strip(),
        code=text(status, "rspcod").strip(),
        text=text(status, "rspmsg").strip(),
        evidence=text(element, "obssid").strip(),
    )
