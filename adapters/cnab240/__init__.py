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

from adapters._profiled import Answered, Answers, Format
from adapters.cnab240 import answer, example
from adapters.cnab240.profile import Profile, load
from adapters.cnab240.reader import read_back
from adapters.cnab240.writer import Writer
from disburse.adapter import Batch

__all__ = ["Cnab240"]

CODE_VERSION = "1"  # the profile's own version and digest follow it


class Cnab240(Answered[Profile]):
    """The adapter for one company at one bank."""

    FORMAT = Format(load, Writer, read_back, CODE_VERSION)
    ANSWERS = Answers(answer.read_report, example.report)

    def file_name(self, batch: Batch) -> str:
        """Return a name that is unique because the batch's reference is."""
        return f"PGTO_{batch.reference}.REM"
