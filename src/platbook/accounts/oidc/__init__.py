"""Sign-in by OpenID Connect: authorization code flow with PKCE (RFC 7636), state and nonce."""

from platbook.accounts.oidc.email_trust import EmailTrust, parse_email_trust
from platbook.accounts.oidc.issuer import OidcClient, OidcIssuer
from platbook.accounts.oidc.sign_in import AuthorizationRequest, OidcSignIn

__all__ = ["AuthorizationRequest", "EmailTrust", "OidcClient", "OidcIssuer", "OidcSignIn", "parse_email_trust"]
