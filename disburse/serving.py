"""Runs the web service on waitress: limits first, and a log that names nobody."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.server import create_server  # type: ignore[import-untyped]

from disburse.clock import ticks
from disburse.sheetfile.draft import BYTES_MAX

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADER_BYTES_MAX: Final = 32 * 1024
CONNECTIONS_MAX: Final = 200  # beyond it new callers wait in the kernel's queue
SILENT_SECONDS_MAX: Final = 60  # a channel that says nothing is closed
SECOND: Final = 10**9  # in the nanoseconds that `ticks` counts
MILLISECOND: Final = 10**6
# Who begins a request has to go on with it, or a few who drip bytes would hold every connection.
HEAD_WITHIN: Final = 20 * SECOND  # however bad the line is, a head is a few packets
BODY_BYTES_EACH_SECOND: Final = 4 * 1024  # on the average, besides; a third of the slowest ISDN

_log = logging.getLogger("disburse.access")


def make_server(app: WSGIApplication, *, threads: int, **where: Any) -> Any:  # noqa: ANN401
    """Return a server that listens already on `host` and `port`, or on `unix_socket`.

    `run()` serves until `close()`.
    """
    listeners: dict[int, Any] = {}
    server = create_server(
        logged(app),
        map=listeners,
        **where,
        threads=threads,
        connection_limit=CONNECTIONS_MAX,
        channel_timeout=SILENT_SECONDS_MAX,
        max_request_header_size=HEADER_BYTES_MAX,
        max_request_body_size=BYTES_MAX + 1,  # the app says which limit, in a problem document
        expose_tracebacks=False,
        clear_untrusted_proxy_headers=False,  # /metrics must see that a request was forwarded
        ident=None,  # nobody needs to know what serves
    )
    for listener in listeners.values():
        listener.channel_class = HurriedChannel
    return server


class HurriedChannel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection on which each request that began has to come in, or it is closed.

    The loop asks every second, and with every byte, whether it may read.
    """

    _coming: object = None
    _began = 0
    _bytes = 0

    def received(self, data: bytes) -> Any:  # noqa: ANN401
        """Take in what came, and remember since when a request is incomplete."""
        went_on = super().received(data)
        if self.request is not self._coming:
            self._coming, self._began, self._bytes = self.request, ticks(), 0
        self._bytes += len(data)
        return went_on

    def readable(self) -> Any:  # noqa: ANN401
        """Say whether to read on; close what has come too slowly, unless an answer is under way."""
        if self.request is not None and not self.requests:
            body = self._bytes * SECOND // BODY_BYTES_EACH_SECOND
            within = HEAD_WITHIN + (body if self.request.headers_finished else 0)
            if ticks() - self._began > within:
                self.will_close = True
        return super().readable()


def logged(app: WSGIApplication) -> WSGIApplication:
    """Log every request: method, path without its query, status, milliseconds. Nobody's name."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        began = ticks()

        def started(status: str, *rest: Any) -> Callable[[bytes], object]:  # noqa: ANN401
            _log.info(
                "%s %s %s %d ms",
                environ.get("REQUEST_METHOD", ""),
                environ.get("PATH_INFO", "")[:200].encode("unicode_escape").decode(),
                status[:3],
                (ticks() - began) // MILLISECOND,
            )
            return start_response(status, *rest)

        return app(environ, started)

    return answer
