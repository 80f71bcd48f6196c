"""Checks of texts: what is too long or cannot travel is refused in time, the rest comes exactly."""

from __future__ import annotations

from typing import Final

from disburse import banks
from disburse.adapter import Payment, Unrenderable
from disburse.kit import synthetic
from disburse.kit.verdict import Broken, NothingToTry, Subject

LENGTH_MAX: Final = 600  # a field that takes more has no limit that matters
TEXTS: Final = ("reference", "name", "account", "bank_code", "bank_name", "note", "latin_name")
FILLERS: Final = ("A", "1", "测")
WIDE: Final = "é测𬭩"  # two, three and four bytes of UTF-8

# Characters that systems lose: edges of blocks and of codecs, lookalikes, the invisible, controls.
EDGES: Final = "".join(
    map(
        chr,
        (
            *range(0x20, 0x7F), 0x00, 0x09, 0x0A, 0x0D, 0x1A, 0x1F, 0x7F, 0x80, 0x85, 0x9F, 0xA0,
            0xA1, 0xA3, 0xA4, 0xA7, 0xAD, 0xB7, 0xC4, 0xDF, 0xE9, 0xFF, 0x100, 0x141, 0x15E,
            0x17F, 0x1C5, 0x1F9, 0x301, 0x370, 0x3A9, 0x401, 0x410, 0x451, 0x5D0, 0x61C, 0x627,
            0x64A, 0x660, 0x6CC, 0x915, 0xE01, 0x1100, 0x1E3F, 0x1E9E, 0x200B, 0x200D, 0x200F,
            0x2014, 0x2018, 0x2019, 0x2022, 0x2028, 0x202E, 0x20AC, 0x2116, 0x2212, 0x2E80,
            0x3000, 0x3007, 0x3041, 0x30FB, 0x31A3, 0x3400, 0x4DAE, 0x4DB5, 0x4DB6, 0x4E00,
            0x9F8D, 0x9FA5, 0x9FA6, 0x9FB4, 0x9FBB, 0x9FEF, 0x9FFF, 0xAC00, 0xD7A3, 0xD800,
            0xDFFF, 0xE000, 0xE5E5, 0xF8FF, 0xF900, 0xFA0C, 0xFA29, 0xFDD0, 0xFE0F, 0xFE10,
            0xFE19, 0xFEFF, 0xFF01, 0xFF5C, 0xFF5E, 0xFFE5, 0xFFFD, 0xFFFE, 0x1D11E, 0x1F600,
            0x20000, 0x2A6D6, 0x2A6D7, 0x2B740, 0x2CB29, 0x2CEA1, 0x30000, 0x3134A, 0xE0041,
            0xF0000, 0x10FFFD, 0x10FFFF,
        ),
    )
)  # fmt: skip


def too_long(subject: Subject) -> str:
    """Check every field at its longest, one more, and the last character wider by bytes.

    The longest comes back whole; the next is refused by preflight and by `render`.
    """
    tried = 0
    payment = next(iter(subject.batch.payments))
    for field in sorted(subject.adapter.capabilities.carries & set(TEXTS)):
        for filler in FILLERS:
            fitting = [n for n in range(1, LENGTH_MAX) if _fits(subject, field, filler * n)]
            if not fitting:
                continue
            tried += 1
            longest = filler * fitting[-1]
            _exact(subject, synthetic.changed(payment, {field: longest}), field)
            if fitting[-1] + 1 < LENGTH_MAX:
                _refused(subject, synthetic.changed(payment, {field: longest + filler}), field)
            for wide in WIDE:
                _exact_or_refused(subject, field, longest[:-1] + wide)
    if not tried:
        raise NothingToTry("no field takes a text of one character repeated")
    return f"{tried} limits"


def charset_edges(subject: Subject) -> str:
    """Check that each rare character, in each place of each field, is refused or comes exactly.

    What the declared codec has no bytes for is refused, and no fault repeats the text: the log
    would have it.
    """
    fields = sorted(subject.adapter.capabilities.carries & set(TEXTS))
    going = 0
    for field in fields:
        for character in EDGES:
            for text in (f"A{character}B", f"{character}B", f"A{character}", character):
                going += _exact_or_refused(subject, field, text)
            _in_the_codec(subject, field, character)
    return f"{len(EDGES)} characters in {len(fields)} fields; {going} of the texts can go"


def silent_faults(subject: Subject) -> str:
    """Check that no fault repeats a text: names and accounts do not belong into logs."""
    secrets = ("工人甲乙丙" * 40, "6217000011112222" * 40, "Secretive\x00Name")
    payment = next(iter(subject.batch.payments))
    told = 0
    for secret in secrets:
        changed = synthetic.changed(payment, dict.fromkeys(TEXTS, secret))
        for fault in subject.adapter.preflight(changed, subject.batch.currency):
            told += 1
            if any(part in fault.detail for part in ("工人甲", "6217000011", "Secretive")):
                raise Broken(f"the fault of {fault.field} repeats the text")
    return f"{told} faults"


def _in_the_codec(subject: Subject, field: str, character: str) -> None:
    """Raise `Broken` for a character that passes though the declared codec cannot write it."""
    charset = subject.adapter.capabilities.charset
    try:
        character.encode(charset)
    except LookupError:
        return  # a named set of ISO 20022: only the adapter knows it
    except UnicodeEncodeError:
        if _fits(subject, field, f"A{character}B"):
            code = f"U+{ord(character):04X}"
            raise Broken(f"{field} passes {code}, which {charset} does not have") from None


def _fits(subject: Subject, field: str, text: str) -> bool:
    payment = synthetic.changed(next(iter(subject.batch.payments)), {field: text})
    return not subject.adapter.preflight(payment, subject.batch.currency)


def _exact_or_refused(subject: Subject, field: str, text: str) -> bool:
    payment = synthetic.changed(next(iter(subject.batch.payments)), {field: text})
    if subject.adapter.preflight(payment, subject.batch.currency):
        _refused(subject, payment, field)
        return False
    _exact(subject, payment, field)
    return True


def _exact(subject: Subject, payment: Payment, field: str) -> None:
    """Raise `Broken` unless what preflight passed is written and comes back as it was."""
    try:
        banks.write(subject.adapter, synthetic.of(subject.batch, [payment]))
    except Unrenderable as why:
        raise Broken(f"{field}: preflight passes what render refuses ({why.detail})") from why
    except banks.Unproven as why:
        raise Broken(f"{field} with {_shown(getattr(payment, field))}: {why.detail}") from why


def _refused(subject: Subject, payment: Payment, field: str) -> None:
    """Raise `Broken` unless preflight names the field, and `render` refuses the payment, too."""
    text = getattr(payment, field)
    faults = subject.adapter.preflight(payment, subject.batch.currency)
    if field not in {fault.field for fault in faults}:
        raise Broken(f"preflight passes {field} with {_shown(text)}, or blames another field")
    try:
        for _ in subject.adapter.render(synthetic.of(subject.batch, [payment])):
            pass
    except Unrenderable:
        return
    raise Broken(f"render writes {field} with {_shown(text)}, which preflight refuses")


def _shown(text: str) -> str:
    """Return a text as its length and rarest character: it may not be printable."""
    rarest = max(text, default=" ")
    return f"{len(text)} characters up to U+{ord(rarest):04X}"
