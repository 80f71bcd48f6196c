"""ICBC's PAYPER 0.0.1.0 (代发/报销, pay many accounts) out, QPAYPER's answer in.

Sources: public clients of ICBC's 银企互联 that were written independently of one another (Java, C#,
an open-API demonstration) agree on the tags, their order and GBK. Unconfirmed, and therefore keys
of the profile or left empty: that `PayAmt` counts fen (`amounts`; said of balances, and done by two
clients), which tag the bank gives back as the customer's own reference (`reference_tag`), whether
`StartDate` is the pay day (`start_date`), every length, the most rows, the words of `UseCode`. The
list of `Result` codes is from one client; 6, 7 and 8 from three.

The interface signs the body outside (NetSafe Client), so no signature is written here. Own cards
only unless the profile says `banks = "all"`: then each payment needs the payee's bank by its CNAPS
number and name, and `SysIOFlg` is 1 for ICBC (102…) and 2 for others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from adapters._bodies.body import Body, BodyWriter
from adapters._bodies.xml import read_xml
from adapters._profiled import Profiled, given
from adapters.icbc import answer, example
from adapters.icbc.layout import head_words, load
from disburse.adapter import Batch, ExampleAnswer, Head, Payment, Record

__all__ = ["Icbc"]

CODE_VERSION = "1"  # the profile's own version and digest follow it


class Icbc(Profiled[Body]):
    """The adapter for one customer of ICBC."""

    def __init__(self, name: str, profile: Mapping[str, object] | None = None) -> None:
        """Check the whole profile, or raise `BadProfile`."""
        body, banks = load(name, given(name, profile))
        writer = BodyWriter(
            body, head_words=head_words, row_words=banks.words, more_faults=banks.faults
        )
        super().__init__(name, body, writer, CODE_VERSION)

    def file_name(self, batch: Batch) -> str:
        """Return a name that is unique because the batch's reference is."""
        return f"PAYPER_{batch.reference}.xml"

    def read_back(self, content: Iterable[bytes]) -> Iterator[Head | Payment]:
        """Read a file that `render` wrote, or raise `UnreadableFile`."""
        return read_xml(self._profile, "rd", "CMS", content)

    def read_report(self, content: bytes) -> Iterator[Record]:
        """Read PAYPER's or QPAYPER's answer, or raise `UnreadableReport`."""
        return answer.read_report(self._profile, content)

    def example_report(self, answer: ExampleAnswer) -> bytes:
        """Write QPAYPER's answer as the bank would, for the certification kit."""
        return example.report(self._profile, answer)
