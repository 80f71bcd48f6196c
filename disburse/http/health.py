"""Is the service alive, is it ready, and what does it measure."""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Blueprint, Response, jsonify

from disburse.http import problems
from disburse.http.metrics import Metrics
from disburse.storage.engine import Begin, read_only
from disburse.storage.migrate import WrongSchema, require_current

_log = logging.getLogger("disburse.http")


def blueprint(begin: Begin, metrics: Metrics) -> Blueprint:
    """Make the routes that machines ask without a token."""
    routes = Blueprint("health", __name__)

    @routes.get("/v1/health")
    def live() -> Response:
        return jsonify(status="live")

    @routes.get("/v1/ready")
    def ready() -> Response:
        return _ready(begin)

    @routes.get("/metrics")
    def metrics_page() -> Response:
        with read_only(begin)() as tx:
            text, media_type = metrics.page(tx)
        return Response(text, content_type=media_type)

    return routes


def _ready(begin: Begin) -> Response:
    """Answer yes only while the database can be reached and has the shape that we need."""
    try:
        with begin() as tx:
            require_current(tx)
    except WrongSchema as refusal:
        return problems.response(problems.of_refusal(refusal))
    except Exception as error:  # noqa: BLE001  (whatever it is: not ready, and nobody's business why)
        _log.warning("not ready: %s", problems.where(error)[0])
        detail = "the database cannot be reached"
        status = HTTPStatus.SERVICE_UNAVAILABLE
        return problems.response(problems.document(status, "not-ready", detail))
    return jsonify(status="ready")
