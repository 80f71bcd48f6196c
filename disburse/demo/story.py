"""The whole story, act by act, from an empty database to two months' wages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from disburse.demo import august, september, stage
from disburse.demo.set_up import set_up
from disburse.demo.showing import show_end, show_proof
from disburse.demo.site import Site
from disburse.demo.summary import as_json, leave_history, summary
from disburse.queries.prove import prove
from disburse.storage.engine import read_only

ACTS: Final[tuple[Callable[[Site], None], ...]] = (
    set_up,
    august.submit_sheets,
    august.review_sheets,
    august.allocate,
    august.pay_two,
    august.pay_late,
    august.come_back,
    august.pay_again,
    september.mend_roster,
    september.submit_sheets,
    september.declare_money,
    september.confirm_and_pay,
)


def play(site: Site, folder: Path, *, advance: Callable[[], None]) -> dict[str, Any]:
    """Play every act on an empty database, leave the outputs, and return the summary.

    `advance` is called after each act and once at the end.
    """
    for act in ACTS:
        act(site)
        advance()
    site.teller.chapter("end")
    show_end(site)
    leave_history(site)
    with read_only(site.loop)() as tx:
        proof = prove(tx, deep=True)
    show_proof(site.teller, proof)
    told = summary(site, proof, folder)
    stage.write(folder / "summary.json", as_json(told))
    advance()
    return told
