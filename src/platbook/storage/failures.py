"""Translates a store's errors into ours, with our own messages: the library's may contain keys, URLs and replies."""

import re
from collections.abc import Generator
from contextlib import contextmanager

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from platbook.base.errors import NotFound, StorageRefused, StorageUnavailable

# S3's error codes, in the reply to a request and in the library's words for one object of a bulk deletion.
_CODE = re.compile(r"<Code>(\w+)</Code>|\(code: (\w+)\)")
_REFUSED = "status code: 403 Forbidden"  # where the library has no exception of its own for it
_DISK_FULL = "os error 28"
"""How the library puts a full disk (ENOSPC)."""
_OTHER_REGION = "redirect without LOCATION"
"""How the library puts S3's answer to a request of another region."""

_REASONS = {
    "NoSuchBucket": "the bucket does not exist (AWS_S3_BUCKET)",
    "AccessDenied": "the store does not allow it: the permissions of AWS_S3_ACCESS_KEY_ID, or a lock on the object",
    "RequestTimeTooSkewed": "this machine's clock differs too much from the store's: synchronize it",
    "AuthorizationHeaderMalformed": "the bucket is in another region (AWS_S3_REGION)",
    "PermanentRedirect": "the bucket is in another region (AWS_S3_REGION)",
    "IllegalLocationConstraintException": "the bucket is in another region (AWS_S3_REGION)",
}
_CREDENTIALS = "the store rejected the credentials (AWS_S3_ACCESS_KEY_ID), or they do not allow this"


@contextmanager
def translate_errors(action: str) -> Generator[None]:
    """Raise the library's errors as ours; `action` names what was tried and on which object."""
    try:
        yield
    except (BaseError, FileNotFoundError) as error:
        reason = _find_reason(error)
        if reason is not None:
            raise StorageRefused(f"cannot {action}: {reason}") from None
        if isinstance(error, FileNotFoundError):
            raise NotFound(f"cannot {action}: there is no such object in the store") from None
        failure = "the disk is full" if _DISK_FULL in str(error) else f"the store failed ({type(error).__name__})"
        raise StorageUnavailable(f"cannot {action}: {failure}") from None
    except OSError as error:
        raise StorageUnavailable(f"cannot {action}: {(error.strerror or 'the disk failed').lower()}") from None


def _find_reason(error: Exception) -> str | None:
    """Why an operator is needed; None: nobody is."""
    text = str(error)
    codes = [match[1] or match[2] for match in _CODE.finditer(text)]
    known = next((_REASONS[code] for code in codes if code in _REASONS), None)
    if known is None and _OTHER_REGION in text:
        return _REASONS["PermanentRedirect"]
    if known is None and (isinstance(error, PermissionDeniedError | UnauthenticatedError) or _REFUSED in text):
        return _CREDENTIALS
    return known
