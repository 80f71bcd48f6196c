"""Rewrites the golden files: `python -m tests.regenerate`, then look at `git diff fixtures`.

Every `golden.py` under tests/ is asked: its `files()` yields (path under fixtures/, bytes), the
same bytes every time. MANIFEST lists each file in fixtures/ with its SHA-256.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

TESTS = Path(__file__).parent
FIXTURES = TESTS.parent / "fixtures"


def golden() -> Iterator[tuple[str, bytes]]:
    """Yield every golden file that some `golden.py` makes, in a stable order."""
    for found in sorted(TESTS.rglob("golden.py")):
        name = ".".join(("tests", *found.relative_to(TESTS).with_suffix("").parts))
        yield from import_module(name).files()


def manifest() -> str:
    """Return MANIFEST's text for what is in fixtures/ now."""
    kept = sorted(
        path.relative_to(FIXTURES).as_posix()
        for path in FIXTURES.rglob("*")
        if path.is_file() and path.name != "MANIFEST" and not path.name.startswith(".")
    )
    return "".join(
        f"{hashlib.sha256((FIXTURES / name).read_bytes()).hexdigest()}  {name}\n" for name in kept
    )


def main() -> None:
    """Write every golden file and MANIFEST; tell of files that nobody makes any more."""
    made = set()
    for name, content in golden():
        path = FIXTURES / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        made.add(name)
    (FIXTURES / "MANIFEST").write_text(manifest(), encoding="utf-8")
    listed = {line.split("  ", 1)[1] for line in manifest().splitlines()}
    for name in sorted(listed - made):
        sys.stdout.write(f"made by hand, or left over: fixtures/{name}\n")


if __name__ == "__main__":
    main()
