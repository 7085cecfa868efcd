"""A third-party OpenID Connect issuer that enforces PKCE (RFC 7636 section 4.6): no token without the code verifier.

`python -m tests.fakes.oidc_issuer PORT` serves it on loopback.
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
    return issuer


def _refuse(error: str) -> flask.Response:
    return flask.make_response(flask.jsonify(error=error), 400)


if __name__ == "__main__":
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    uvicorn.run(make_issuer(), interface="wsgi", host="127.0.0.1", port=int(sys.argv[1]), log_config=None)  # pyright: ignore[reportArgumentType] - WSGI
