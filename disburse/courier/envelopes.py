"""Files in CMS envelopes: sealed once, the same bytes at every sending; answers only as signed."""

from __future__ import annotations

import logging
from hashlib import sha256
from typing import Final

from disburse.adapter import UnreadableReport
from disburse.courier.post import Post, Routes
from disburse.leaving import Sending
from disburse.signing.envelope import Envelope, Unopened, UnusableEnvelope
from disburse.storage import files, kept_bytes, outer_bytes
from disburse.storage.connections import Connection
from disburse.transports import BadTransport, Parcel
from disburse.transports.envelope import SUFFIX, split

_log: Final = logging.getLogger(__name__)


def parcel_of(post: Post, connection: Connection, sending: Sending) -> Parcel:
    """Return what is carried: the file, or the envelope around it that was kept at first.

    An envelope is other bytes each time it is made, and a bank may know a file again by its bytes:
    so it is made once, and stored before the first byte leaves. What people approved stays the
    digest of what is inside. Raises `BadTransport` where the keys cannot be used.
    """
    file, content, name = sending.file, sending.content, sending.file.name
    envelope = _envelope(post, connection)
    if envelope is not None:
        name += SUFFIX
        with post.begin() as tx:
            outer = outer_bytes.of(tx, file)
        if outer is None:
            made = envelope.seal(content)
            with post.begin() as tx:
                outer = outer_bytes.keep(tx, file, made, at=post.clock())
        content = outer
    return Parcel(
        name=name,
        reference=file.reference,
        sha256=sha256(content).hexdigest(),
        content=content,
        fence=sending.fence,
    )


def seal_released(post: Post, routes: Routes) -> None:
    """Make the envelopes of released files that their banks fetch, and keep them for `fetch`.

    The keys are the worker's alone: what answers requests from outside has none of them.
    """
    for connection, transport in routes.values():
        if transport.abilities.submits:
            continue
        try:
            envelope = _envelope(post, connection)
        except BadTransport as why:
            _log.error("bank connection %s gets no files: %s", connection.id, why.detail)
            continue
        if envelope is not None:
            _seal_all(post, connection, envelope)


def _seal_all(post: Post, connection: Connection, envelope: Envelope) -> None:
    with post.begin() as tx:
        wanting = outer_bytes.wanting(tx, connection.id)
    for project_id, file_id in wanting:
        with post.begin() as tx:
            file = files.take(tx, project_id=project_id, file_id=file_id)
            content = kept_bytes.read(tx, project_id=project_id, bytes_id=file.bytes_id)
            if sha256(content).hexdigest() == file.sha256:  # `fetch` refuses others by itself
                outer_bytes.keep(tx, file, envelope.seal(content), at=post.clock())


def opened(post: Post, connection: Connection, content: bytes) -> bytes:
    """Return what the bank put into its envelope; without one on the connection, `content`.

    Raises `UnreadableReport` for what is not sealed by the bank for us: nobody believes it.
    """
    envelope = _envelope(post, connection)
    if envelope is None:
        return content
    try:
        return envelope.open(content)
    except Unopened as why:
        raise UnreadableReport(f"this is no envelope of the bank's for us: {why}") from why


def _envelope(post: Post, connection: Connection) -> Envelope | None:
    if connection.kind is None:
        return None
    _, names = split(connection.settings)
    if names is None:
        return None
    pems = (post.secret(name) for name in (names.key, names.certificate, names.bank_certificate))
    try:
        envelope = Envelope.of(*pems)
        envelope.require_valid(post.clock())
    except UnusableEnvelope as why:
        raise BadTransport(f"no envelope can be made: {why}") from why
    return envelope
