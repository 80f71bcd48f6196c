"""Checks of statements: an adapter reads what it says it reads, and refuses the rest by name."""

from __future__ import annotations

from disburse.adapter import NoStatements, UnreadableStatement
from disburse.kit.answers import STRANGE
from disburse.kit.verdict import Broken, Subject


def as_declared(subject: Subject) -> str:
    """Check that `read_statement` does what `Capabilities.statements` says.

    Foreign bytes, an empty file and a bank file of ours are refused, whether it reads any or none.
    """
    adapter = subject.adapter
    declared = adapter.capabilities.statements
    ours = b"".join(adapter.render(subject.batch))
    for what, content in {**STRANGE, "a file of ours": ours}.items():
        try:
            list(adapter.read_statement(content))
        except NoStatements as why:
            if declared:
                raise Broken(f"it declares {', '.join(declared)} and reads none") from why
        except UnreadableStatement as why:
            if not declared:
                raise Broken("it reads statements that `statements` does not name") from why
        else:
            raise Broken(f"it reads {what} as a statement")
    return ", ".join(declared) or "it reads no statements, and says so"
