"""CMB (招商银行) 代发工资: AgentRequest in XML, and BB6BTHHL in JSON; their queries' answers in.

Sources: github.com/sinri/CMBFirmBankSDK @2f3d208 (the bank's 5.37.0 guide, field by field, with its
examples as tests) for the XML; github.com/ahKevinXy/go-cmb @2829468 for the JSON. Two further
public clients carry their own serial number in TRSDSP, which comes back in the answers; so do we,
and the worker reads it as the payment's note. CNY only.

Unconfirmed: whether lengths count bytes (`lengths`); how other banks' cards are paid in all
details (`banks = "all"` fills EACBNK in every row, and EACCTY with one city for all of them); which
codes a batch has when only a part of it is paid (it is read as taken, and the rows decide).

The first answer to AgentRequest and BB6BTHHL does not name our file: it is quarantined with the
bank's own number. A list of returned payments (退票, NTAGDRFD) names file and row, and no reference
of ours: each is quarantined with both, and a person marks the payment. The signature of BB6BTHHL
(SM2 over the text with the placeholder in `sigdat`) is the connection's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from adapters._bodies.body import Body, BodyWriter
from adapters._bodies.json import read_json
from adapters._bodies.xml import read_xml
from adapters._profiled import Profiled, given
from adapters.cmb import agent_request, batch_json, example, json_answer, xml_answer
from disburse.adapter import Batch, ExampleAnswer, Head, Payment, Record

__all__ = ["CmbJson", "CmbXml"]

CODE_VERSION = "1"  # the profile's own version and digest follow it


class CmbXml(Profiled[Body]):
    """The adapter for AgentRequest, up to 6,000 payments in one body."""

    def __init__(self, name: str, profile: Mapping[str, object] | None = None) -> None:
        """Check the whole profile, or raise `BadProfile`."""
        body, banks = agent_request.load(name, given(name, profile))
        writer = BodyWriter(body, row_words=banks.words, more_faults=banks.faults)
        super().__init__(name, body, writer, CODE_VERSION)

    def file_name(self, batch: Batch) -> str:
        """Return a name that is unique because the batch's reference is."""
        return f"AgentRequest_{batch.reference}.xml"

    def read_back(self, content: Iterable[bytes]) -> Iterator[Head | Payment]:
        """Read a file that `render` wrote, or raise `UnreadableFile`."""
        return read_xml(self._profile, agent_request.ROW, agent_request.ROOT, content)

    def read_report(self, content: bytes) -> Iterator[Record]:
        """Read the answer to a query, or raise `UnreadableReport` before the first record."""
        return xml_answer.read_report(self._profile, content)

    def example_report(self, answer: ExampleAnswer) -> bytes:
        """Write GetAgentDetail's answer as the bank would, for the certification kit."""
        return example.in_xml(self._profile, answer)


class CmbJson(Profiled[Body]):
    """The adapter for BB6BTHHL, up to 1,000 payments in one body."""

    def __init__(self, name: str, profile: Mapping[str, object] | None = None) -> None:
        """Check the whole profile, or raise `BadProfile`."""
        body, banks = batch_json.load(name, given(name, profile))
        writer = BodyWriter(
            body,
            head_words=batch_json.head_words,
            row_words=banks.words,
            more_faults=banks.faults,
        )
        super().__init__(name, body, writer, CODE_VERSION)

    def file_name(self, batch: Batch) -> str:
        """Return a name that is unique because the batch's reference is."""
        return f"BB6BTHHL_{batch.reference}.json"

    def read_back(self, content: Iterable[bytes]) -> Iterator[Head | Payment]:
        """Read a file that `render` wrote, or raise `UnreadableFile`."""
        return read_json(self._profile, batch_json.ROWS, content)

    def read_report(self, content: bytes) -> Iterator[Record]:
        """Read the answer to a query, or raise `UnreadableReport` before the first record."""
        return json_answer.read_report(content)

    def example_report(self, answer: ExampleAnswer) -> bytes:
        """Write BB6BPDQY's answer as the bank would, for the certification kit."""
        return example.in_json(answer)
