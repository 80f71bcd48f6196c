"""An OpenID provider, on Authlib's own server: it wants PKCE and a nonce, and asks its people."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Thread

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from flask import Flask, jsonify, request
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "disburse-at-the-company", "a secret of the test"


class Client(ClientMixin):
    """The one client that this provider knows."""

    def get_client_id(self):
        return CLIENT

    def get_default_redirect_uri(self):
        return None

    def get_allowed_scope(self, scope):
        return scope

    def check_redirect_uri(self, uri):
        return uri.endswith("/company/back")

    def check_client_secret(self, secret):
        return secret == SECRET

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_basic"

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type == "authorization_code"


class Code(dict):
    """A code that was given out, and what was asked for with it."""

    __getattr__ = dict.get

    def get_redirect_uri(self):
        return self["redirect_uri"]

    def get_scope(self):
        return "openid"

    def get_nonce(self):
        return self["nonce"]

    def get_auth_time(self):
        return self["auth_time"]

    def get_acr(self):
        return None

    def get_amr(self):
        return None

    def is_expired(self):
        return False


class Provider:
    """What a test may bend: who signs in there, when they were asked, and what is said of it."""

    def __init__(self, now):
        self.now = now
        self.subject = "employee-7"
        self.asked_ago = 0
        self.issuer = ""
        self.claims = {}
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.shown = self.key  # what is published
        self.codes = {}
        self.asked = None  # the arguments of the last question

    def app(self):
        app = Flask("provider")
        server = AuthorizationServer(app, lambda _: Client(), lambda *_: None)
        server.register_grant(
            self._grant(), [self._openid()(require_nonce=True), CodeChallenge(required=True)]
        )

        @app.get("/.well-known/openid-configuration")
        def configuration():
            return jsonify(
                issuer=self.issuer, authorization_endpoint=f"{self.issuer}/authorize",
                token_endpoint=f"{self.issuer}/token", jwks_uri=f"{self.issuer}/jwks",
            )  # fmt: skip

        @app.get("/authorize")
        def authorize():
            self.asked = request.args.to_dict()
            grant = server.get_consent_grant(end_user=self.subject)
            return server.create_authorization_response(grant_user=self.subject, grant=grant)

        @app.post("/token")
        def token():
            return server.create_token_response()

        @app.get("/jwks")
        def jwks():
            return jsonify(KeySet([self.shown]).as_dict(private=False))

        return app

    def _grant(provider):  # noqa: N805
        class Grant(AuthorizationCodeGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]  # noqa: RUF012

            def save_authorization_code(self, code, request):
                data = request.payload.data
                provider.codes[code] = Code(
                    user=provider.subject, nonce=data.get("nonce"),
                    auth_time=int(provider.now().timestamp()) - provider.asked_ago,
                    redirect_uri=request.payload.redirect_uri,
                    code_challenge=data.get("code_challenge"),
                    code_challenge_method=data.get("code_challenge_method"),
                )  # fmt: skip

            def query_authorization_code(self, code, client):
                return provider.codes.get(code)

            def delete_authorization_code(self, authorization_code):
                provider.codes = {}

            def authenticate_user(self, authorization_code):
                return authorization_code["user"]

        return Grant

    def _openid(provider):  # noqa: N805
        class OpenID(OpenIDCode):
            def exists_nonce(self, nonce, request):
                return False

            def resolve_client_private_key(self, client):
                return provider.key

            def get_client_algorithm(self, client):
                return "RS256"

            def get_client_claims(self, client):
                return {"iss": provider.issuer, "aud": [CLIENT]}

            def generate_user_info(self, user, scope):
                at = int(provider.now().timestamp())
                return {"sub": user, "iat": at, "exp": at + 600} | provider.claims

        return OpenID


@contextmanager
def served(provider):
    """Serve the provider on this machine."""
    server = make_server("127.0.0.1", 0, provider.app(), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
