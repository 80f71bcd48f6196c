"""Where the web service is put together, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from flask import Flask
from flask_smorest import Api  # type: ignore[import-untyped]

from disburse import clock, console
from disburse.adapter import Adapter
from disburse.courier.reach import PUBLIC, Reach
from disburse.entrance import Entrance
from disburse.entrance.address import Network
from disburse.entrance.cookies import Cookies
from disburse.factors.company import Company
from disburse.factors.password import Passwords
from disburse.http import (
    board,
    calendars,
    confirmations,
    connections,
    documents,
    files,
    funds,
    guard,
    health,
    invitations,
    lendings,
    open_items,
    openapi,
    organisations,
    pages,
    passkeys,
    payments,
    people,
    privacy,
    problems,
    projects,
    sheet_reads,
    sheets,
    unsure,
    watching,
    webhooks,
    words,
)
from disburse.http.metrics import Metrics
from disburse.http.rates import Rates
from disburse.http.routes import Desk
from disburse.signing import NOBODY, Trust
from disburse.storage.engine import Begin

TOPICS = (
    people,
    invitations,
    lendings,
    passkeys,
    organisations,
    confirmations,
    connections,
    calendars,
    projects,
    sheets,
    sheet_reads,
    funds,
    open_items,
    files,
    unsure,
    documents,
    payments,
    watching,
    board,
    webhooks,
    privacy,
)


def create_app(
    begin: Begin,
    banks: Mapping[str, Adapter],
    now: Callable[[], datetime],
    *,
    metrics_token: str = "",
    tokens: bool = True,
    public_url: str = "",
    passwords: Passwords | None = None,
    company: Company | None = None,
    trust: Trust = NOBODY,
    reach: Reach = PUBLIC,
    proxies: Sequence[Network] = (),
    rates: Rates | None = None,
    ticks: Callable[[], int] = clock.ticks,
) -> Flask:
    """Build the web service of one installation; nothing in it is reached through a global.

    Without `tokens`, which is how production runs, people come by session and machines by signed
    requests. `public_url` is the address, without a path, that clients know the service by; "":
    the one by which each request came. Only `proxies` are believed where a request came from.
    """
    app = Flask("disburse", static_folder=None)
    app.config.update(API_TITLE=openapi.TITLE, API_VERSION="v1", OPENAPI_VERSION=openapi.VERSION)
    api = Api(app)
    words.install(app, api)
    problems.install(app)
    metrics = Metrics(now, ticks)
    metrics.install(app)
    entrance = Entrance(
        begin=begin,
        now=now,
        passwords=passwords or Passwords(),
        cookies=Cookies(secure=not tokens or public_url.startswith("https://"), now=now),
        public_url=public_url,
        company=company,
        proxies=proxies,
    )
    desk = Desk(begin=begin, banks=banks, now=now, entrance=entrance, trust=trust, vet=reach.read)
    door = guard.Guard(
        begin=begin,
        now=now,
        entrance=entrance,
        rates=rates or Rates(ticks),
        tokens=tokens,
        metrics_token=metrics_token,
    )
    guard.install(app, door)
    for topic in TOPICS:
        made = topic.routes(desk)
        api.register_blueprint(made.blueprint)
        door.bodies_max.update(made.bodies_max)

    @cache
    def document() -> Mapping[str, Any]:
        return openapi.describe(api, session=entrance.cookies.session)

    app.register_blueprint(health.blueprint(begin, metrics))
    app.register_blueprint(pages.blueprint(document))
    app.register_blueprint(console.blueprint(entrance))
    return app
