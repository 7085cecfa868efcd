"""Signing in by an OpenID Connect issuer: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0)."""

from platbook.accounts.oidc.email_trust import EmailTrust, parse_email_trust
from platbook.accounts.oidc.issuer import OidcClient, OidcIssuer
from platbook.accounts.oidc.sign_in import AuthorizationRequest, OidcSignIn

__all__ = ["AuthorizationRequest", "EmailTrust", "OidcClient", "OidcIssuer", "OidcSignIn", "parse_email_trust"]
