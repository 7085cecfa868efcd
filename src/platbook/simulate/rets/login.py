"""The Login transaction (RETS 1.7.2, section 4), Action and Logout: their replies, in every layout."""

from collections.abc import Iterator

from platbook.simulate.rets.quirks import Quirk, Quirks
from platbook.simulate.rets.reply import REPLY_TEXTS, format_reply_code, get_prolog, wrap_in_envelope
from platbook.simulate.rets.sessions import TIMEOUT

FOLDER = "/rets/"
LOGIN = f"{FOLDER}login"
CAPABILITIES = {
    "Login": "login",
    "Logout": "logout",
    "Search": "search",
    "GetMetadata": "metadata",
    "GetObject": "object",
    "Action": "action",
}
"""Each transaction's path below the folder."""

URL_QUERY = "app=rets&site=1"
"""Query string of capability URLs under a quirk."""

OTHER_HOST = "localhost"
"""The host name in capability URLs under a quirk; logins are sent to 127.0.0.1."""

FORCED_VERSION = "RETS/1.5"
"""The version the server requires under a quirk."""

_NUMBERS = {"TimeoutSeconds"}


def write_login(
    base: str, user: str, version: tuple[int, ...], metadata: tuple[str, str], quirks: Quirks
) -> Iterator[str]:
    """The reply to a successful login. `base` is scheme, host and port; `metadata` its version and date."""
    info = [
        ("MemberName", "Demo Member"),
        ("User", f"{user},1,AGENT,{user}"),
        ("Broker", "DEMO,1"),
        ("MetadataVersion", metadata[0]),
        ("MetadataTimestamp", metadata[1]),
        ("MinMetadataTimestamp", metadata[1]),
        ("OfficeList", ""),
        ("Balance", ""),
        ("TimeoutSeconds", str(int(TIMEOUT.total_seconds()))),
    ]
    urls = [(name, _url(base, path, quirks)) for name, path in CAPABILITIES.items() if _is_advertised(name, quirks)]
    lines = [_info_line(name, value, version, quirks) for name, value in info]
    lines += [_line(name, value, quirks) for name, value in urls]
    if Quirk.ONE_LINE_LOGIN in quirks:
        body = " ".join(lines) + " "
    else:
        end = "\n" if Quirk.LF_LOGIN in quirks else "\r\n"
        body = "".join(f"{line}{end}" for line in lines)
    if Quirk.BARE_LOGIN in quirks:
        yield f"{get_prolog(quirks)}<RETS {format_reply_code(0, REPLY_TEXTS[0], quirks)}>\r\n{body}</RETS>\r\n"
        return
    yield from wrap_in_envelope([f"<RETS-RESPONSE>\r\n{body}</RETS-RESPONSE>\r\n"], quirks)


def write_action() -> Iterator[str]:
    """An HTML page."""
    yield "<html><head><title>Notice</title></head><body><p>Nothing here exists.</p></body></html>\r\n"


def write_logout(quirks: Quirks) -> Iterator[str]:
    """The reply to a logout."""
    if Quirk.PLAIN_LOGOUT in quirks:
        yield "Goodbye.\r\n"
        return
    lines = "ConnectTime=1\r\nBilling=0\r\nSignOffMessage=Goodbye\r\n"
    yield from wrap_in_envelope([f"<RETS-RESPONSE>\r\n{lines}</RETS-RESPONSE>\r\n"], quirks)


def _is_advertised(name: str, quirks: Quirks) -> bool:
    return name != "Action" or Quirk.ACTION_PAGE in quirks


def _url(base: str, path: str, quirks: Quirks) -> str:
    if Quirk.OTHER_HOST_URLS in quirks:
        base = base.replace("127.0.0.1", OTHER_HOST)
    url = path if Quirk.RELATIVE_URLS in quirks else f"{base}{FOLDER}{path}"
    if Quirk.QUERY_URLS in quirks:
        query = URL_QUERY if Quirk.RAW_AMPERSAND in quirks else URL_QUERY.replace("&", "&amp;")
        return f"{url}?{query}"
    return url


def _info_line(name: str, value: str, version: tuple[int, ...], quirks: Quirks) -> str:
    if version < (1, 8) and Quirk.INFO_LINES not in quirks:
        return _line(name, value, quirks)
    kind = "Int" if name in _NUMBERS else "Character"
    return _line("Info", f"{name};{kind};{value}", quirks)


def _line(name: str, value: str, quirks: Quirks) -> str:
    name = name.lower() if Quirk.LOWER_CASE_LOGIN in quirks else name
    return f"{name} = {value}" if Quirk.SPACED_LOGIN in quirks else f"{name}={value}"
