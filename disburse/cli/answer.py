"""How the command line answers: one JSON object, or text and tables for people."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any, Final, TypeVar

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    track,
)
from rich.table import Table

from disburse.domain.finding import LANGUAGES, Effect, Finding, Language, say
from disburse.domain.refusal import Refusal
from disburse.sheetfile.columns import HEADER, LINE

WIDTH_MIN: Final = 120  # of a table that goes to a file, so that rows stay whole
# For commands that take a key id: one in 64 begins with a hyphen, and is no option for that.
TAKES_KEY_ID: Final = {"ignore_unknown_options": True}
FINDINGS_SHOWN_MAX: Final = 200  # on a screen; --json has all of them
_JSON: Final = "disburse.json"
_LANGUAGE: Final = "disburse.language"

_TITLES: Final[Mapping[Language, Sequence[str]]] = {
    "en": ("Row", "Field", "Value", "What to do", ""),
    "zh": ("行", "栏目", "内容", "说明", ""),
}
_EFFECTS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        Effect.REFUSES_SHEET: "refused",
        Effect.BLOCKS_LINE: "line blocked",
        Effect.ADVISES: "advice",
    },
    "zh": {Effect.REFUSES_SHEET: "退回", Effect.BLOCKS_LINE: "本行暂停", Effect.ADVISES: "提示"},
}
Row = TypeVar("Row")
Command = TypeVar("Command", bound=Callable[..., object])


def json_option(command: Command) -> Command:
    """Give a command `--json`, which it gets as `as_json`."""

    def remember(ctx: click.Context, _: click.Parameter, value: bool) -> bool:  # noqa: FBT001
        ctx.meta[_JSON] = value
        return value

    option = click.option(
        "--json", "as_json", is_flag=True, callback=remember, help="Answer as one JSON object."
    )
    return option(command)


def lang_option(command: Command) -> Command:
    """Give a command `--lang`, which says in what language findings are told."""

    def remember(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
        ctx.meta[_LANGUAGE] = value or usual_language()

    option = click.option(
        "--lang",
        type=click.Choice(LANGUAGES),
        callback=remember,
        expose_value=False,
        help="Language of findings; usually that of the terminal.",
    )
    return option(command)


def tell(facts: Mapping[str, object], *, as_json: bool, lines: Iterable[str] = ()) -> None:
    """Answer `facts` as JSON, or `lines` to a person; without lines, the facts one per line."""
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False, default=_plain))
        return
    for line in lines or (f"{name.replace('_', ' ')}: {_shown(facts[name])}" for name in facts):
        click.echo(line)


def table(title: str, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Show a table; numbers stand to the right."""
    kept = [list(row) for row in rows]
    if not kept:
        click.echo(f"{title}: none")
        return
    shown = Table(title=title, title_justify="left")
    for place, name in enumerate(names):
        number = all(isinstance(row[place], int) for row in kept)
        # the first says what the row is about: it is never broken, to be found and copied
        shown.add_column(
            name, justify="right" if number else "left", no_wrap=place == 0, overflow="fold"
        )
    for row in kept:
        shown.add_row(*(escape(_shown(cell)) for cell in row))
    _console(stderr=False).print(shown)


def waiting(what: str) -> Any:  # noqa: ANN401  (rich's context manager)
    """Show on a terminal, while the block runs, that `what` is going on."""
    return _console(stderr=True).status(escape(what))


def progress(rows: Sequence[Row], what: str) -> Iterable[Row]:
    """Walk `rows` and show on a terminal how far it is."""
    console = _console(stderr=True)
    return track(rows, what, console=console, disable=not console.is_terminal, transient=True)


@contextmanager
def counting(total: int, what: str, *, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how much of `total` is done; the block says how much it did."""
    console = _console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    silent = quiet or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=silent) as bar:
        task = bar.add_task("", total=total)
        yield lambda count: bar.advance(task, count)


def findings_of(found: Iterable[Finding]) -> list[dict[str, object]]:
    """Return findings as JSON tells them, the same as the API does."""
    return [
        {
            "code": one.code,
            "effect": one.effect,
            "line": one.line,
            "row": one.row,
            "column": one.column,
            "value": one.value,
            "clearable": one.clearable,
            "en": say(one, "en"),
            "zh": say(one, "zh"),
        }
        for one in found
    ]


def show_findings(found: Sequence[Mapping[str, Any]]) -> None:
    """Show findings on standard error, worst first, then by row."""
    if not found:
        return
    language: Language = click.get_current_context().meta.get(_LANGUAGE) or usual_language()
    order = list(Effect)
    rows = sorted(found, key=lambda one: (order.index(one["effect"]), one["row"] or 0))
    shown = Table()
    for name in _TITLES[language]:
        shown.add_column(name, overflow="fold")
    for one in rows[:FINDINGS_SHOWN_MAX]:
        where = one["row"] if one["row"] is not None else one["line"]
        shown.add_row(
            _shown(where),
            escape(_label(one["column"], language)),
            escape(one["value"]),
            escape(one[language]),
            _EFFECTS[language][one["effect"]],
        )
    _console(stderr=True).print(shown)
    if len(rows) > FINDINGS_SHOWN_MAX:
        fail(f"… and {len(rows) - FINDINGS_SHOWN_MAX} more; --json has all of them")


def refuse(ctx: click.Context, refusal: Refusal) -> None:
    """Tell a refusal: one line, and every finding; also as JSON where that was asked for."""
    told = refusal.facts.get("findings")
    found = told if isinstance(told, list) else findings_of(getattr(refusal, "findings", ()))
    with ctx.scope(cleanup=False):
        if ctx.meta.get(_JSON):
            facts = {"refused": refusal.code, "detail": refusal.detail, "findings": found}
            click.echo(json.dumps(facts, ensure_ascii=False, default=_plain))
        else:
            show_findings(found)
    fail(f"refused ({refusal.code}): {refusal.detail}")


def fail(line: str) -> None:
    """Say on standard error why nothing came of it."""
    click.echo(line, err=True)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr)
    if not console.is_terminal:
        console.width = max(console.width, WIDTH_MIN)
    return console


def usual_language() -> Language:
    """Return the language of the terminal."""
    chosen = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG", "")
    return "zh" if chosen.startswith("zh") else "en"


def _label(name: str, language: Language) -> str:
    """Return what a person calls a field of a sheet or of a table of a set-up."""
    table, colon, field = name.rpartition(": ")
    column = LINE.get(field) or HEADER.get(field)
    return table + colon + (column.label(language) if column else field)


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _plain(value: object) -> object:
    """Return what JSON can carry of a date, an enumeration, a set or a record."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value):
        return {one.name: getattr(value, one.name) for one in fields(value)}
    return sorted(value) if isinstance(value, frozenset | set) else str(value)
