"""CNAB240: salaries to accounts in Brazil, as FEBRABAN and as Itaú's SISPAG lay them out, and back.

Confirmed, by Itaú's SISPAG manual and files that Bradesco's Multipag validator judged: 240 columns
with CRLF, capitals without accents, files of lots of records, the columns of segment A and B,
payment forms and chambers, that a file number which does not increase is a duplicate, and that the
return is the same records with occurrences in columns 231 to 240.

Unconfirmed, and switches of the profile: the purpose code of a TED for salaries, whether a bank
wants segment B (Bradesco does, its manual says otherwise), and what some occurrences mean. The
worker's street and postcode are left blank, and an agency's own check digit: no sheet has them.
A file that Bradesco's validator passed has its lots' sums in other columns than FEBRABAN; here
they are where FEBRABAN has them. PIX is not written: banks want it in files of its own.

An account is written as agency (4 digits) and account number with check digit, together: agency
0427, account 50651-9 is 0427506519. The worker's CPF is the identity number of the line, identity
type foreign_card. A lot begins wherever payments at the own bank and at others take turns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from adapters._profiled import Profiled, given
from adapters.cnab240 import answer, example
from adapters.cnab240.profile import Profile, load
from adapters.cnab240.reader import read_back
from adapters.cnab240.writer import Writer
from disburse.adapter import Batch, ExampleAnswer, Head, Payment, Record

__all__ = ["Cnab240"]

CODE_VERSION = "1"  # the profile's own version and digest follow it


class Cnab240(Profiled[Profile]):
    """The adapter for one company at one bank."""

    def __init__(self, name: str, profile: Mapping[str, object] | None = None) -> None:
        """Check the whole profile, or raise `BadProfile`."""
        loaded = load(name, given(name, profile))
        super().__init__(name, loaded, Writer(loaded), CODE_VERSION)

    def file_name(self, batch: Batch) -> str:
        """Return a name that is unique because the batch's reference is."""
        return f"PGTO_{batch.reference}.REM"

    def read_back(self, content: Iterable[bytes]) -> Iterator[Head | Payment]:
        """Read a file that `render` wrote, or raise `UnreadableFile`."""
        return read_back(self._profile, content)

    def read_report(self, content: bytes) -> Iterator[Record]:
        """Read a return file, or raise `UnreadableReport` before the first record."""
        return answer.read_report(self._profile, content)

    def example_report(self, answer: ExampleAnswer) -> bytes:
        """Write a return file as the bank would, for the certification kit."""
        return example.report(self._profile, answer)
