"""The acts that repeat every month: submit, let the money come, approve, hand over, be answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

from disburse import signing, work
from disburse.demo.bank import BankOrder, Word, read_order, write_statement
from disburse.demo.contract import CURRENCY
from disburse.demo.people import Worker
from disburse.demo.site import Key, Site
from disburse.demo.telling import Mark, yuan
from disburse.demo.wages import SUBCONTRACTORS, SheetFile, a_sheet
from disburse.domain.refusal import Refusal
from disburse.steps.bank.claim import claim
from disburse.steps.bank.hand_over import hand_over
from disburse.steps.bank.ingest import Ingested, ingest
from disburse.steps.money.book import book
from disburse.steps.payroll import receive as receiving
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.export import export
from disburse.steps.payroll.receive import Received, receive
from disburse.storage.files import BankFile


def signed(site: Site, letter: str, sheet: SheetFile) -> str:
    """Sign the sheet on the subcontractor's side, and keep what was signed."""
    signature = signing.sign(sheet.content, site.keys[letter], now=site.clock.now)
    kept(site, sheet, signature)
    return signature


def kept(site: Site, sheet: SheetFile, signature: str) -> None:
    """Keep a sheet beside its signature."""
    site.keep(f"sheets/{sheet.name}", sheet.content)
    site.keep(f"sheets/{sheet.name}.jws", signature.encode())


def submit(site: Site, letter: str, sheet: SheetFile, signature: str) -> Received:
    """Submit a sheet; one that is refused leaves a note in the history, and the refusal goes on."""
    who = f"signer_{letter.lower()}"
    try:
        return site.do(
            receive,
            who,
            content=sheet.content,
            media_type=sheet.media_type,
            signature=signature,
            banks=site.banks,
        )
    except Refusal as refusal:
        site.do(receiving.note_refusal, who, content=sheet.content, refusal=refusal)
        findings = len(getattr(refusal, "findings", ()))
        told = {"code": refusal.code, "findings": findings}
        site.refused.append({"sheet": sheet.name, **told})
        raise


def submit_month(site: Site, key: Key, workers: Sequence[Worker] | None = None) -> Received:
    """Let a subcontractor write, sign and submit its sheet of a month, and tell what it hears."""
    [subcontractor] = [one for one in SUBCONTRACTORS if one.letter == key.letter]
    sheet = a_sheet(subcontractor, key.month, workers)
    got = submit(site, key.letter, sheet, signed(site, key.letter, sheet))
    site.sheets[key] = got.sheet.id
    site.teller.say(
        "received",
        sheet=sheet.name,
        count=got.sheet.head_count,
        total=yuan(got.sheet.total_net),
        blocked=len(got.findings),
    )
    return got


def turn(site: Site) -> None:
    """Let the worker loop go round once: waiting sheets get their money, the oldest first."""
    done = work.turn(site.loop, now=site.clock.tick())
    site.teller.say("turn", funded=done.funded, short=len(done.short))


def state(site: Site) -> None:
    """Let the bank send its statement of the day, and book it."""
    statement = site.bank.state(site.clock.today)
    content = write_statement(statement, CURRENCY)
    site.keep(f"statements/{statement.reference}.json", content)
    digest = sha256(content).hexdigest()
    booked = site.do(book, "bank_operator", statement=statement, digest=digest)
    word = site.teller.word
    rows = [
        (one.entry.reference, word(f"kind.{one.kind}"), one.entry.names, yuan(one.entry.amount))
        for one in booked
    ]
    facts = {"reference": statement.reference, "closing": yuan(statement.closing)}
    site.teller.table("statement", "entry meaning names #amount", rows, **facts)


def release(site: Site, key: Key) -> BankFile:
    """Approve a funded sheet by as many people as it takes, and write its one bank file."""
    sheet = {"sheet_id": site.sheets[key]}
    approvers = 0
    for who in ("approver", "second_approver"):
        approvers += 1
        if site.do(approve, who, **sheet).state == "approved":
            break
    _, [file] = site.do(export, "releaser", **sheet, banks=site.banks)
    site.teller.say(
        "exported",
        letter=key.letter,
        approvers=approvers,
        file=file.name,
        count=file.count,
        total=yuan(file.total),
    )
    return file


def give(site: Site, file: BankFile) -> BankOrder:
    """Claim a file, hand it to the bank, and return it as the bank reads it."""
    _, content = site.do(
        claim,
        "releaser",
        file_id=file.id,
        sha256=file.sha256,
        count=file.count,
        total=file.total,
    )
    site.keep(f"bank_files/{file.name}", content)
    site.do(hand_over, "releaser", file_id=file.id)
    return read_order(content)


def answer(site: Site, name: str, content: bytes) -> Ingested:
    """Take in the bank's report, and keep it."""
    site.keep(f"reports/{name}", content)
    return site.do(ingest, "bank_operator", content=content, banks=site.banks)


def pay(site: Site, file: BankFile, words: Mapping[int, Word] | None = None) -> BankOrder:
    """Hand a file over and let the bank pay it, but for the numbered credits in `words`."""
    order = give(site, file)
    said = {order.credits[number - 1].reference: word for number, word in (words or {}).items()}
    report = site.bank.execute(order, said, on=site.clock.today)
    answer(site, f"HP_{file.name}", report)
    mark = Mark.NOTE if said else Mark.DONE
    site.teller.say("paid", mark, count=len(order.credits) - len(said), other=len(said))
    return order
