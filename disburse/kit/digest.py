"""`python -m disburse.kit.digest NAME [PROFILES [LIKE]]`: the example, digested."""

from __future__ import annotations

import sys
from pathlib import Path

from disburse.kit import files
from disburse.kit.trial import subject_of


def main(name: str, profiles: str = "", like: str = "") -> None:
    """Write the SHA-256 of the example file, in hexadecimal, to standard output."""
    folder, batch = (Path(one) if one else None for one in (profiles, like))
    sys.stdout.write(files.digest(subject_of(name, folder, batch)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
