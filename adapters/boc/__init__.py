"""BOC (中国银行) b2e0078, 代发/报销 in one request; its acknowledgement in.

Source: github.com/comeyoung/bankDirectConnection @b60f9ee and two further public clients, for the
tags, their order and the reply; unconfirmed as a whole. Keys of the profile, because nobody says
it: in which tag our reference goes out (`reference_tag`), the lengths' unit, the most rows, what
the purpose codes mean. One request pays BOC's own cards (`crdtyp` 7, with the province's two
digits) or other banks' cards by CNAPS number (`crdtyp` 6), never both: use two profiles.

The reply says that the bank has the request, by our file's reference, and nothing of a payment:
whether it was paid says the account's statement. A code other than B001 is no rejection, because
no list of codes is public: it is quarantined, and a person asks the bank. Session and token
(b2e0001) are the connection's business; `token` goes out empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from adapters._bodies.body import Body, BodyWriter
from adapters._bodies.xml import read_xml
from adapters._profiled import Profiled, given
from adapters.boc.answer import read_report
from adapters.boc.layout import ROOT, ROW, load
from disburse.adapter import Batch, Head, Payment, Record

__all__ = ["Boc"]

CODE_VERSION = "1"  # the profile's own version and digest follow it


class Boc(Profiled[Body]):
    """The adapter for one customer of BOC and one kind of cards."""

    def __init__(self, name: str, profile: Mapping[str, object] | None = None) -> None:
        """Check the whole profile, or raise `BadProfile`."""
        body, cards = load(name, given(name, profile))
        super().__init__(name, body, BodyWriter(body, more_faults=cards.faults), CODE_VERSION)

    def file_name(self, batch: Batch) -> str:
        """Return a name that is unique because the batch's reference is."""
        return f"b2e0078_{batch.reference}.xml"

    def read_back(self, content: Iterable[bytes]) -> Iterator[Head | Payment]:
        """Read a file that `render` wrote, or raise `UnreadableFile`."""
        return read_xml(self._profile, ROW, ROOT, content)

    def read_report(self, content: bytes) -> Iterator[Record]:
        """Read the acknowledgement, or raise `UnreadableReport`."""
        return read_report(self._profile, content)
