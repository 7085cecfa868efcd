"""What a store says when it cannot, in our own words: its own may carry keys, addresses and whole replies."""

from collections.abc import Generator
from contextlib import contextmanager

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from platbook.base.errors import NotFound, StorageRefused, StorageUnavailable

_NO_BUCKET = "<Code>NoSuchBucket</Code>"  # S3's word for it, in an answer that is else that of a missing object
_REFUSED = "status code: 403 Forbidden"  # where the library has no name for it


@contextmanager
def explained(doing: str) -> Generator[None]:
    """Turn the library's errors into ours; `doing` says what was tried and with which object."""
    try:
        yield
    except FileNotFoundError as error:
        if _NO_BUCKET in str(error):
            raise StorageRefused(f"cannot {doing}: the bucket does not exist") from None
        raise NotFound(f"cannot {doing}: there is no such object in the store") from None
    except OSError as error:
        raise StorageUnavailable(f"cannot {doing}: {(error.strerror or 'the disk failed').lower()}") from None
    except BaseError as error:
        if isinstance(error, PermissionDeniedError | UnauthenticatedError) or _REFUSED in str(error):
            said = "the store does not accept the login, or does not allow it this"
            raise StorageRefused(f"cannot {doing}: {said}") from None
        raise StorageUnavailable(f"cannot {doing}: the store failed ({type(error).__name__})") from None
