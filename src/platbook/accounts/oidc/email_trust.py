"""Which e-mail address in an issuer's claims counts as verified. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from email_validator import EmailNotValidError, validate_email

from platbook.accounts.oidc.claims import read_email_verified
from platbook.base.errors import InvalidInput, NotAllowed

_MANY_TENANTS = {"common", "organizations", "consumers", "9188040d-6c67-4c5b-b112-36a304b66dad", "{tenantid}"}
"""Tenants in a Microsoft Entra URL that admit accounts of any tenant; the UUID is that of `consumers`."""

_GUEST_MARK = "#ext#"


@dataclass(frozen=True, slots=True)
class EmailTrust:
    """Which addresses count as verified: every one the issuer sends (`by_issuer`), or those with `email_verified`.

    `domains` are the allowed domains of addresses, in ASCII and lower case; empty: any.
    """

    by_issuer: bool = False
    domains: frozenset[str] = frozenset()

    @property
    def required_claims(self) -> frozenset[str]:
        """The claims that the decision needs."""
        return frozenset({"email"} if self.by_issuer else {"email", "email_verified"})


def parse_email_trust(issuer: str, trust: str, domains: str | None) -> EmailTrust:
    """Parse the settings OIDC_ISSUER, OIDC_EMAIL_TRUST and OIDC_EMAIL_DOMAINS; InvalidInput names one of them."""
    names = [name for part in (domains or "").split(",") if (name := part.strip())]
    allowed = frozenset(_parse_domain(name) for name in names)
    if trust != "issuer":
        return EmailTrust(domains=allowed)
    if not _is_single_tenant(issuer):
        raise InvalidInput.of(
            "OIDC_EMAIL_TRUST", "issuer needs an OIDC_ISSUER with the id of one tenant, not one for every tenant"
        )
    if not allowed:
        raise InvalidInput.of("OIDC_EMAIL_DOMAINS", "is required with OIDC_EMAIL_TRUST=issuer")
    return EmailTrust(by_issuer=True, domains=allowed)


def read_email(claims: Mapping[str, object], trust: EmailTrust) -> str:
    """Return the verified address in the claims; NotAllowed if there is none."""
    verified = read_email_verified(claims)
    if verified is False:
        raise NotAllowed("the issuer has not verified your e-mail address")
    if trust.by_issuer and _is_guest(claims):
        raise NotAllowed("you are a guest of the issuer's tenant, and addresses of guests are not verified")
    email = claims.get("email")
    if trust.by_issuer:
        email = email or claims.get("preferred_username")
    if not isinstance(email, str) or not (trust.by_issuer or verified):
        raise NotAllowed("the issuer sends no verified e-mail address for you")
    if trust.domains and _find_domain(email) not in trust.domains:
        raise NotAllowed("your e-mail address is not in one of the domains of OIDC_EMAIL_DOMAINS")
    return email


def _is_single_tenant(issuer: str) -> bool:
    segments = [unquote(one).strip().lower() for one in urlsplit(issuer).path.split("/") if one]
    return not segments or segments[0] not in _MANY_TENANTS


def _is_guest(claims: Mapping[str, object]) -> bool:
    """Whether a Microsoft Entra account belongs to another tenant, by its user name, `acct` or `idp`."""
    names = (str(claims.get(name) or "").lower() for name in ("preferred_username", "upn", "email"))
    tenant, authority = claims.get("tid"), claims.get("idp")
    foreign = tenant is not None and authority not in {None, claims.get("iss")} and str(tenant) not in str(authority)
    return foreign or str(claims.get("acct")) == "1" or any(_GUEST_MARK in name for name in names)


def _find_domain(email: str) -> str | None:
    try:
        return (validate_email(email, check_deliverability=False).ascii_domain or "").lower()
    except EmailNotValidError:
        return None


def _parse_domain(name: str) -> str:
    domain = _find_domain(f"somebody@{name}")
    if not domain:
        raise InvalidInput.of("OIDC_EMAIL_DOMAINS", "must be domains of e-mail addresses, separated by commas")
    return domain
