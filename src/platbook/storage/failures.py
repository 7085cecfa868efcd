"""What a store says when it cannot, in our own words: its own may carry keys, addresses and whole replies."""

from collections.abc import Generator
from contextlib import contextmanager

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from platbook.base.errors import NotFound, StorageRefused, StorageUnavailable


@contextmanager
def explained(doing: str) -> Generator[None]:
    """Turn the library's errors into ours; `doing` says what was tried and with which object."""
    try:
        yield
    except FileNotFoundError:
        raise NotFound(f"cannot {doing}: there is no such object in the store") from None
    except (PermissionDeniedError, UnauthenticatedError):
        raise StorageRefused(
            f"cannot {doing}: the store does not accept the login, or does not allow it this"
        ) from None
    except OSError as error:
        raise StorageUnavailable(f"cannot {doing}: {(error.strerror or 'the disk failed').lower()}") from None
    except BaseError as error:
        raise StorageUnavailable(f"cannot {doing}: the store failed ({type(error).__name__})") from None
