"""An OpenID Connect issuer of other people's making, held to PKCE (RFC 7636 section 4.6): no code without its verifier.

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
    """The issuer; whoever asks without a challenge gets no code, whoever has not the verifier no token."""
    issuer = app(require_nonce=True)
    challenges: dict[str, str] = {}

    def check() -> flask.Response | None:
        asked = flask.request
        if asked.path == "/oauth2/authorize" and asked.args.get("code_challenge_method") != _METHOD:
            return _refuse("invalid_request")
        if asked.path == "/oauth2/token":
            expected = challenges.pop(asked.form.get("code", ""), "")
            digest = hashlib.sha256(asked.form.get("code_verifier", "").encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if not hmac.compare_digest(challenge, expected):
                return _refuse("invalid_grant")
        return None

    def remember(answer: flask.Response) -> flask.Response:
        if flask.request.path == "/oauth2/authorize":
            for code in parse_qs(urlsplit(answer.headers.get("Location", "")).query).get("code", []):
                challenges[code] = flask.request.args.get("code_challenge", "")
        return answer

    issuer.before_request(check)
    issuer.after_request(remember)
    return issuer


def _refuse(error: str) -> flask.Response:
    return flask.make_response(flask.jsonify(error=error), 400)


if __name__ == "__main__":
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    uvicorn.run(make_issuer(), interface="wsgi", host="127.0.0.1", port=int(sys.argv[1]), log_config=None)
