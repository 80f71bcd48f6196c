"""`disburse serve` and `disburse work`: the processes of an installation."""

from __future__ import annotations

import logging
import signal
import sys
from datetime import timedelta
from ipaddress import ip_network
from os import environ, getpid
from socket import gethostname
from threading import Event
from typing import Final
from urllib.parse import urlsplit

import click

from disburse import banks
from disburse.app import create_app
from disburse.cli import answer, secrets
from disburse.cli.installation import Installation, opened, settings, trust_of
from disburse.cli.master import require_chosen
from disburse.clock import system_clock
from disburse.courier.post import LEASE, OutsideCount, Post
from disburse.courier.reach import Reach
from disburse.courier.telling import Herald
from disburse.factors.company import Company
from disburse.serving import make_server
from disburse.settings import Settings
from disburse.storage import embedded
from disburse.work import PAUSE_SECONDS, Turn, run, turn

THIS_MACHINE: Final = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
DEVELOPMENT: Final = "development"
PRODUCTION: Final = "production"
LOG: Final = "%(asctime)s %(name)s %(levelname)s %(message)s"


def _origin(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Return scheme and host of a public address, which has nothing more."""
    parts = urlsplit(value)
    whole = parts.scheme in {"http", "https"} and parts.hostname is not None
    if value and not (whole and f"{parts.scheme}://{parts.netloc}" == value.rstrip("/")):
        raise click.BadParameter("must be like https://pay.example.org, without a path", ctx, param)
    return value.rstrip("/")


@click.command()
@click.option("--host", help="[DISBURSE_HOST, or this machine only]")
@click.option("--port", type=click.IntRange(0, 65_535), help="[DISBURSE_PORT, or 8080]; 0: any")
@click.option(
    "--environment",
    type=click.Choice((DEVELOPMENT, PRODUCTION)),
    envvar="DISBURSE_ENVIRONMENT",
    default=DEVELOPMENT,
    show_default=True,
    show_envvar=True,
    help="In production no token is taken, only signed requests.",
)
@click.option(
    "--public-url",
    envvar="DISBURSE_PUBLIC_URL",
    callback=_origin,
    default="",
    show_envvar=True,
    help="Address that clients know the service by, where a proxy stands before it.",
)
def serve(*, host: str | None, port: int | None, environment: str, public_url: str) -> None:
    """Serve the API until told to stop; refuses a database of another shape."""
    _log_to_stderr()
    if environment == PRODUCTION:
        require_chosen(settings())
    with opened() as here:
        chosen = here.settings
        app = create_app(
            here.begin,
            banks.load(chosen.adapters, chosen.profiles),
            system_clock,
            metrics_token=chosen.metrics_token,
            tokens=environment != PRODUCTION,
            public_url=public_url,
            company=_company(chosen),
            trust=trust_of(chosen),
            reach=Reach(chosen.webhook_networks),
            # A public address is a proxy's, and usually it stands on this machine.
            proxies=chosen.proxies or (THIS_MACHINE if public_url else ()),
        )
        server = make_server(
            app,
            host=host or chosen.host,
            port=chosen.port if port is None else port,
            threads=chosen.threads,
        )
        # a plain end like Ctrl-C: answers that began are finished
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        name, number = server.effective_host, server.effective_port
        answer.fail(f"serving http://{name}:{number}/v1/docs, end with Ctrl-C")
        try:
            server.run()
        finally:
            server.close()


@click.command()
@click.option("--once", is_flag=True, help="Do one round and end.")
@click.option("--pause", type=click.IntRange(1, 3_600), default=PAUSE_SECONDS, show_default=True)
@click.option(
    "--lease",
    type=click.IntRange(5, 3_600),
    default=int(LEASE.total_seconds()),
    show_default=True,
    help="Seconds after which a file whose sender says nothing is unknown.",
)
@answer.json_option
def work(*, once: bool, pause: int, lease: int, as_json: bool) -> None:
    """Fund what waits, send what was released, take answers in, round after round.

    Any number of processes may do so at once. They sign in to the database as disburse_work.
    """
    _log_to_stderr()
    with opened(embedded.WORK) as here:
        herald = _herald(here)
        if once:
            done = turn(here.begin, now=here.now, post=_post(here, lease), herald=herald)
            herald.finish()
            _tell(done, as_json=as_json)
            return
        stop = Event()
        for ending in (signal.SIGINT, signal.SIGTERM):
            signal.signal(ending, lambda *_: stop.set())

        def tell(done: Turn) -> None:
            if done.moved or done.failed:
                _tell(done, as_json=as_json)

        answer.fail(f"working every {pause} seconds, end with Ctrl-C")
        run(
            here.begin,
            clock=system_clock,
            stop=stop,
            post=_post(here, lease),
            herald=herald,
            tell=tell,
            pause_seconds=pause,
        )
        herald.finish()


def _post(here: Installation, lease: int) -> Post:
    chosen = here.settings
    return Post(
        begin=here.begin,
        banks=banks.load(chosen.adapters, chosen.profiles),
        clock=system_clock,
        name=f"{gethostname()}:{getpid()}",
        count=OutsideCount(chosen.var / "dispatched"),
        secret=secrets.finder(chosen.var, environ),
        lease=timedelta(seconds=lease),
    )


def _herald(here: Installation) -> Herald:
    return Herald(
        begin=here.begin,
        clock=system_clock,
        name=f"{gethostname()}:{getpid()}",
        reach=Reach(here.settings.webhook_networks),
    )


def _company(chosen: Settings) -> Company | None:
    """Return the company's OpenID provider, when the settings name one."""
    if not chosen.oidc_issuer:
        return None
    return Company(
        issuer=chosen.oidc_issuer,
        client_id=chosen.oidc_client_id,
        client_secret=chosen.oidc_client_secret,
    )


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format=LOG)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every look at the shape


def _tell(done: Turn, *, as_json: bool) -> None:
    carried = done.carried
    facts = {
        "sent": carried.sent,
        "unknown": carried.unknown,
        "answers": carried.answers,
        "missed": carried.missed,
        "funded": done.funded,
        "short": done.short,
        "expired": done.expired,
        "unstated": done.unstated,
        "months": done.months,
        "events": done.events,
        "failed": done.failed,
    }
    short = ", ".join(f"sheet {sheet} of project {project}" for project, sheet in done.short)
    line = (
        f"{done.funded} sheets funded, {done.expired} approvals expired, "
        f"{carried.sent} files sent, {carried.unknown} unknown, {carried.answers} answers; "
        f"{carried.missed} without outcomes, {done.unstated} accounts without statements; "
        f"{done.months} months made, {done.failed} failed; short of money: {short or 'nobody'}"
    )
    answer.tell(facts, as_json=as_json, lines=[line])
