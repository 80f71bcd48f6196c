"""`disburse board`: what stands still, as the service shows it to whoever asks."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

import click

from disburse.cli import answer
from disburse.cli.sheet import URL, client_at
from disburse.domain.finding import LANGUAGES

SHOWN_MAX: Final = 500  # rows of one page; `--json` tells the cursor of the next
KEY_BYTES: Final = 16
_DAY: Final = 24 * 3600
_HOUR: Final = 3600
_TITLES: Final = {
    "en": ("What", "Amount", "Age", "Who", "Stands still because", "You can"),
    "zh": ("事项", "金额", "停留", "由谁处理", "情况", "可以"),
}


@click.command()
@click.option("--project", type=int, metavar="NUMBER", help="[every project of yours]")
@click.option("--late", is_flag=True, help="Only what is late.")
@click.option("--cursor", help="Go on behind this page's `following`.")
@click.option("--lang", type=click.Choice(LANGUAGES), help="[the terminal's]")
@URL
@answer.json_option
def board(
    *,
    project: int | None,
    late: bool,
    cursor: str | None,
    lang: str | None,
    url: str,
    as_json: bool,
) -> None:
    """Show what stands still: since when, who has to act, what comes next, and what you can do."""
    asked = {"only_late": str(late).lower(), "limit": str(SHOWN_MAX)}
    if cursor:
        asked["cursor"] = cursor
    place = "/v1/board" if project is None else f"/v1/projects/{project}/board"
    client = client_at(url)
    key = secrets.token_hex(KEY_BYTES)
    told = client.call("GET", f"{place}?{urlencode(asked)}", None, key=key)
    if as_json:
        answer.tell(told, as_json=True)
        return
    language = lang or answer.usual_language()
    rows = [_row(one, language) for one in told["rows"]]
    answer.table({"en": "Stands still", "zh": "待处理事项"}[language], _TITLES[language], rows)
    if told["following"]:
        click.echo(f"--cursor {told['following']}")


def _row(one: Mapping[str, Any], language: str) -> tuple[object, ...]:
    sign = "! " if one["alarm"] else ""
    amount = "" if one["amount"] is None else f"{one['amount']} {one['currency']}"
    steps = [part for part in (one["next_act"], one["next_at"]) if part]
    why = "\n".join((one[language], *steps))
    return (
        f"{sign}{one['thing']} {one['id']} {one['state']}",
        amount if one["count"] is None else f"{amount} ({one['count']})",
        _age(one["age_seconds"]),
        one["owner_role"],
        f"{one['project']}: {why}",
        "\n".join(f"{way[language]} ({way['act']})" for way in one["exits"]),
    )


def _age(seconds: int) -> str:
    """Return an age in days, or in hours below two days."""
    if seconds >= 2 * _DAY:
        return f"{timedelta(seconds=seconds).days} d"
    return f"{seconds // _HOUR} h"
