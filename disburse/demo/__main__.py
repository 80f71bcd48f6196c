"""`python -m disburse.demo FILE`: the demo's bank pays a file and writes its 回盘 beside it."""

from __future__ import annotations

import sys
from pathlib import Path

from disburse.demo.bank import Word, read_order, write_answer
from disburse.demo.wages import PAY_ON, SEPTEMBER


def main() -> None:
    """Answer the file that the command line names: every payment paid."""
    [file] = map(Path, sys.argv[1:])
    order = read_order(file.read_bytes())
    words = {credit.reference: Word() for credit in order.credits}
    target = file.with_suffix(".report.txt")
    with target.open("xb") as new:
        new.write(write_answer(order, words, on=PAY_ON[SEPTEMBER]))
    sys.stdout.write(f"{target}\n")


if __name__ == "__main__":
    main()
