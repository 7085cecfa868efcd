"""A third-party OpenID Connect issuer that enforces PKCE (RFC 7636 section 4.6): no token without the code verifier.

`python -m tests.fakes.oidc_issuer PORT` serves it on loopback. It also answers for issuers with a path, as those of
tenants and realms are, and `PUT /userinfo/SUBJECT` says what only the userinfo endpoint tells.
"""

import base64
import hashlib
import hmac
import os
import sys
from urllib.parse import parse_qs, urlsplit

import flask
import uvicorn
from oidc_provider_mock import app

_METHOD = "S256"
_METADATA = "/.well-known/openid-configuration"
_USERINFO = "/userinfo"


def make_issuer() -> flask.Flask:
    """The issuer; without a challenge there is no code, without the verifier no token."""
    issuer = app(require_nonce=True)
    challenges: dict[str, str] = {}

    def check() -> flask.Response | None:
        request = flask.request
        if request.path == "/oauth2/authorize" and request.args.get("code_challenge_method") != _METHOD:
            return _refuse("invalid_request")
        if request.path == "/oauth2/token":
            expected = challenges.pop(request.form.get("code", ""), "")
            digest = hashlib.sha256(request.form.get("code_verifier", "").encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if not hmac.compare_digest(challenge, expected):
                return _refuse("invalid_grant")
        return None

    def store_challenge(answer: flask.Response) -> flask.Response:
        if flask.request.path == "/oauth2/authorize":
            for code in parse_qs(urlsplit(answer.headers.get("Location", "")).query).get("code", []):
                challenges[code] = flask.request.args.get("code_challenge", "")
        return answer

    issuer.before_request(check)
    issuer.after_request(store_challenge)
    _add_paths(issuer)
    _add_userinfo(issuer)
    return issuer


def _add_paths(issuer: flask.Flask) -> None:
    """Metadata of issuers with a path; their ID tokens name it by a claim `iss` of the user."""

    def tell(path: str) -> flask.Response:
        metadata = flask.make_response(issuer.view_functions["oidc-provider-mock.openid_config"]())
        return flask.jsonify({**(metadata.json or {}), "issuer": f"{flask.request.host_url}{path}"})

    issuer.add_url_rule(f"/<path:path>{_METADATA}", "oidc-provider-mock.metadata_below", tell)


def _add_userinfo(issuer: flask.Flask) -> None:
    """Claims that the userinfo endpoint adds to those of the ID token."""
    added: dict[str, dict[str, object]] = {}

    def add(subject: str) -> flask.Response:
        added[subject] = flask.request.json or {}
        return flask.make_response("", 204)

    def answer(told: flask.Response) -> flask.Response:
        claims = told.json if flask.request.path == _USERINFO else None
        return flask.jsonify({**claims, **added.get(claims["sub"], {})}) if claims else told

    issuer.add_url_rule(f"{_USERINFO}/<subject>", "userinfo_of_subject", add, methods=["PUT"])
    issuer.after_request(answer)


def _refuse(error: str) -> flask.Response:
    return flask.make_response(flask.jsonify(error=error), 400)


if __name__ == "__main__":
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    uvicorn.run(make_issuer(), interface="wsgi", host="127.0.0.1", port=int(sys.argv[1]), log_config=None)
