"""What reading a sheet's bytes gives: what could be read, and everything that is wrong."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from disburse.domain.finding import Code, Effect, Finding
from disburse.domain.refusal import Refusal
from disburse.domain.sheet import Header, Line

# One upload is held in memory while its signature is verified; 100,000 full lines take 80 MB.
BYTES_MAX: Final = 128 * 2**20
# Twelve times the largest site on record; the sender splits a larger sheet.
LINES_MAX: Final = 100_000
# A person reads a few dozen; what would be paid is never cut, see `Findings`.
FINDINGS_MAX: Final = 1_000


class UnreadableSheet(Refusal):
    """Nothing can be read from these bytes: wrong format, damaged, or over a limit."""

    code = "unreadable-sheet"


class Findings:
    """Collects findings; once the sheet is refused, more than `FINDINGS_MAX` are only counted.

    While the sheet may still be taken nothing is left out: a dropped blocker would be paid.
    """

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self.total = 0
        self._refusing = 0

    def add(self, finding: Finding) -> None:
        """Keep `finding`, or at least count it."""
        self.total += 1
        room = len(self.kept) < FINDINGS_MAX
        if finding.effect is Effect.REFUSES_SHEET:
            self._refusing += 1
            room = room or self._refusing <= FINDINGS_MAX  # blockers may have come first
        if room or not self._refusing:
            self.kept.append(finding)

    @property
    def refuses_sheet(self) -> bool:
        """Tell whether a finding refuses the whole sheet."""
        return self._refusing > 0

    def refuse(
        self,
        code: Code,
        column: str,
        value: str = "",
        *,
        line: int | None = None,
        row: int | None = None,
        facts: Mapping[str, object] | None = None,
    ) -> None:
        """Add a finding about one field; `value` is already masked."""
        self.add(Finding(code, line, row, column, value, facts or {}))


@dataclass(slots=True)
class Draft:
    """A sheet as far as its bytes could be read."""

    header: Header | None = None
    lines: list[Line] = field(default_factory=list)
    rows: array[int] = field(default_factory=lambda: array("I"))  # each line's place in the file
    seen: int = 0  # lines in the file, readable or not
    collected: Findings = field(default_factory=Findings)

    @property
    def findings(self) -> list[Finding]:
        """Return what is wrong, in the order in which it was found."""
        return self.collected.kept

    @property
    def findings_total(self) -> int:
        """Return how many findings there are, also when not all are kept."""
        return self.collected.total

    @property
    def complete(self) -> bool:
        """Tell whether every line of the file could be read."""
        return self.seen == len(self.lines)

    @property
    def refused(self) -> bool:
        """Tell whether a finding refuses the whole sheet."""
        return self.collected.refuses_sheet

    def add(self, line: Line | None, row: int) -> None:
        """Append a line that stands at `row`; None for one that could not be read.

        Raises `UnreadableSheet` over `LINES_MAX`.
        """
        self.seen += 1
        if self.seen > LINES_MAX:
            raise UnreadableSheet(
                f"the sheet has more than {LINES_MAX} lines; split it into several sheets",
                lines_max=LINES_MAX,
            )
        if line is not None:
            self.lines.append(line)
            self.rows.append(row)
