"""What the bank's letters mean, of a payment and of a whole file."""

from __future__ import annotations

from typing import Final

from disburse.adapter import Result

# STSCOD of a row. The old and the new interface name failure and waiting differently.
PAYMENT: Final = {
    "S": Result.PAID,
    "F": Result.REJECTED,
    "E": Result.REJECTED,
    "C": Result.CANCELLED,
    "A": Result.PENDING,
    "I": Result.PENDING,
}
# REQSTA while the file is on its way; once it is "FIN", RTNFLG says how it ended.
UNDERWAY: Final = dict.fromkeys(("OPR", "AUT", "NTE", "APW", "WRF"), Result.PENDING) | {
    "BNK": Result.ACCEPTED
}
# S: done, but not for every row: those decide. B (退票), U (挂账) and T (退款) are for people.
FINISHED: Final = {
    "S": Result.PENDING,
    "F": Result.REJECTED,
    "R": Result.REJECTED,
    "D": Result.REJECTED,
    "C": Result.REJECTED,
}
FILE: Final = UNDERWAY | FINISHED


def of_file(state: str, flag: str) -> str:
    """Return the one code that decides about a file."""
    return flag if state == "FIN" else state
