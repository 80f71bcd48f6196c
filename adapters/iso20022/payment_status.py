"""Reads what a report says of one payment, by the forms that a report repeats (`adapters._forms`).

What `status_of` makes of an element, with its rules for what comes twice, is the meaning; here is
the quick way to the same for the elements in which nothing does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from adapters._forms import NOWHERE, Forms, Place, Planned
from adapters._xml import Element, child, local
from adapters.iso20022.status import Status, money_of, status_of

NAME: Final = "TxSts"  # the element with a payment's status code
# In the order in which `_Simple.status` takes them.
_FIELDS: Final = (
    NAME, "OrgnlEndToEndId", "OrgnlInstrId", "OrgnlMsgId", "OrgnlPmtInfId", "AcctSvcrRef", "StsId",
)  # fmt: skip
_AT_ONE_PLACE: Final = frozenset(
    {*_FIELDS, "GrpSts", "PmtInfSts", "FctvIntrBkSttlmDt", "StsRsnInf", "OrgnlTxRef"}
)


class PaymentStatuses:
    """The statuses of one report's payments."""

    def __init__(self) -> None:
        """Know no form yet."""
        self._forms: Forms[_Simple | None] = Forms(_plan)
        self.leave = self._forms.leave

    def read(self, element: Element) -> Status:
        """Return what `status_of` does."""
        simple, texts = self._forms.read(element)
        return status_of(element, NAME) if simple is None else simple.status(texts)

    def lift(self, content: bytes, at: int) -> tuple[Status, int] | None:
        """Return the same of what stands in a report's bytes, and its end (`Forms.lift`)."""
        found = self._forms.lift(content, at)
        if found is None:
            return None
        simple, texts, end = found
        return None if simple is None else (simple.status(texts), end)


class _Simple:
    """A form in which each field stands at one place at most."""

    def __init__(self, *, gives_reason: bool) -> None:
        self.gives_reason = gives_reason

    def status(self, texts: Sequence[str]) -> Status:
        """Return what the texts in the places of `_plan` say."""
        code, payment, instruction, message, block, own, identification, *more = texts
        on, cause, other_cause, amount, currency, *words = more
        return Status(
            code=code.strip(),
            reasons=((cause or other_cause).strip(),) if self.gives_reason else (),
            words="".join(words).strip(),
            file_reference=message.strip() or block.strip(),
            payment_reference=payment.strip() or instruction.strip(),
            amount=amount.strip(),
            currency=currency.strip(),
            evidence=own.strip() or identification.strip(),
            on=on.strip(),
            unclear=False,
            stated=(),
        )


def _plan(nodes: list[Element]) -> Planned[_Simple | None]:
    """Return where the fields of a payment's status stand; nowhere, unless it is simple."""
    element = nodes[0]
    counts = Counter(map(local, element))
    if "NbOfTxsPerSts" in counts or any(counts[name] > 1 for name in _AT_ONE_PLACE):
        return Planned(None, ())
    numbers = {node: at for at, node in enumerate(nodes)}

    def place(node: Element | None, attribute: str = "") -> Place:
        return NOWHERE if node is None else (numbers[node], attribute)

    given = child(element, "StsRsnInf")
    reason, original = child(given, "Rsn"), child(element, "OrgnlTxRef")
    money = None if original is None else money_of(original)
    words = () if given is None else given.iterfind("{*}AddtlInf")
    places = (
        *(place(child(element, name)) for name in _FIELDS),
        place(child(child(element, "FctvIntrBkSttlmDt"), "Dt")),
        place(child(reason, "Cd")),
        place(child(reason, "Prtry")),
        place(money),
        place(money, "Ccy"),
        *(place(one) for one in words),
    )
    return Planned(_Simple(gives_reason=given is not None), places)
