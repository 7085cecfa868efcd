"""RETS reply codes of this server (1.7.2, section 3.9 and those of each transaction), and the error with one."""

from enum import IntEnum


class ReplyCode(IntEnum):
    """The value of ReplyCode."""

    OK = 0
    ADDITIONAL_LOGIN = 20022
    MISCELLANEOUS_LOGIN = 20036
    UA_FAILED = 20037
    UA_REQUIRED = 20041
    UNKNOWN_FIELD = 20200
    NO_RECORDS = 20201
    INVALID_SELECT = 20202
    MISCELLANEOUS_SEARCH = 20203
    INVALID_QUERY = 20206
    MAX_RECORDS = 20208
    TIMEOUT = 20209
    INVALID_RESOURCE = 20400
    INVALID_OBJECT_TYPE = 20401
    INVALID_IDENTIFIER = 20402
    NO_OBJECT = 20403
    LOCATION_UNSUPPORTED = 20414
    METADATA_TYPE = 20501
    METADATA_IDENTIFIER = 20502
    NO_METADATA = 20503
    METADATA_FORMAT = 20513
    METADATA_DTD = 20514
    NOT_LOGGED_IN = 20701


class RefusedError(Exception):
    """The request is answered with a code other than 0. `status` is the HTTP status."""

    def __init__(self, code: ReplyCode, text: str, status: int = 200) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.status = status
