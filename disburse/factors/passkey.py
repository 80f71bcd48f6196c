"""Passkeys (W3C Web Authentication): made and shown for this site only, by people who are there."""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import webauthn
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from disburse.domain.refusal import Refusal

CHALLENGE_BYTES: Final = 32
NAME: Final = "disburse"


class PasskeyRefused(Refusal):
    """The passkey's answer is not right: another site's, another key's, or of another question."""

    code = "passkey-refused"


@dataclass(frozen=True, slots=True)
class Place:
    """The site that a passkey is for: its host, and its origin as browsers write it."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPasskey:
    """What is kept of a passkey; nothing of it is secret."""

    credential: bytes
    public_key: bytes
    uses: int


def new_challenge() -> bytes:
    """Return a question that was never asked before."""
    return secrets.token_bytes(CHALLENGE_BYTES)


def offer(
    place: Place, *, login: str, name: str, member_id: int, challenge: bytes, known: Iterable[bytes]
) -> dict[str, Any]:
    """Return what a browser needs to make a passkey, as JSON; it must check who uses it."""
    options = webauthn.generate_registration_options(
        rp_id=place.host,
        rp_name=NAME,
        user_name=login,
        user_id=member_id.to_bytes(8),
        user_display_name=name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    told: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return told


def ask(place: Place, challenge: bytes) -> dict[str, Any]:
    """Return what a browser needs to show a passkey, of whoever sits there, as JSON."""
    options = webauthn.generate_authentication_options(
        rp_id=place.host,
        challenge=challenge,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    told: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return told


def challenge_in(answer: Mapping[str, Any]) -> bytes:
    """Return which question an answer says it answers, or raise `PasskeyRefused`."""
    try:
        said = json.loads(_bytes(answer["response"]["clientDataJSON"]))
        return _bytes(said["challenge"])
    except (KeyError, TypeError, ValueError, Error):
        raise PasskeyRefused("this is no answer of a passkey") from None


def credential_in(answer: Mapping[str, Any]) -> bytes:
    """Return which passkey an answer says it is of, or raise `PasskeyRefused`."""
    try:
        return _bytes(answer["rawId"])
    except (KeyError, TypeError, ValueError, Error):
        raise PasskeyRefused("this is no answer of a passkey") from None


def made(place: Place, answer: Mapping[str, Any], challenge: bytes) -> NewPasskey:
    """Return the passkey that was made for this question, or raise `PasskeyRefused`."""
    try:
        found = webauthn.verify_registration_response(
            credential=dict(answer),
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        raise PasskeyRefused("this passkey was not made for this site and question") from None
    return NewPasskey(
        credential=found.credential_id,
        public_key=found.credential_public_key,
        uses=found.sign_count,
    )


def shown(
    place: Place, answer: Mapping[str, Any], challenge: bytes, *, public_key: bytes, uses: int
) -> int:
    """Return how often the passkey says it was used, or raise `PasskeyRefused`.

    A count that does not grow is a copy's, where the authenticator counts at all.
    """
    try:
        found = webauthn.verify_authentication_response(
            credential=dict(answer),
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=public_key,
            credential_current_sign_count=uses,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        raise PasskeyRefused("the passkey's answer is not right; try again") from None
    return found.new_sign_count


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
