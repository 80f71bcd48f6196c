"""All checks of the kit in the order in which they help, and what comes of them."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from disburse import banks
from disburse.adapter import Adapter, Batch, Refusal
from disburse.kit import answers, batch_json, files, memory, statements, synthetic, texts
from disburse.kit.verdict import Broken, Check, NothingToTry, Outcome, Subject, Verdict

CHECKS: Final[dict[str, Check]] = {
    "declares what it can": files.declares,
    "same batch, same bytes": files.same_bytes,
    "same digest in two processes": files.stable_digest,
    "written, read back, equal": files.read_back,
    "totals proved again": files.totals,
    "smallest and largest amounts": files.amounts,
    "too long by one": texts.too_long,
    "edges of the charset": texts.charset_edges,
    "faults repeat no text": texts.silent_faults,
    "what it must refuse": files.refusals,
    "a file that was cut": files.cut_files,
    "the same memory for any file": memory.constant,
    "answer: as it was meant": answers.as_meant,
    "answer: duplicate": answers.duplicate,
    "answer: truncated": answers.truncated,
    "answer: wrong count": answers.wrong_count,
    "answer: wrong sum": answers.wrong_sum,
    "answer: unknown reference": answers.unknown_reference,
    "answer: reordered": answers.reordered,
    "answer: wrong charset": answers.wrong_charset,
    "answer: empty": answers.empty,
    "answer: contradictory": answers.contradictory,
    "answer: partial": answers.partial,
    "answer: late return after success": answers.late_return,
    "answer: other bank's file": answers.other_banks_file,
    "statements: as declared": statements.as_declared,
}


def subject_of(name: str, profiles: Path | None = None, like: Path | None = None) -> Subject:
    """Return the adapter with a batch that it takes: invented, or in the form of `like`.

    Raises `AdapterMissing`, `BadProfile`, `BadBatch`, or `Broken` when it takes no invented batch.
    """
    adapter = banks.load([name], profiles)[name]
    batch = _like(batch_json.read(like)) if like else _invented(adapter)
    return Subject(name=name, profiles=profiles, like=like, adapter=adapter, batch=batch)


def certify(
    name: str, profiles: Path | None = None, like: Path | None = None
) -> tuple[Outcome, ...]:
    """Try one adapter on every check; `like` is a BATCH.json for one that takes nothing invented.

    Raises `AdapterMissing`, `BadProfile` or `BadBatch`: everything else that happens is an outcome.
    """
    try:
        subject = subject_of(name, profiles, like)
    except Broken as why:
        return (Outcome(check="takes a batch", verdict=Verdict.FAILED, detail=str(why)),)
    return tuple(_outcomes(subject))


def outcome(subject: Subject, check: str) -> Outcome:
    """Try one check; whatever the adapter raises is an outcome, too."""
    try:
        detail, verdict = CHECKS[check](subject), Verdict.PASSED
    except Broken as why:
        detail, verdict = str(why), Verdict.FAILED
    except NothingToTry as why:
        detail, verdict = str(why), Verdict.SKIPPED
    except Refusal as why:
        detail, verdict = f"refused ({why.code}): {why.detail}", Verdict.FAILED
    except Exception as why:  # noqa: BLE001  (the adapter is on trial, not this program)
        detail, verdict = _crash(subject.adapter, why), Verdict.FAILED
    return Outcome(check=check, verdict=verdict, detail=detail)


def _outcomes(subject: Subject) -> Iterator[Outcome]:
    for check in CHECKS:
        yield outcome(subject, check)


def _invented(adapter: Adapter) -> Batch:
    try:
        return synthetic.example(adapter, files.PAYMENTS)
    except (Broken, Refusal):
        raise
    except Exception as why:
        raise Broken(_crash(adapter, why)) from why


def _crash(adapter: Adapter, why: Exception) -> str:
    """Return what was raised and where in the adapter's own code.

    Without its message, which may repeat what a --like batch says of real people.
    """
    own = type(adapter).__module__.partition(".")[0]
    frames = (
        f" in {frame.f_globals['__name__']}, line {line}"
        for frame, line in traceback.walk_tb(why.__traceback__)
        if frame.f_globals["__name__"].partition(".")[0] == own
    )
    *_, place = ("", *frames)
    return f"raised {type(why).__qualname__}{place}, which is no refusal"


def _like(like: Batch) -> Batch:
    """Return a batch of invented payments in the form of the first of `like`."""
    template = next(iter(like.payments))
    return synthetic.of(like, synthetic.Crew(template, files.PAYMENTS))
