"""Asks for known faults of what is installed: `audit.py SITE_PACKAGES FOLDER`.

Ends with 0 when none is known, 1 when one is, and 77 when that could not be found out: a gate that
is red because a network is missing is soon looked at by nobody. pip-audit gets an environment of
its own in FOLDER, so that it brings nothing into ours.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
import venv
from collections.abc import Sequence
from pathlib import Path

SKIPPED = 77  # as automake has it
SECONDS_MAX = 300  # for the installation, and for the questions; nobody waits for it meanwhile


def judge(report: str) -> tuple[int, list[str]]:
    """Return the exit status that a report of pip-audit deserves, and what to say."""
    try:
        found = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return SKIPPED, ["skipped: pip-audit made no report"]
    asked = [one for one in found if "skip_reason" not in one]
    faults = [
        f"{one['name']} {one['version']}: {fault['id']}, mended in "
        f"{', '.join(fault['fix_versions']) or 'no version yet'}"
        for one in asked
        for fault in one["vulns"]
    ]
    if faults:
        return 1, faults
    unknown = len(found) - len(asked)
    if unknown * 2 > len(found):  # a service that answers and knows nothing is none
        return SKIPPED, [f"skipped: the service knows nothing of {unknown} in {len(found)}"]
    return 0, [f"no fault is known of {len(asked)}; {unknown} could not be asked for"]


def _pinned() -> str:
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    [requirement] = settings["project"]["optional-dependencies"]["audit"]
    return str(requirement)


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  (our own words only)
        command, capture_output=True, text=True, check=False, timeout=SECONDS_MAX
    )


def main(said: Sequence[str]) -> int:
    """Install, ask, and say how it went."""
    packages, folder = said
    try:
        venv.create(folder, with_pip=True)
        done = _run(f"{folder}/bin/pip", "install", "-q", _pinned())
        if done.returncode:
            status, lines = SKIPPED, ["skipped: pip-audit cannot be installed here"]
        else:
            asked = ("--path", packages, "--format", "json", "--progress-spinner", "off")
            done = _run(f"{folder}/bin/pip-audit", *asked)
            status, lines = judge(done.stdout)
    except subprocess.TimeoutExpired:
        status, lines = SKIPPED, [f"skipped: no answer within {SECONDS_MAX} s"]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
