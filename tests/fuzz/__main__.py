"""Fuzzes a reader: `python -m tests.fuzz NAME`, or every reader in turn without a name.

Readers are found, not listed: of each installed adapter with each profile it ships, the reports
(`report:ADAPTER`), our own files (`file:ADAPTER`) and statements (`statement:ADAPTER`). They start
from real files: golden ones, what the adapter itself writes, and crashers of earlier days.
Atheris (extra `fuzz`) watches which code each input reaches. What is raised besides the refusal
that the contract names is a crash; so are more than a minute for one input and 512 MiB.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["adapters"]):
    from tests.fuzz.readers import READERS, once_per_code, reader, seeds

MEMORY_MIB = 512
SECONDS_MAX = 60  # for one input
BYTES_MAX = 1 << 16  # longer inputs reach no other code, only later


def main() -> None:
    """Fuzz one reader in this process, or each in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("name", nargs="?", help="such as report:iso20022; all without one")
    parser.add_argument("--seconds", type=int, default=600, help="for each reader")
    parser.add_argument("--list", action="store_true", help="tell the readers and stop")
    parser.add_argument("--once", action="store_true", help="one profile of each adapter only")
    asked = parser.parse_args()
    readers = once_per_code() if asked.once else READERS
    if asked.list:
        sys.stdout.write("".join(f"{name}\n" for name in readers))
    elif asked.name is None:
        failed = [name for name in readers if not _alone(name, asked.seconds)]
        sys.stdout.write(f"{len(readers)} readers, crashed: {', '.join(failed) or 'none'}\n")
        sys.exit(bool(failed))
    else:
        _fuzz(asked.name, asked.seconds)


def _alone(name: str, seconds: int) -> bool:
    command = [sys.executable, "-m", "tests.fuzz", name, "--seconds", str(seconds)]
    before = _processor_seconds()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    runs = [line for line in done.stderr.splitlines() if line.startswith("Done ")]
    # a busy machine gives ten minutes of the clock, and half a minute of a processor
    had = f"{_processor_seconds() - before:.0f} of a processor"
    sys.stdout.write(f"{name}: {runs[-1] if runs else 'CRASHED'}, {had}\n")
    if done.returncode:
        sys.stdout.write(done.stdout[-4000:] + done.stderr[-4000:])
    sys.stdout.flush()
    return not done.returncode


def _processor_seconds() -> float:
    """Return what the processes that ended so far have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _fuzz(name: str, seconds: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    for number, content in enumerate(seeds(name)):
        (folder / str(number)).write_bytes(content[:BYTES_MAX])
    options = [
        f"-max_total_time={seconds}", f"-rss_limit_mb={MEMORY_MIB}", f"-timeout={SECONDS_MAX}",
        f"-max_len={BYTES_MAX}", "-print_final_stats=1", f"-artifact_prefix={folder}/crash-",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(folder)], reader(name))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
