"""Files to carry, invented."""

from __future__ import annotations

from hashlib import sha256

from disburse.transports import Parcel


def parcel(content=b"bytes", name="F1.txt", fence=1):
    return Parcel(
        name=name,
        reference="F1",
        sha256=sha256(content).hexdigest(),
        content=content,
        fence=fence,
    )
