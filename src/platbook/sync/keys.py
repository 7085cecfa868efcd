"""Records' keys: which of them can be stored."""

LONGEST_KEY = 255
"""Characters, RESO's own limit; an index holds no more than 2,704 bytes."""


def find_key_fault(key: str) -> str | None:
    """Why a key cannot be stored as it is; None: it can. A changed key would be another record's."""
    if len(key) > LONGEST_KEY:
        return f"the key is longer than {LONGEST_KEY} characters"
    return None if to_storable(key) == key else "the key holds a NUL character or half a character (a lone surrogate)"


def to_storable(text: str) -> str:
    """A text as PostgreSQL can hold it: without NUL characters and lone surrogates."""
    return text.replace("\0", "").encode(errors="backslashreplace").decode()
