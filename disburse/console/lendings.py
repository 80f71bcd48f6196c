"""The page where a person lends a role to a colleague, and takes it back."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response

from disburse.console.account import number, signed_in
from disburse.console.look import Look, field
from disburse.console.sign_in import onward
from disburse.domain.access import Act, Role, require_proof
from disburse.domain.lending import LENT_FOR_MAX, NotLendable
from disburse.domain.refusal import Refusal
from disburse.domain.roles import LENDABLE
from disburse.steps.people.end_lending import end_lending
from disburse.steps.people.lend import lend
from disburse.storage import parties, tenancy


def add(routes: Blueprint, look: Look) -> None:
    """Add the page."""
    entrance = look.entrance

    @routes.get("/account/lend")
    def lend_page() -> Response:
        require_proof(signed_in(), Act.LEND)
        return _page(look)

    @routes.post("/account/lend")
    def lend_role() -> Response:
        try:
            role, last = _asked()
            with entrance.begin() as tx:
                tenancy.stand(tx, signed_in())
                lend(
                    tx,
                    caller=signed_in(),
                    project_id=parties.project_by_code(tx, field("project")).id,
                    login=field("login"),
                    role=role,
                    ends_on=last,
                    now=entrance.now(),
                )
        except Refusal as refusal:
            return _page(look, refusal=refusal)
        return onward("/account")

    @routes.post("/account/end_lending")
    def lending_end() -> Response:
        with entrance.begin() as tx:
            end_lending(
                tx,
                caller=signed_in(),
                project_id=number("project"),
                lending_id=number("lending"),
                now=entrance.now(),
            )
        return onward("/account")


def _asked() -> tuple[Role, date]:
    """Read role and last day from the form."""
    try:
        return Role(field("role")), date.fromisoformat(field("ends_on"))
    except ValueError:
        raise NotLendable("choose one of your roles, and its last day as YYYY-MM-DD") from None


def _page(look: Look, *, refusal: Refusal | None = None) -> Response:
    own = sorted({role for role, _ in signed_in().grants} & LENDABLE)
    typed = {name: field(name) for name in ("project", "login", "role", "ends_on")}
    return look.page("lend", refusal=refusal, own=own, typed=typed, days=LENT_FOR_MAX.days)
