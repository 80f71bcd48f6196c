"""What one bank or scheme asks of a pain.001, as data: the keys of a profile, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapters import _statements
from adapters._keys import Keys
from adapters._profiled import digest
from disburse.adapter import Answers, Capabilities, Confidence, Silence

VERSIONS: Final = ("pain.001.001.03", "pain.001.001.09")
CURRENCIES: Final = frozenset(
    {
        "AED", "AUD", "BHD", "BRL", "CHF", "CNY", "EUR", "GBP", "HKD", "INR", "JPY", "KRW", "KWD",
        "MOP", "OMR", "QAR", "SAR", "SGD", "USD",
    }
)  # fmt: skip
TEXT_MAX: Final = 140  # Max140Text: names, bank names, remittance text; characters, not bytes
# 100,000 payments with every field full of four-byte characters; it grows with payments_max.
PAYMENT_BYTES_MAX: Final = 2_684

# Named character sets. What they leave out is refused, never replaced.
CHARSETS: Final[Mapping[str, re.Pattern[str] | None]] = {
    "utf-8": None,
    # EPC's basic Latin set, as the euro's schemes take it
    "iso20022-sepa": re.compile(r"[A-Za-z0-9/?:().,'+ -]*", re.ASCII),
    # Swiss Payment Standards since 2022: Basic Latin, Latin-1, Latin Extended-A, and a few more
    "iso20022-swiss": re.compile(r"[ -~\u00a0-\u00ac\u00ae-\u017f\u0218-\u021b\u20ac]*"),
}
_CODE: Final = re.compile("[A-Z0-9]{1,4}", re.ASCII)
_COUNTRY: Final = re.compile("[A-Z]{2}", re.ASCII)
_REGULATORY: Final = re.compile("[A-Z0-9]{1,10}", re.ASCII)
_CHARGES: Final = ("by-currency", "DEBT", "SHAR", "SLEV")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """One profile; every text is checked, "" and () mean that the rule is not there."""

    version: str  # the profile's own, with the digest of its keys
    message: str  # such as "pain.001.001.09"
    charset: str
    name_field: str  # "name" or "latin_name"
    name_max: int
    note_max: int
    amount_max: int  # minor units
    iban_countries: tuple[str, ...]  # accounts are IBANs of these; (): any account
    needs_bank_code: bool
    bank_names: bool  # whether banks are also told by name
    service_level: str
    category_purpose: str
    purpose: str
    charges: str  # "by-currency": SLEV for the euro, else DEBT
    regulatory: tuple[str, str]  # country and code, or two ""
    statements: tuple[str, ...]  # formats in which the bank sends them
    capabilities: Capabilities

    @property
    def is_newer(self) -> bool:
        """Say whether it is version .09, where a date and a BIC have other elements than in .03."""
        return self.message == VERSIONS[1]

    def charge_bearer(self, currency: str) -> str:
        """Return who bears the charges.

        A fee must never reduce a wage, so it is the debtor; the euro's schemes know only the
        shared rule.
        """
        if self.charges != "by-currency":
            return self.charges
        return "SLEV" if currency == "EUR" else "DEBT"


# The rules of nobody in particular: what the schema takes, and the practice of most banks.
GENERIC: Final[Mapping[str, object]] = {
    "adapter": "iso20022",
    "title": "any bank that takes the official schema",
    "version": "1",
    "confidence": "confirmed",  # by the official schema; what a bank adds is in its own guide
    "message": VERSIONS[1],
    "currencies": sorted(CURRENCIES),
    "charset": "utf-8",
    "names": "name",
    "name_max": TEXT_MAX,
    "note_max": TEXT_MAX,
    "payments_max": 100_000,  # the longest sheet; no bank's guide that was read takes more at once
    "amount_max": 99_999_999_999,  # 999,999,999.99, the largest that euro schemes take
    "iban_countries": [],
    "needs_bank_code": False,
    "bank_names": True,
    "service_level": "",
    "category_purpose": "SALA",
    "purpose": "",
    "charges": "by-currency",
    "regulatory_country": "",
    "regulatory_code": "",
    "statements": list(_statements.FORMATS),
    "answers": "per-payment",
    "silence": "nothing",
    "deduplicates": False,
}


def load(name: str, mapping: Mapping[str, object] | None) -> Rules:
    """Return the rules of a profile, or the generic ones; raise `BadProfile` for a bad key.

    A profile says only what differs from the generic rules.
    """
    whole = dict(GENERIC) | dict(mapping or {})
    keys = Keys.gathering(name, whole)
    keys.one_of("adapter", ("iso20022",))
    name_field = keys.one_of("names", ("name", "latin_name"))
    bank_names, needs_code = keys.switch("bank_names"), keys.switch("needs_bank_code")
    charset = keys.one_of("charset", tuple(CHARSETS))
    rules = Rules(
        version=f"{keys.text('version')}-{digest(whole)}" if mapping else keys.text("version"),
        message=keys.one_of("message", VERSIONS),
        charset=charset,
        name_field=name_field,
        name_max=_at_most(keys, "name_max", TEXT_MAX),
        note_max=_at_most(keys, "note_max", TEXT_MAX),
        amount_max=keys.number("amount_max"),
        iban_countries=_codes(keys, "iban_countries", _COUNTRY),
        needs_bank_code=needs_code,
        bank_names=bank_names,
        service_level=_code(keys, "service_level"),
        category_purpose=_code(keys, "category_purpose"),
        purpose=_code(keys, "purpose"),
        charges=keys.one_of("charges", _CHARGES),
        regulatory=_regulatory(keys),
        statements=_formats(keys),
        capabilities=_capabilities(keys, name_field, charset, bank=(needs_code, bank_names)),
    )
    keys.none_left()
    keys.raise_noted()
    return rules


def _capabilities(
    keys: Keys, name_field: str, charset: str, *, bank: tuple[bool, bool]
) -> Capabilities:
    needs_code, bank_names = bank
    message, payments_max = keys.one_of("message", VERSIONS), keys.number("payments_max")
    needs = {"reference", name_field, "account", "amount"} | (
        {"bank_code"} if needs_code else set()
    )
    return Capabilities(
        format=f"ISO 20022 {message}: {keys.text('title')}",
        currencies=frozenset(_codes(keys, "currencies", re.compile("[A-Z]{3}", re.ASCII))),
        charset=charset,
        payments_max=payments_max,
        bytes_max=payments_max * PAYMENT_BYTES_MAX,
        amount_max=keys.number("amount_max"),
        carries=frozenset(needs | {"bank_code", "note"} | ({"bank_name"} if bank_names else set())),
        states=frozenset(
            {
                "reference", "pay_on", "currency", "count", "total",
                "debtor_number", "debtor_holder", "debtor_bank_code",
            }
        ),
        needs=frozenset(needs),
        file_names="pain001_REFERENCE.xml",
        reports=("ISO 20022 pain.002.001.03 to .12", "ISO 20022 pacs.004"),
        statements=_statements.titles(_formats(keys)),
        answers=keys.member("answers", Answers),
        silence=keys.member("silence", Silence),
        deduplicates=keys.switch("deduplicates"),
        confidence=keys.member("confidence", Confidence),
    )  # fmt: skip


def _at_most(keys: Keys, key: str, most: int) -> int:
    found = keys.number(key)
    if found > most:
        keys.note(key, f"at most {most}, the longest that the format takes")
    return min(found, most)


def _codes(keys: Keys, key: str, form: re.Pattern[str]) -> tuple[str, ...]:
    found = keys.texts(key)
    if not all(form.fullmatch(one) for one in found):
        keys.note(key, "a list of codes in capital letters")
    return found


def _code(keys: Keys, key: str) -> str:
    """Return a code of the external code sets, or "" for none."""
    if keys.holds(key) and keys.blank(key):
        return ""
    found = keys.text(key)
    if _CODE.fullmatch(found) is None:
        keys.note(key, 'a code of at most four capital letters, or ""')
    return found


def _regulatory(keys: Keys) -> tuple[str, str]:
    if keys.blank("regulatory_country") and keys.blank("regulatory_code"):
        return "", ""
    country, code = keys.text("regulatory_country"), keys.text("regulatory_code")
    if _COUNTRY.fullmatch(country) is None or _REGULATORY.fullmatch(code) is None:
        keys.note("regulatory_code", "a code of at most ten letters, with its country")
    return country, code


def _formats(keys: Keys) -> tuple[str, ...]:
    found = keys.texts("statements")
    if not set(found) <= set(_statements.FORMATS):
        keys.note("statements", f"a list of {', '.join(_statements.FORMATS)}")
    return tuple(one for one in found if one in _statements.FORMATS)
