"""Which address in an issuer's claims counts as verified, and which settings are refused."""

import pytest

from platbook.accounts.oidc import EmailTrust, parse_email_trust
from platbook.accounts.oidc.email_trust import read_email
from platbook.base.errors import InvalidInput, NotAllowed

TENANT = "6f1f7b1e-52a1-4c4e-9a52-0d8f3f0c9b11"
ENTRA = f"https://login.microsoftonline.com/{TENANT}/v2.0"
CLAIM = EmailTrust()
ISSUER = parse_email_trust(ENTRA, "issuer", "office.example, Straße.EXAMPLE,tenant.onmicrosoft.com")
MEMBER: dict[str, object] = {"iss": ENTRA, "tid": TENANT, "preferred_username": "ada@office.example"}


@pytest.mark.parametrize(
    ("trust", "claims", "email"),
    [
        (CLAIM, {"email": "a@b.example", "email_verified": True}, "a@b.example"),
        (CLAIM, {"email": "a@b.example", "email_verified": "true"}, "a@b.example"),
        (CLAIM, {"email": "a@b.example", "email_verified": "True"}, "a@b.example"),
        (EmailTrust(domains=frozenset({"b.example"})), {"email": "a@B.example", "email_verified": True}, "a@B.example"),
        (ISSUER, MEMBER, "ada@office.example"),
        (ISSUER, {**MEMBER, "preferred_username": "Ada@OFFICE.example"}, "Ada@OFFICE.example"),
        (ISSUER, {**MEMBER, "email": "b@office.example", "preferred_username": "b@else.example"}, "b@office.example"),
        (ISSUER, {**MEMBER, "email": "", "email_verified": None}, "ada@office.example"),
        (ISSUER, {**MEMBER, "email_verified": True}, "ada@office.example"),
        (ISSUER, {**MEMBER, "email": "ada@straße.example"}, "ada@straße.example"),
        (ISSUER, {**MEMBER, "email": "ada@xn--strae-oqa.example"}, "ada@xn--strae-oqa.example"),
        (ISSUER, {**MEMBER, "idp": f"https://sts.windows.net/{TENANT}/", "acct": 0}, "ada@office.example"),
        (ISSUER, {"email": "ada@office.example", "idp": "00o1gfn2hkb"}, "ada@office.example"),
    ],
)
def test_a_verified_address(trust: EmailTrust, claims: dict[str, object], email: str) -> None:
    assert read_email(claims, trust) == email


@pytest.mark.parametrize(
    ("trust", "claims", "reason"),
    [
        pytest.param(CLAIM, {"email": "a@b.example"}, "no verified e-mail", id="email_verified missing"),
        pytest.param(CLAIM, {"email_verified": True}, "no verified e-mail", id="no address"),
        pytest.param(CLAIM, {"email": 5, "email_verified": True}, "no verified e-mail", id="no text"),
        pytest.param(
            CLAIM, {**MEMBER, "email_verified": True}, "no verified e-mail", id="a user name is no e-mail claim"
        ),
        pytest.param(CLAIM, {"email": "a@b.example", "email_verified": False}, "not verified", id="not verified"),
        pytest.param(
            CLAIM, {"email": "a@b.example", "email_verified": "false"}, "not verified", id="not verified, text"
        ),
        pytest.param(
            EmailTrust(domains=frozenset({"b.example"})),
            {"email": "a@c.example", "email_verified": True},
            "EMAIL_DOMAINS",
            id="verified in another domain",
        ),
        pytest.param(ISSUER, {**MEMBER, "email_verified": False}, "not verified", id="tenant, not verified"),
        pytest.param(ISSUER, {**MEMBER, "email_verified": "False"}, "not verified", id="tenant, not verified, text"),
        pytest.param(ISSUER, {**MEMBER, "email_verified": "no"}, "not verified", id="tenant, neither true nor false"),
        pytest.param(ISSUER, {**MEMBER, "email": "ada@else.example"}, "EMAIL_DOMAINS", id="another domain"),
        pytest.param(ISSUER, {**MEMBER, "email": "ada@x.office.example"}, "EMAIL_DOMAINS", id="a domain below"),
        pytest.param(ISSUER, {**MEMBER, "email": "x@else.example@office.example"}, "EMAIL_DOMAINS", id="two domains"),
        pytest.param(ISSUER, {**MEMBER, "preferred_username": "ada"}, "EMAIL_DOMAINS", id="a user name"),
        pytest.param(ISSUER, {"iss": ENTRA, "tid": TENANT}, "no verified e-mail", id="no address at all"),
        pytest.param(
            ISSUER,
            {**MEMBER, "preferred_username": "alice_gmail.com#EXT#@tenant.onmicrosoft.com"},
            "guest",
            id="a guest's user name",
        ),
        pytest.param(
            ISSUER,
            {
                **MEMBER,
                "email": "ada@office.example",
                "preferred_username": "alice_gmail.com#EXT#@tenant.onmicrosoft.com",
            },
            "guest",
            id="a guest with an address of the office",
        ),
        pytest.param(ISSUER, {**MEMBER, "upn": "a_b.example#ext#@office.example"}, "guest", id="a guest's upn"),
        pytest.param(ISSUER, {**MEMBER, "acct": 1}, "guest", id="acct"),
        pytest.param(ISSUER, {**MEMBER, "idp": "live.com"}, "guest", id="a personal account"),
        pytest.param(ISSUER, {**MEMBER, "idp": "https://sts.windows.net/other/"}, "guest", id="of another tenant"),
    ],
)
def test_an_unverified_address(trust: EmailTrust, claims: dict[str, object], reason: str) -> None:
    with pytest.raises(NotAllowed, match=reason) as refused:
        read_email(claims, trust)
    assert "@" not in str(refused.value), "the claims are not repeated"


@pytest.mark.parametrize("tenant", ["common", "organizations", "consumers", "Common", "%63ommon", "{tenantid}"])
@pytest.mark.parametrize("rest", ["/v2.0", "/v2.0/.well-known/openid-configuration", "/", ""])
def test_an_issuer_for_every_tenant_cannot_be_trusted(tenant: str, rest: str) -> None:
    url = f"https://login.microsoftonline.com/{tenant}{rest}"
    with pytest.raises(InvalidInput, match=r"^OIDC_EMAIL_TRUST: [^.]+$"):
        parse_email_trust(url, "issuer", "office.example")
    assert parse_email_trust(url, "claim", None) == EmailTrust()


def test_the_tenant_of_personal_accounts_cannot_be_trusted() -> None:
    url = "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"
    with pytest.raises(InvalidInput, match="OIDC_EMAIL_TRUST"):
        parse_email_trust(url, "issuer", "office.example")


@pytest.mark.parametrize("issuer", [ENTRA, "https://office.okta.example", "https://sso.example/realms/common"])
@pytest.mark.parametrize("domains", [None, "", " , "])
def test_trust_in_an_issuer_needs_domains(issuer: str, domains: str | None) -> None:
    with pytest.raises(InvalidInput, match=r"^OIDC_EMAIL_DOMAINS: is required with OIDC_EMAIL_TRUST=issuer$"):
        parse_email_trust(issuer, "issuer", domains)
    assert parse_email_trust(issuer, "issuer", "office.example").domains == {"office.example"}


@pytest.mark.parametrize("domains", ["@office.example", "a@office.example", "*", "office", "a b.example"])
@pytest.mark.parametrize("trust", ["issuer", "claim"])
def test_an_invalid_domain_is_refused(trust: str, domains: str) -> None:
    with pytest.raises(InvalidInput, match="OIDC_EMAIL_DOMAINS"):
        parse_email_trust(ENTRA, trust, f"office.example,{domains}")
