"""What bank files of the Gulf's wage protection systems share: IBANs, what is net, what is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from adapters import _columns
from adapters._iban import checks
from adapters._wanted import Wanted
from disburse.adapter import Fault, Payment, Wage


def iban_faults(wanted: Wanted, number: str) -> Iterator[Fault]:
    """Yield what is wrong with an IBAN: its form, or else its check digits."""
    faults = tuple(wanted.faults(number))
    yield from faults
    if not faults and not checks(number):
        yield Fault(wanted.field, "bad-account", "no such IBAN: a digit is wrong; ask again")


def net_faults(payment: Payment, wage: Wage) -> Iterator[Fault]:
    """Yield a fault where the wage's items less its deductions are not what is paid."""
    if wage.gross - wage.deducted != payment.amount:
        detail = "the items less the deductions are not what is paid"
        yield Fault("wage.items", "amount", detail)


class Looking:
    """Whether nothing is wrong with payments of wages, where that is quickly seen."""

    def __init__(self, forms: Mapping[str, str], most: int) -> None:
        """Take each field's form, a regular expression, and the largest amount."""
        self._look = _columns.Looking(forms, most)

    def at_one(self, payment: Payment) -> bool:
        """Return whether a payment fits: its texts, its IBAN, and its wage's sum."""
        return self._look.at_one(payment) and checks(payment.account) and _is_net(payment)

    def at_all(self, some: Sequence[Payment]) -> bool:
        """Return whether each of many does."""
        return (
            self._look.at_all(some)
            and all(map(checks, {one.account for one in some}))
            and all(map(_is_net, some))
        )


def _is_net(payment: Payment) -> bool:
    wage = payment.wage
    return wage is not None and wage.gross - wage.deducted == payment.amount


def wages_of(some: Sequence[Payment]) -> list[Wage]:
    """Return the wages of payments of which none lacks it."""
    return [one.wage for one in some if one.wage is not None]


def earned(some: Sequence[Wage], places: Mapping[str, int], count: int) -> list[tuple[int, ...]]:
    """Return what was earned by `count` columns; items without a place are in the last one."""
    rows = []
    for wage in some:
        row = [0] * count
        for item, amount in wage.items:
            row[places.get(item, -1)] += amount
        rows.append(row)
    return list(zip(*rows, strict=True))
