"""After the story: the site's API for whoever wants to look around, in the demo's own time."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Final

from disburse import serving, signing, work
from disburse.app import create_app
from disburse.clock import ticks
from disburse.demo.set_up import PEOPLE
from disburse.demo.site import ADMINISTRATOR, Site
from disburse.demo.wages import an_advance
from disburse.steps.parties.issue_token import issue_token

HOST: Final = "127.0.0.1"
THREADS: Final = 4
VALID_FOR: Final = timedelta(days=1)
NANOSECONDS: Final = 1_000  # in a microsecond


def hand_out(site: Site) -> list[tuple[str, str]]:
    """Return a fresh token for everybody; keep a sheet to submit, and the keys to sign it."""
    site.keep("next/advance.csv", an_advance())
    for letter, key in site.keys.items():
        site.keep(f"keys/signer_{letter.lower()}.pem", signing.to_unprotected_pem(key))
    logins = [ADMINISTRATOR, *(login for login, _, _ in PEOPLE)]
    return [
        (login, site.administer(issue_token, login=login, label="demo", valid_for=VALID_FOR))
        for login in logins
    ]


def serve(site: Site, port: int) -> None:
    """Serve the API, and let the worker loop go round, until the process is told to stop.

    Time goes on from the story's end: keys, tokens and approvals are good then, not today.
    """
    ended, began = site.clock.now, ticks()

    def now() -> datetime:
        return ended + timedelta(microseconds=(ticks() - began) // NANOSECONDS)

    app = create_app(site.begin, site.banks, now)
    stop = Event()
    loop = Thread(
        target=work.run, args=(site.loop,), kwargs={"clock": now, "stop": stop}, daemon=True
    )
    loop.start()
    server = serving.make_server(app, threads=THREADS, host=HOST, port=port)
    try:
        server.run()
    finally:
        server.close()
        stop.set()
        loop.join()
