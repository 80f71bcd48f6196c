"""`disburse sheet`: what a subcontractor does with a payroll sheet, on the own machine."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import click

from disburse import sheetfile, signing
from disburse.cli import answer
from disburse.cli.evidence import verify
from disburse.cli.keys import load_chain, load_private
from disburse.client import Client, SignedBy
from disburse.clock import system_clock
from disburse.domain import money
from disburse.domain.finding import LANGUAGES, Effect
from disburse.domain.orders import Withdrawal, write_withdrawal
from disburse.domain.refusal import Refusal
from disburse.domain.sheet import Header
from disburse.sheetfile.columns import HEADER
from disburse.sheetfile.draft import BYTES_MAX, Draft, UnreadableSheet
from disburse.sheetfile.template import template as write_template

TOKEN: Final = "DISBURSE_TOKEN"  # noqa: S105  (the variable's name)
REQUEST_KEY: Final = "DISBURSE_REQUEST_KEY"
REQUEST_KEY_PASSPHRASE: Final = "DISBURSE_REQUEST_KEY_PASSPHRASE"  # noqa: S105
FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
URL = click.option("--url", required=True, envvar="DISBURSE_URL", help="Address of the service.")
KEY = click.option("--key", "private", type=FILE, required=True, help="Your private key.")
PROJECT = click.option("--project", metavar="CODE", help="[the sheet's own]")


class SheetFaulty(Refusal):
    """The sheet would be refused; `findings` has every fault."""

    code = "sheet-faulty"

    def __init__(self, draft: Draft) -> None:
        """Keep everything that was found."""
        super().__init__(
            f"the sheet has {draft.findings_total} faults or doubts and would not be taken; "
            "mend what refuses it"
        )
        self.findings = draft.findings


class Unsigned(Refusal):
    """There is no signature beside the file."""

    code = "unsigned"


class NoToken(Refusal):
    """The environment has neither a request key nor a token."""

    code = "no-token"


@click.group()
def sheet() -> None:
    """Make, check, sign, submit and withdraw payroll sheets."""


@sheet.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--project", metavar="CODE", help="Fill in the project's code.")
@click.option("--general-contractor", metavar="NUMBER", help="Fill in the contractor's number.")
@click.option("--subcontractor", metavar="NUMBER", help="Fill in your own number.")
@click.option("--period", metavar="YYYY-MM", help="Fill in the pay month.")
@click.option("--currency", help="Fill in the currency.")
@click.option("--lang", type=click.Choice([*LANGUAGES, "both"]), default="both")
@answer.json_option
def template(*, file: Path, lang: str, as_json: bool, **known: str | None) -> None:
    """Write an empty workbook to FILE, with instructions, drop-downs and text cells."""
    languages = [one for one in LANGUAGES if lang in {one, "both"}]
    header = {name: value for name, value in known.items() if value and name in HEADER}
    with file.open("xb") as new:
        write_template(new, languages=languages, header=header)
    answer.tell({"written": str(file)}, as_json=as_json, lines=[f"written: {file}"])


@sheet.command()
@click.argument("file", type=FILE)
@answer.lang_option
@answer.json_option
def check(*, file: Path, as_json: bool) -> None:
    """Check FILE as the service will, offline: every fault of every row at once."""
    draft = _examined(file, _content(file))
    header = _sound(draft)
    blocked = {one.line for one in draft.findings if one.effect is Effect.BLOCKS_LINE}
    found = answer.findings_of(draft.findings)
    if not as_json:
        answer.show_findings(found)
    total = money.write(header.total_net, header.currency)
    facts = {
        "lines": len(draft.lines),
        "total_net": total,
        "currency": header.currency,
        "blocked_lines": len(blocked),
        "findings": found,
    }
    line = f"{len(draft.lines)} lines, {total} {header.currency}; it would be taken"
    held = f", {len(blocked)} lines would wait for a person" if blocked else ""
    answer.tell(facts, as_json=as_json, lines=[line + held])


@sheet.command()
@click.argument("file", type=FILE)
@KEY
@click.option("--certificate", type=FILE, help="Its certificate chain as PEM; it goes along.")
@click.option("--unchecked", is_flag=True, help="Sign even what would be refused.")
@answer.lang_option
@answer.json_option
def sign(
    *, file: Path, private: Path, certificate: Path | None, unchecked: bool, as_json: bool
) -> None:
    """Sign exactly the bytes of FILE; the signature goes to FILE.jws."""
    content = _content(file)
    if not unchecked:
        _sound(_examined(file, content))
    signature = signing.sign(
        content,
        load_private(private),
        now=system_clock(),
        chain_pem=None if certificate is None else load_chain(certificate),
    )
    target = _signature_of(file)
    with target.open("x", encoding="ascii") as new:
        new.write(signature + "\n")
    facts = {"signature": str(target), "sha256": sha256(content).hexdigest()}
    answer.tell(
        facts, as_json=as_json, lines=[f"signed: {target}; do not change {file.name} any more"]
    )


@sheet.command()
@click.argument("file", type=FILE)
@click.option("--cms", type=FILE, help="A detached CMS (PKCS#7) signature, as USB keys make them.")
@URL
@PROJECT
@answer.lang_option
@answer.json_option
def submit(*, file: Path, cms: Path | None, url: str, project: str | None, as_json: bool) -> None:
    """Submit FILE with its signature FILE.jws; again is no harm.

    The request is signed with the key whose file DISBURSE_REQUEST_KEY names. Without one the token
    in DISBURSE_TOKEN is shown; never from the command line, which others can see.
    """
    content = _content(file)
    signature = _signature(file) if cms is None else signing.armour(cms.read_bytes())
    client = client_at(url)
    with answer.waiting(f"submitting {file.name}"):
        number = client.project(project or _sound(_examined(file, content)).project)
        told = client.submit(
            number,
            content,
            media_type=sheetfile.media_type_of(file.name),
            signature=signature,
        )
    if not as_json:
        answer.show_findings(told.get("findings", ()))
    answer.tell(told, as_json=as_json, lines=_received(told))


@sheet.command()
@click.argument("file", type=FILE)
@click.option("--reason", required=True, help="Why; it is part of what you sign.")
@KEY
@URL
@PROJECT
@answer.json_option
def withdraw(
    *, file: Path, reason: str, private: Path, url: str, project: str | None, as_json: bool
) -> None:
    """Take the sheet that was submitted as FILE back, by an order signed with your key."""
    content = _content(file)
    digest = sha256(content).hexdigest()
    order = write_withdrawal(Withdrawal(digest, reason))
    signature = signing.sign(order, load_private(private), now=system_clock())
    client = client_at(url)
    number = client.project(project or _sound(_examined(file, content)).project)
    told = client.withdraw(number, client.sheet(number, digest), order, signature=signature)
    answer.tell(told, as_json=as_json, lines=["the sheet is withdrawn"])


sheet.add_command(verify)


def client_at(url: str, *, acting_for: str = "") -> Client:
    """Return a client with the environment's request key or token, or raise `NoToken`."""
    if file := os.environ.get(REQUEST_KEY, "").strip():
        key = load_private(Path(file), os.environ.get(REQUEST_KEY_PASSPHRASE))
        return Client(url, SignedBy(key, system_clock), acting_for=acting_for)
    token = os.environ.get(TOKEN, "").strip()
    if not token:
        raise NoToken(
            f"set {REQUEST_KEY} to the file of your request key, "
            f"or {TOKEN} to the token that the administrator gave you"
        )
    return Client(url, token, acting_for=acting_for)


def _content(file: Path) -> bytes:
    with file.open("rb") as opened:
        content = opened.read(BYTES_MAX + 1)
    if len(content) > BYTES_MAX:
        raise UnreadableSheet(f"{file.name} has more than {BYTES_MAX} bytes; split it")
    return content


def _examined(file: Path, content: bytes) -> Draft:
    with answer.waiting(f"checking {file.name}"):
        return sheetfile.examine(
            content, sheetfile.media_type_of(file.name), today=system_clock().date()
        )


def _sound(draft: Draft) -> Header:
    if draft.refused or draft.header is None:
        raise SheetFaulty(draft)
    return draft.header


def _signature_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.jws")


def _signature(file: Path) -> str:
    beside = _signature_of(file)
    if not beside.is_file():
        raise Unsigned(f"{beside.name} is not there; run `disburse sheet sign {file}`")
    return beside.read_text(encoding="ascii").strip()


def _received(told: Any) -> list[str]:  # noqa: ANN401  (JSON of the service)
    sheet_ = told["sheet"]
    lines = [f"received as sheet {sheet_['id']}, state {sheet_['state']}"]
    coverage = told.get("coverage") or {}
    if told.get("covered"):
        lines.append("the special account covers it")
    elif coverage:
        payer, due = coverage.get("payer"), coverage.get("due_on")
        lines.append(
            f"the special account lacks {coverage.get('shortage')}; {payer} must pay it in by {due}"
        )
    return lines
