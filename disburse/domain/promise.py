"""What a bank promises of its answers, and how sure anybody is of it; part of the contract."""

from __future__ import annotations

from enum import StrEnum


class Silence(StrEnum):
    """What it means when an answered file does not name one of its payments."""

    NOTHING = "nothing"  # wait: only named payments move
    ACCEPTED = "accepted"  # the bank names rejections only


class Answers(StrEnum):
    """What the bank refuses when one payment is bad."""

    PER_PAYMENT = "per-payment"
    WHOLE_FILE = "whole-file"


class Confidence(StrEnum):
    """How sure the format's facts are."""

    CONFIRMED = "confirmed"  # official schema or bank guide, or tried at a bank
    UNCONFIRMED = "unconfirmed"  # secondary sources; the module's docstring names them


class Numbering(StrEnum):
    """How a connection's files must be numbered (`Batch.sequence`)."""

    INCREASING = "increasing"  # gaps do no harm
    CONSECUTIVE = "consecutive"  # no gap: one file in flight, an unknown one holds up the next
