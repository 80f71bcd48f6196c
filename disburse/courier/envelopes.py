"""Files in CMS envelopes: sealed once, the same bytes at every sending; answers only as signed."""

from __future__ import annotations

from hashlib import sha256

from disburse.adapter import UnreadableReport
from disburse.courier.post import Post
from disburse.leaving import Sending
from disburse.signing.envelope import Envelope, Unopened, UnusableEnvelope
from disburse.storage import outer_bytes
from disburse.storage.connections import Connection
from disburse.transports import BadTransport, Parcel
from disburse.transports.envelope import SUFFIX, split


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
    _, names = split(connection.kind, connection.settings)
    if names is None:
        return None
    pems = (post.secret(name) for name in (names.key, names.certificate, names.bank_certificate))
    try:
        envelope = Envelope.of(*pems)
        envelope.require_valid(post.clock())
    except UnusableEnvelope as why:
        raise BadTransport(f"no envelope can be made: {why}") from why
    return envelope
