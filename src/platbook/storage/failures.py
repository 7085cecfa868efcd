"""Translates a store's errors into ours, with our own messages: the library's may contain keys, URLs and replies."""

from collections.abc import Generator
from contextlib import contextmanager

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from platbook.base.errors import NotFound, StorageRefused, StorageUnavailable

_NO_BUCKET = "<Code>NoSuchBucket</Code>"  # S3's error code, in a reply that is otherwise that of a missing object
_REFUSED = "status code: 403 Forbidden"  # where the library has no exception of its own for it


@contextmanager
def translate_errors(action: str) -> Generator[None]:
    """Raise the library's errors as ours; `action` names what was tried and on which object."""
    try:
        yield
    except FileNotFoundError as error:
        if _NO_BUCKET in str(error):
            raise StorageRefused(f"cannot {action}: the bucket does not exist") from None
        raise NotFound(f"cannot {action}: there is no such object in the store") from None
    except OSError as error:
        raise StorageUnavailable(f"cannot {action}: {(error.strerror or 'the disk failed').lower()}") from None
    except BaseError as error:
        if isinstance(error, PermissionDeniedError | UnauthenticatedError) or _REFUSED in str(error):
            reason = "the store rejected the credentials (AWS_S3_ACCESS_KEY_ID), or they do not allow this"
            raise StorageRefused(f"cannot {action}: {reason}") from None
        raise StorageUnavailable(f"cannot {action}: the store failed ({type(error).__name__})") from None
