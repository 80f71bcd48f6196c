"""What leads on from one answer to a next request: the links of the description (OpenAPI 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_THE_SHEET: Final = {"sheet_id": "sheet/id"}
_THE_KEY: Final = {"kid": "kid", "registration": "$request.body#/registration"}
_THE_FILE: Final = {"file_id": "files/0/id"}
_THE_PAYMENT: Final = {"reference": "rows/0/reference"}
_AS_SHOWN: Final = {"sha256": "files/0/sha256", "count": "files/0/count", "total": "files/0/total"}

# After which operation which can follow, and where in the answer (`$`: in the request) is what
# it takes: places in its address, and members of its body. Places that both have are the same ones.
LINKS: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    # a sheet's way
    "sheets.receive": dict.fromkeys(
        (
            "sheets.sheet",
            "sheets.lines",
            "sheets.blockers",
            "sheets.evidence",
            "sheets.review",
            "sheets.reject",
        ),
        _THE_SHEET,
    ),
    "sheets.sheets": {"sheets.sheet": {"sheet_id": "rows/0/id"}},
    "sheets.review": {"sheets.fund": {}},
    "sheets.fund": {"sheets.root": {}, "sheets.unfund": {}},
    "sheets.root": {"sheets.approve": {"root_seen": "root"}},
    "sheets.approve": {"sheets.export": {}, "sheets.revoke": {}},
    "sheets.export": {
        "files.claim": _THE_FILE | _AS_SHOWN,
        "files.file": _THE_FILE,
        "files.cancel_file": _THE_FILE,
        "sheets.cancel": {},
    },
    # bank files and payments
    "files.files": {"files.file": {"file_id": "rows/0/id"}},
    "files.claim": {"files.content": {}, "files.hand_over": {}},
    "files.hand_over": {"files.file": {}, "payments.payments": {}},
    "files.keep_document": {"files.document": {"digest": "sha256"}},
    "files.proposals": {"files.take_back": {"act": "rows/0/act", "subject": "rows/0/subject"}},
    "payments.payments": {"payments.payment": _THE_PAYMENT},
    "payments.reissue": {
        "payments.countersign": {"reference": "reference"},
        "payments.decline": {"reference": "reference"},
    },
    "watching.anomalies": {"watching.resolve": {"anomaly_id": "rows/0/id"}},
    # money
    "funds.declare": {"funds.vouch": {"declaration_id": "id"}},
    "funds.vouch": {"funds.recall": {}},
    "funds.open_items": {"funds.explain": {"item_id": "rows/0/id"}},
    "funds.explain": {
        "funds.endorse": {"explanation_id": "id"},
        "funds.dismiss": {"explanation_id": "id"},
    },
    "funds.endorse": {"funds.retract": {}},
    "privacy.hold": {"privacy.lift_hold": {"hold_id": "id"}},
    # who and what is set up
    "organisations.add_organisation": {
        "organisations.add_member": {"registration": "registration"},
        "projects.join_project": {"registration": "registration"},
    },
    "organisations.add_member": {
        name: {"login": "login"}
        for name in ("organisations.grant_roles", "organisations.issue_token", "people.invite")
    },
    "organisations.issue_token": {"organisations.revoke_token": {}},
    "organisations.register_key": {"organisations.revoke_key": _THE_KEY},
    "organisations.register_request_key": {"organisations.revoke_request_key": {"kid": "kid"}},
    "people.invite": {"people.open": {"invitation": "code"}},
    "people.recover": {"people.confirm_recovery": {}},
    "people.disable_member": {"people.enable_member": {}},
    "people.lend": {"people.end_lending": {"lending_id": "id"}},
    "people.sessions": {"people.end_session": {"session_id": "rows/0/id"}},
    "people.add_passkey": {"people.remove_passkey": {"passkey_id": "id"}},
    "projects.open_account": {
        "projects.freeze_account": {"account_id": "id"},
        "projects.use_account": {"account_id": "id"},
    },
    "projects.freeze_account": {"projects.reopen_account": {}},
    "projects.start_project": {
        name: {"project_id": "id"} for name in ("projects.project", "projects.use_account")
    },
    "events.subscribe": {
        name: {"webhook_id": "id"}
        for name in ("events.renew", "events.replay", "events.unsubscribe")
    },
}


def link(paths: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the links into the operations that they lead on from."""
    found = {
        one["operationId"]: (path, one)
        for path, operations in paths.items()
        for one in operations.values()
        if isinstance(one, dict)
    }
    for after, following in LINKS.items():
        here, operation = found[after]
        links = {
            name: _link(here, found[name][0], name, taken) for name, taken in following.items()
        }
        operation["responses"][_granted(operation)]["links"] = links


def _granted(operation: Mapping[str, Any]) -> str:
    return next(str(code) for code in operation["responses"] if code[:1] == "2")


def _link(here: str, there: str, name: str, taken: Mapping[str, str]) -> dict[str, Any]:
    found = {
        member: where if where.startswith("$") else f"$response.body#/{where}"
        for member, where in taken.items()
    }
    places = {
        place: found.get(place, f"$request.path.{place}") for place in _places(there)
        if place in found or place in _places(here)
    }  # fmt: skip
    said = {member: where for member, where in found.items() if member not in places}
    link = {"operationId": name, "parameters": places}
    return link | {"requestBody": said} if said else link


def _places(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]
