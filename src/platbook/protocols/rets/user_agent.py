"""RETS-UA-Authorization (RETS 1.7.2, section 3.10): the digest that proves a client's user agent password."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class UserAgentForm(StrEnum):
    """What is hashed. By the specification: product with its version, and the protocol version with `RETS/`."""

    STANDARD = "standard"
    INTEREALTY = "interealty"
    """The product without its version."""
    BARE_VERSION = "bare-version"
    """The protocol version without `RETS/`, which a few servers expect."""


@dataclass(frozen=True, slots=True)
class UserAgentCredentials:
    """A registered client. `name` is the complete User-Agent header."""

    name: str
    password: str
    form: UserAgentForm = UserAgentForm.STANDARD

    def sign(self, *, request_id: str, session_id: str, rets_version: str) -> str:
        """The header value. Absent parts are empty strings between the colons.

        `session_id` is the current RETS-Session-ID cookie; `rets_version` the RETS-Version header as sent.
        """
        product = self.name.strip().split(" ")[0]
        if self.form is UserAgentForm.INTEREALTY:
            product = product.partition("/")[0]
        version = rets_version.strip()
        if self.form is UserAgentForm.BARE_VERSION:
            version = version.removeprefix("RETS/")
        secret = _md5(f"{product}:{self.password.strip()}")
        return f"Digest {_md5(f'{secret}:{request_id.strip()}:{session_id.strip()}:{version}')}"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
