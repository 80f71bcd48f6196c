"""`disburse confirm`: another organisation's word on people and keys, given over the service."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from disburse.cli import answer
from disburse.cli.sheet import URL, client_at
from disburse.domain.refusal import Refusal

KEY_BYTES: Final = 16
PATH: Final = "/v1/confirmations"
_COLUMNS: Final = ("name", "what", "organisation", "confirm by")


class NotWaiting(Refusal):
    """Nothing by that name waits for this caller's word."""

    code = "not-waiting"


@click.command(context_settings=answer.TAKES_KEY_ID)
@click.argument("names", nargs=-1, metavar="[LOGIN_OR_KID]...")
@URL
@answer.json_option
def confirm(*, names: Sequence[str], url: str, as_json: bool) -> None:
    """Confirm that you know these people, and that these keys are theirs.

    Without names: list what waits for your word. Ask each person, by telephone or face to face,
    whether the account is theirs; let a key's owner read the key id to you.
    """
    client = client_at(url)
    waits = client.call("GET", PATH, None, key="")
    if not names:
        _show(waits, as_json=as_json)
        return
    people = {one["login"]: one["roles"] for one in waits["people"]}
    keys = {one["kid"] for one in waits["keys"]}
    if unknown := [name for name in names if name not in people.keys() | keys]:
        raise NotWaiting(f"nothing waits for your word by the name of: {', '.join(unknown)}")
    asked: dict[str, list[Any]] = {
        "people": [{"login": one, "roles": people[one]} for one in names if one in people],
        "keys": [one for one in names if one in keys],
    }
    told = client.call("POST", PATH, asked, key=secrets.token_hex(KEY_BYTES))
    lines = [f"{one['login']} is {', '.join(one['roles'])}" for one in asked["people"]]
    lines += [f"key {kid} is good" for kid in asked["keys"]]
    answer.tell(told, as_json=as_json, lines=lines)


def _show(waits: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        answer.tell(waits, as_json=True)
        return
    rows = [
        [one["name"], ", ".join(one["roles"]), one["organisation_name"], one["login"]]
        for one in waits["people"]
    ]
    rows += [
        [one["login"] or "", f"{one['purpose']} key", one["organisation_name"], one["kid"]]
        for one in waits["keys"]
    ]
    answer.table("waits for your word", _COLUMNS, rows)
