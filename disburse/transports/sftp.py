"""A server of the bank's over SFTP: its host key is pinned, our key lets us in.

A file is written under another name in the same folder and then renamed, which SFTP refuses where
a file by that name is there. Everything before the renaming leaves nothing that the bank reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from posixpath import join
from stat import S_ISREG
from typing import Any, Final, TypeVar, cast

import asyncssh

from disburse.transports.contract import (
    ANSWER_BYTES_MAX,
    HALF_DONE,
    READ,
    UNREADABLE,
    Abilities,
    Answer,
    BadTransport,
    CannotReach,
    NothingSent,
    Parcel,
    Secret,
)
from disburse.transports.wanted import Wanted

SECONDS_MAX: Final = 300  # of one file; half of the lease
LOGIN_SECONDS_MAX: Final = 20
PORT_MAX: Final = 65_535
_GONE: Final = (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection)
_ANY: Final = (asyncssh.Error, OSError, TimeoutError)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sftp:
    """One account on the bank's server, with a folder for our files and one for its answers."""

    host: str
    port: int
    user: str
    host_key: str  # a line such as "ssh-ed25519 AAAA…": no other server is spoken to
    key: str  # names of secrets: our private key, and what it is locked with
    passphrase: str
    outbox: str
    inbox: str
    secret: Secret

    @classmethod
    def of(cls, settings: Mapping[str, object], secret: Secret) -> Sftp:
        """Read the settings, or raise `BadTransport`."""
        wanted = Wanted(settings)
        made = cls(
            host=wanted.text("host"),
            port=wanted.number("port", usual=22, most=PORT_MAX),
            user=wanted.text("user"),
            host_key=wanted.text("host_key"),
            key=wanted.secret_name("key"),
            passphrase=wanted.secret_name("passphrase", usual=""),
            outbox=wanted.text("outbox"),
            inbox=wanted.text("inbox"),
            secret=secret,
        )
        wanted.require(_is_key(made.host_key), "host_key", "must be the server's public key")
        wanted.require(made.outbox != made.inbox, "inbox", "must be another folder than outbox")
        wanted.finish()
        return made

    @property
    def abilities(self) -> Abilities:
        """Return what a folder can do; what lies there was not taken by the bank yet."""
        return Abilities(submits=True, repeats=True, asks=False, cancels=False, collects=True)

    def submit(self, parcel: Parcel) -> None:
        """Upload the file, or leave the very same one as it lies there."""
        if "/" in parcel.name or parcel.name.startswith("."):
            raise NothingSent("the file's name is none that a folder can hold")
        half = join(self.outbox, f".{parcel.name}.{parcel.fence}.part")
        place = join(self.outbox, parcel.name)
        try:
            _run(self._upload(half, parcel))
        except _ANY as error:
            raise NothingSent(f"nothing was uploaded: {type(error).__name__}") from error
        _run(self._rename(half, place, parcel))

    def has(self, parcel: Parcel) -> bool | None:  # noqa: ARG002
        """Say nothing: whether the bank took it, a folder does not tell."""
        return None

    def collect(self) -> Iterator[Answer]:
        """Download the answers that lie there whole, oldest first."""
        for name in self._asked(self._ready()):
            yield Answer(name=name, content=self._asked(self._read(join(self.inbox, name))))

    def set_aside(self, answer: Answer, *, read: bool) -> None:
        """Move the answer into a folder beside; what took its place meanwhile stays to be read."""
        self._asked(self._move(answer, join(self.inbox, READ if read else UNREADABLE)))

    def _asked(self, what: Coroutine[Any, Any, T]) -> T:
        try:
            return _run(what)
        except _ANY as error:
            raise CannotReach(f"the server does not serve: {type(error).__name__}") from error

    async def _upload(self, half: str, parcel: Parcel) -> None:
        async with self._server() as server, server.open(half, "wb") as stream:
            await stream.write(parcel.content)

    async def _rename(self, half: str, place: str, parcel: Parcel) -> None:
        """Give the file its name; once the server was asked to, only its own word counts."""
        async with self._server() as server:
            try:
                await server.rename(half, place)
            except _GONE:
                raise
            except asyncssh.SFTPError as error:
                await server.remove(half)
                if not await server.exists(place):
                    raise NothingSent(f"the server refused the name: {error.code}") from error
                if sha256(await _content(server, place)).hexdigest() != parcel.sha256:
                    raise NothingSent("the server has another file by this name") from None

    async def _ready(self) -> list[str]:
        async with self._server() as server:
            found = [
                (entry.attrs.mtime or 0, str(entry.filename))
                async for entry in server.scandir(self.inbox)
                if S_ISREG(entry.attrs.permissions or 0)
                and (entry.attrs.size or 0) <= ANSWER_BYTES_MAX
            ]
        return [
            name
            for _, name in sorted(found)
            if not name.startswith(".") and not name.endswith(HALF_DONE)
        ]

    async def _read(self, place: str) -> bytes:
        async with self._server() as server:
            return await _content(server, place)

    async def _move(self, answer: Answer, beside: str) -> None:
        digest = sha256(answer.content).hexdigest()
        kept = join(beside, f"{digest[:16]}-{answer.name}")
        async with self._server() as server:
            await server.makedirs(beside, exist_ok=True)
            if await server.exists(kept):  # the very same answer lay there before
                await server.remove(kept)
            await server.rename(join(self.inbox, answer.name), kept)
            if sha256(await _content(server, kept)).hexdigest() != digest:
                await server.rename(kept, join(self.inbox, f"{digest[:16]}-{answer.name}"))

    @asynccontextmanager
    async def _server(self) -> AsyncIterator[asyncssh.SFTPClient]:
        pinned = asyncssh.import_public_key(self.host_key)
        async with (
            asyncssh.connect(
                self.host,
                self.port,
                username=self.user,
                client_keys=[self._key()],
                known_hosts=([pinned], [], []),
                preferred_auth="publickey",
                agent_path=None,
                config=None,
                connect_timeout=LOGIN_SECONDS_MAX,
                login_timeout=LOGIN_SECONDS_MAX,
            ) as line,
            line.start_sftp_client() as server,
        ):
            yield server

    def _key(self) -> asyncssh.SSHKey:
        passphrase = self.secret(self.passphrase).decode().strip() if self.passphrase else None
        try:
            return asyncssh.import_private_key(self.secret(self.key), passphrase)
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
            raise BadTransport(f"the secret {self.key} is no private key we can use") from error


async def _content(server: asyncssh.SFTPClient, place: str) -> bytes:
    async with server.open(place, "rb") as stream:
        return cast("bytes", await stream.read())


def _run(what: Coroutine[Any, Any, T]) -> T:
    async def in_time() -> T:
        async with asyncio.timeout(SECONDS_MAX):
            return await what

    return asyncio.run(in_time())


def _is_key(line: str) -> bool:
    try:
        asyncssh.import_public_key(line)
    except asyncssh.KeyImportError:
        return False
    return True
