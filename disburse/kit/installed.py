"""Every adapter that is installed, in every form in which it can be enabled."""

from __future__ import annotations

from disburse import banks
from disburse.adapter import BadProfile


def every() -> tuple[str, ...]:
    """Load every installed adapter, alone if it needs no profile, and with those it ships.

    Returns their names, as they are enabled.
    """
    names = []
    for one in banks.announced():
        try:
            banks.load([one.name])
            names.append(one.name)
        except BadProfile:
            pass  # it is nothing without a profile
        names += [f"{one.name}:{profile}" for profile in one.profiles]
    return tuple(names)
