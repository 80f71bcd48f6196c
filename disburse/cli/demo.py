"""`disburse demo`: two months on an invented site, told as they happen."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid

from disburse.cli import answer
from disburse.cli.signals import stopped_in_order
from disburse.demo import stage
from disburse.demo.exploring import HOST, hand_out, serve
from disburse.demo.site import BEGINS, Site
from disburse.demo.story import ACTS, play
from disburse.demo.telling import Mark, Table, Teller
from disburse.domain.finding import Language
from disburse.storage import embedded

BROKEN: Final = 1  # exit status: an invariant does not hold
PORT: Final = 8080
LANGUAGE: Final = "disburse.language"  # where `answer.lang_option` leaves it
PORT_MAX: Final = 65_535
WIDTH_MIN: Final = 120
_MARKS: Final = {
    Mark.DONE: "[green]✔[/]",
    Mark.WAITS: "[yellow]…[/]",
    Mark.REFUSED: "[red]✘[/]",
    Mark.NOTE: "[cyan]•[/]",
}


class Screen:
    """Shows the story on a terminal, or in a file as plain text."""

    def __init__(self, console: Console) -> None:
        """Remember where to show it."""
        self._console = console

    def chapter(self, title: str, why: str) -> None:
        """Begin a part of the story."""
        self._console.print(f"\n[bold]━━ {escape(title)}[/]")
        self._console.print(f"[dim]{escape(why)}[/]")

    def say(self, text: str, mark: Mark) -> None:
        """Tell one thing that happened."""
        self._console.print(f" {_MARKS[mark]} {escape(text)}", highlight=False)

    def table(self, table: Table) -> None:
        """Show figures; without rows there is nothing to show."""
        if not table.rows:
            return
        grid = Grid(title=escape(table.title), title_justify="left", box=box.SIMPLE_HEAD)
        for at, name in enumerate(table.columns):
            grid.add_column(
                escape(name),
                justify="right" if at in table.figures else "left",
                overflow="fold",
            )
        for row in table.rows:
            grid.add_row(*map(escape, row))
        self._console.print(grid)


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var/demo"),
    show_default=True,
    help="Folder for the files it leaves and for its own database.",
)
@click.option("--serve", "serving", is_flag=True, help="Stay up afterwards, to be explored.")
@click.option(
    "--port",
    type=click.IntRange(1, PORT_MAX),
    default=PORT,
    show_default=True,
    help="Where --serve listens, on this machine only.",
)
@answer.lang_option
@answer.json_option
def demo(*, out: Path, serving: bool, port: int, as_json: bool) -> None:
    """Pay two months' wages on an invented site, through the real steps.

    It uses a database of its own in the folder, never a configured one, and makes it anew each
    time. Nothing of it is real: no person, no number, no money.
    """
    console = _console(quiet=as_json)
    language: Language = click.get_current_context().meta[LANGUAGE]
    teller = Teller(language, Screen(console))
    with stopped_in_order(), stage.folder(out, _about(teller)) as folder:
        console.print(f"[dim]{escape(teller.word('starting'))}[/]")
        with (
            stage.database(folder, today=BEGINS.date()) as url,
            stage.connections(url, folder) as begin,
            stage.connections(url, folder, embedded.WORK) as loop,
        ):
            site = Site(
                begin, loop, teller, lambda name, content: stage.write(folder / name, content)
            )
            told = _play(site, folder, console)
            tokens = dict(hand_out(site)) if serving else {}
            if as_json:
                answer.tell(told | ({"tokens": tokens} if serving else {}), as_json=True)
            console.print(f"\n[bold]{escape(teller.word('left', folder=folder))}[/]")
            for path in sorted(one for one in folder.iterdir() if _is_output(one)):
                console.print(f"   {path.name}{'/' if path.is_dir() else ''}", highlight=False)
            if serving:
                teller.table("tokens", "role token", list(tokens.items()))
                teller.say("serving", Mark.NOTE, url=f"http://{HOST}:{port}")
                serve(site, port)
    if not told["invariants"]["ok"]:
        click.get_current_context().exit(BROKEN)


def _play(site: Site, folder: Path, console: Console) -> dict[str, Any]:
    columns = (TextColumn("disburse demo"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=len(ACTS) + 1)
        advance: Callable[[], None] = lambda: bar.advance(task)  # noqa: E731
        return play(site, folder, advance=advance)


def _console(*, quiet: bool) -> Console:
    """Return where the story is told; characters that the terminal lacks become question marks."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    console = Console(quiet=quiet)
    if not console.is_terminal:
        console.width = max(console.width, WIDTH_MIN)
    return console


def _is_output(path: Path) -> bool:
    return path.name in {stage.ABOUT, *stage.FILES, *stage.FOLDERS}


def _about(teller: Teller) -> str:
    """Return what stands in the folder, so that nobody takes it for real."""
    return f"{teller.word('about')}\n"
