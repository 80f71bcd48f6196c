"""`disburse` and `python -m disburse`: the command line."""

from __future__ import annotations

from disburse.cli.program import program


def main() -> None:
    """Run the command that the arguments name."""
    program(prog_name="disburse")


if __name__ == "__main__":
    main()
