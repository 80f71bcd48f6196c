"""Runs the web service on waitress: limits first, and a log that names nobody."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from waitress.server import create_server  # type: ignore[import-untyped]

from disburse.clock import ticks
from disburse.sheetfile.draft import BYTES_MAX

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADER_BYTES_MAX: Final = 32 * 1024
CONNECTIONS_MAX: Final = 200  # beyond it new callers wait in the kernel's queue
SILENT_SECONDS_MAX: Final = 60  # a channel that says nothing is closed
NANOSECONDS_IN_A_MILLISECOND: Final = 10**6

_log = logging.getLogger("disburse.access")


def make_server(app: WSGIApplication, *, threads: int, **where: Any) -> Any:  # noqa: ANN401
    """Return a server that listens already on `host` and `port`, or on `unix_socket`.

    `run()` serves until `close()`.
    """
    return create_server(
        logged(app),
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
                (ticks() - began) // NANOSECONDS_IN_A_MILLISECOND,
            )
            return start_response(status, *rest)

        return app(environ, started)

    return answer
