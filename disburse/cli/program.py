"""The program: which commands there are, and how it answers when something is refused."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import click

from disburse.cli import answer
from disburse.domain.refusal import Refusal

REFUSED: Final = 2  # exit status
DEFECT: Final = 70  # EX_SOFTWARE of sysexits.h

# Loaded when they are asked for: `disburse keygen` needs no database driver.
COMMANDS: Final = {
    "adapters": "disburse.cli.watching:adapters",
    "account": "disburse.cli.account:account",
    "api": "disburse.cli.api:api",
    "batch-schema": "disburse.cli.bank_files:batch_schema",
    "board": "disburse.cli.board:board",
    "calendar": "disburse.cli.calendar:calendar",
    "certify": "disburse.cli.bank_files:certify",
    "confirm": "disburse.cli.confirm:confirm",
    "db": "disburse.cli.database:db",
    "demo": "disburse.cli.demo:demo",
    "gauge": "disburse.cli.gauge:gauge",
    "init": "disburse.cli.people:init",
    "invite": "disburse.cli.let_in:invite",
    "key": "disburse.cli.keyring:key",
    "keys": "disburse.cli.sealing:keys",
    "keygen": "disburse.cli.keys:keygen",
    "member": "disburse.cli.let_in:member",
    "migrate": "disburse.cli.database:migrate",
    "profile": "disburse.cli.profile:profile",
    "prove": "disburse.cli.watching:prove",
    "recovery": "disburse.cli.let_in:recovery",
    "request-key": "disburse.cli.request_key:request_key",
    "read": "disburse.cli.bank_answers:read",
    "render": "disburse.cli.bank_files:render",
    "roster": "disburse.cli.roster:roster",
    "serve": "disburse.cli.running:serve",
    "sessions": "disburse.cli.let_in:sessions",
    "setup": "disburse.cli.setup.commands:setup",
    "sheet": "disburse.cli.sheet:sheet",
    "simulate": "disburse.cli.simulate:simulate",
    "status": "disburse.cli.watching:status",
    "token": "disburse.cli.people:token",
    "work": "disburse.cli.running:work",
}


class Program(click.Group):
    """A group that loads its commands late and turns every refusal into one clear line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of the commands that are installed."""
        return [name for name, place in COMMANDS.items() if find_spec(place.partition(":")[0])]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)  # noqa: S101  (the table above says so)
        return command

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  (click's own signature)
        """Run the command; refusals end it with status 2, our own defects with 70."""
        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            answer.refuse(ctx, refusal)
            ctx.exit(REFUSED)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except OSError as error:
            answer.fail(f"{error.filename or 'input or output'}: {error.strerror or error}")
            ctx.exit(REFUSED)
        except Exception as error:
            if ctx.params.get("traceback"):
                raise
            # without its message, which may repeat a worker's name or account
            answer.fail(
                f"this is a defect of the program ({type(error).__qualname__}); "
                "`disburse --traceback …` shows where"
            )
            ctx.exit(DEFECT)


@click.command(cls=Program)
@click.version_option(package_name="disburse")
@click.option("--traceback", is_flag=True, help="Show where the program failed, for its makers.")
def program(*, traceback: bool) -> None:
    """Pay signed payroll sheets from project special accounts, through any bank."""
    del traceback  # read by `Program.invoke`
