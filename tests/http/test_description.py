"""The description of the API: OpenAPI 3.1, whole, and readable without script."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from http import HTTPStatus

from disburse.app import create_app
from disburse.http.openapi import DOORS
from disburse.http.problems import STATUS
from tests.architecture.test_access import routes_of


def references(value):
    """Yield every reference in a document."""
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def description(site):
    return site.client.get("/v1/openapi.json").json


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                yield method, path, operation


def test_every_route_that_takes_a_token_is_described_and_no_other(site):
    described = {(method.upper(), path) for method, path, _ in operations(description(site))}

    routes = {(m, re.sub(r"<\w+:(\w+)>", r"{\1}", rule)) for m, rule in routes_of(site.app)}
    assert described == routes | {("POST", path) for path in DOORS}


def test_the_document_is_openapi_3_1(site):
    document = description(site)

    assert document["openapi"] == "3.1.0"
    assert {"title", "version"} <= set(document["info"])
    schemes = document["components"]["securitySchemes"]
    assert schemes["token"]["scheme"] == "bearer"
    assert schemes["signature"]["name"] == "Signature"
    assert [list(one) for one in document["security"]] == [
        ["session", "change"], ["signature"], ["token"],
    ]  # fmt: skip
    for reference in references(document):
        found = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
    for _, path, operation in operations(document):
        assert operation["summary"]
        assert "default" not in operation["responses"]  # whoever says everything says nothing
        assert {"400", "401", "403", "404", "422", "429", "500"} <= set(operation["responses"])
        places = re.findall(r"{(\w+)}", path)
        shared = document["paths"][path].get("parameters", [])
        named = [one["name"] for one in shared if one["in"] == "path"]
        assert sorted(named) == sorted(places)
        for parameter in operation.get("parameters", []):
            assert "$ref" in parameter or {"name", "in", "schema"} <= set(parameter)


def test_every_change_asks_for_an_idempotency_key_and_signed_bodies_for_a_signature(site):
    key = {"$ref": "#/components/parameters/Key"}
    signature = {"$ref": "#/components/parameters/Signature"}

    signed = set()
    for method, path, operation in operations(description(site)):
        keyless = {
            "/v1/payments/search",
            "/v1/session/change_password",
            "/v1/passkeys/offer",
            *DOORS,
        }
        changes = method == "post" and path not in keyless
        assert (key in operation.get("parameters", [])) == changes, path
        if signature in operation.get("parameters", []):
            signed.add(path.rpartition("/")[2])
    assert signed == {"sheets", "withdraw"}


def test_every_refusal_has_a_status_that_is_described(site):
    document = description(site)

    unsaid = {HTTPStatus.METHOD_NOT_ALLOWED}  # of no operation: it is another method's answer
    for status in set(STATUS) - unsaid:
        told = document["components"]["responses"][status.name.title().replace("_", "")]
        for code in STATUS[status]:
            assert code in told["description"]
    waits = document["components"]["responses"]["TooManyRequests"]
    assert waits["headers"]["Retry-After"]["required"]


def test_nothing_in_a_query_may_be_null(site):
    """There is no null in an address; "period=" is no month."""
    for _, path, operation in operations(description(site)):
        for parameter in operation.get("parameters", []):
            form = parameter.get("schema", {})
            assert "null" not in form.get("type", ()), path
            assert None not in (form.get("enum", ()), form.get("default", "")), path


def test_the_cookie_is_called_what_it_is_called_here(site):
    world = site.world
    app = create_app(
        world.unbound, world.banks, lambda: world.now, public_url="https://wages.example"
    )

    schemes = description(site)["components"]["securitySchemes"]
    assert schemes["session"]["name"] == "disburse-session"
    safe = app.test_client().get("/v1/openapi.json").json["components"]["securitySchemes"]
    assert safe["session"]["name"] == "__Host-disburse-session"


def test_no_amount_is_described_as_a_number(site):
    money = {"amount", "total", "total_net", "net", "gross", "owed", "free", "held", "needed"}
    schemas = description(site)["components"]["schemas"]

    for name, schema in schemas.items():
        for field, told in schema["properties"].items():
            if field in money and (name, field) != ("AttestableTold", "needed"):
                assert "string" in told["type"], (name, field)


def test_the_page_shows_every_route_with_nothing_from_outside(site):
    answer = site.client.get("/v1/docs")
    text = answer.get_data(as_text=True)

    class Page(HTMLParser):
        def __init__(self):
            super().__init__()
            self.tags, self.links = set(), set()

        def handle_starttag(self, tag, attrs):
            self.tags.add(tag)
            self.links |= {value for name, value in attrs if name in {"src", "href"}}

    page = Page()
    page.feed(text)
    assert answer.status_code == 200
    assert not page.tags & {"script", "img", "link", "iframe", "form"}
    assert page.links == {"openapi.json"}
    assert "default-src 'none'; style-src 'sha256-" in answer.headers["Content-Security-Policy"]
    for _, path, _ in operations(description(site)):
        assert path in text


def test_every_operation_has_a_name_of_its_own(site):
    names = [operation["operationId"] for _, _, operation in operations(description(site))]

    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z]+\.[a-z_]+", name) for name in names), names


def test_every_link_leads_to_an_operation_and_takes_what_the_answer_has(site):
    document = description(site)
    paths = {one["operationId"]: path for _, path, one in operations(document)}
    followed = 0
    for _, path, operation in operations(document):
        for answer in operation["responses"].values():
            for name, link in answer.get("links", {}).items():
                followed += 1
                places = set(re.findall(r"{(\w+)}", paths[link["operationId"]]))
                assert places - {"project_id"} <= set(link["parameters"]) <= places, (path, name)
                taken = [*link["parameters"].values(), *link.get("requestBody", {}).values()]
                [content] = answer["content"].values()
                for where in taken:
                    assert can_be_found(document, content["schema"], where, path), (name, where)

    assert followed > 50


def can_be_found(document, schema, expression, path):
    """Say whether an answer of this form, or its address, has what a link's expression names."""
    kind, _, where = expression.partition("#/")
    if kind == "$request.body":
        return where == "registration" and path == "/v1/keys"  # which it asks for
    if kind.startswith("$request.path."):
        return f"{{{kind.removeprefix('$request.path.')}}}" in path
    for part in where.split("/"):
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].split("/")[-1]]
        schema = schema["items"] if part == "0" else schema["properties"].get(part)
        if schema is None:
            return False
    return True


def test_a_sheet_gets_to_the_bank_by_links_alone(site):
    document = description(site)
    found = {one["operationId"]: (method, path, one) for method, path, one in operations(document)}
    site.world.allocate(10_000_000)
    answer, here = site.submit(), "sheets.receive"
    places = {"project_id": site.world.project_id}
    for who, name in (
        ("labour_officer", "sheets.review"), ("approver", "sheets.fund"),
        ("approver", "sheets.root"), ("approver", "sheets.approve"),
        ("releaser", "sheets.export"), ("releaser", "files.claim"),
        ("releaser", "files.hand_over"), ("releaser", "payments.payments"),
        ("releaser", "payments.payment"),
    ):  # fmt: skip
        [link] = [
            one["links"][name] for code, one in found[here][2]["responses"].items()
            if code == str(answer.status_code)
        ]  # fmt: skip
        places |= {key: told(answer, where, places) for key, where in link["parameters"].items()}
        said = {
            key: told(answer, where, places) for key, where in link.get("requestBody", {}).items()
        }
        method, path, _ = found[name]
        path = path.format(**places)
        answer = site.get(path, who) if method == "get" else site.post(path, who, json=said or None)
        assert answer.status_code == 200, (name, answer.text)
        here = name


def told(answer, expression, places):
    """Return what a link's expression says of an answer."""
    if expression.startswith("$request.path."):
        return places[expression.removeprefix("$request.path.")]
    value = answer.json
    for part in expression.removeprefix("$response.body#/").split("/"):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value
