"""Facts about the installation: the check value of its secret key."""

import hmac

from platbook.base.errors import InvalidInput
from platbook.db.connection import WriteConnection
from platbook.db.queries import load_queries
from platbook.db.secretbox import SecretBox

Q = load_queries(__package__ or "platbook.db")

_KEY_CHECK = "secret_key_check"


async def check_key(connection: WriteConnection, box: SecretBox) -> None:
    """Refuse a key other than the one this database was first used with (InvalidInput)."""
    params = {"name": _KEY_CHECK, "value": box.check_value()}
    await connection.run(Q.keep_fact, params)
    stored = await connection.value(bytes, Q.get_fact, params)
    if stored is None or not hmac.compare_digest(stored, box.check_value()):
        raise InvalidInput.of("PLATBOOK_SECRET_KEY", "is not the key this database's secrets were encrypted with")
