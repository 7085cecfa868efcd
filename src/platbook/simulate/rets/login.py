"""The Login transaction (RETS 1.7.2, section 4), Action and Logout: what they say, in every layout there is."""

from collections.abc import Iterator

from platbook.simulate.rets.quirks import Quirk, Quirks
from platbook.simulate.rets.reply import TEXTS, attributes, in_envelope, prolog
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
"""Each transaction's place below the folder."""

QUERY = "app=rets&site=1"
"""What capability URLs carry under a quirk."""

OTHER_HOST = "localhost"
"""The name of the host in capability URLs under a quirk; logins come to 127.0.0.1."""

INSISTED = "RETS/1.5"
"""The version the server insists on under a quirk."""

_NUMBERS = {"TimeoutSeconds"}


def write_login(
    base: str, user: str, version: tuple[int, ...], metadata: tuple[str, str], quirks: Quirks
) -> Iterator[str]:
    """The reply to a login that succeeded. `base` is scheme, host and port; `metadata` its version and date."""
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
    urls = [(name, _url(base, place, quirks)) for name, place in CAPABILITIES.items() if _is_told(name, quirks)]
    lines = [_info_line(name, value, version, quirks) for name, value in info]
    lines += [_line(name, value, quirks) for name, value in urls]
    if Quirk.ONE_LINE_LOGIN in quirks:
        body = " ".join(lines) + " "
    else:
        end = "\n" if Quirk.LF_LOGIN in quirks else "\r\n"
        body = "".join(f"{line}{end}" for line in lines)
    if Quirk.BARE_LOGIN in quirks:
        yield f"{prolog(quirks)}<RETS {attributes(0, TEXTS[0], quirks)}>\r\n{body}</RETS>\r\n"
        return
    yield from in_envelope([f"<RETS-RESPONSE>\r\n{body}</RETS-RESPONSE>\r\n"], quirks)


def write_action() -> Iterator[str]:
    """A page for people."""
    yield "<html><head><title>Notice</title></head><body><p>Nothing here exists.</p></body></html>\r\n"


def write_logout(quirks: Quirks) -> Iterator[str]:
    """The farewell."""
    if Quirk.PLAIN_LOGOUT in quirks:
        yield "Goodbye.\r\n"
        return
    lines = "ConnectTime=1\r\nBilling=0\r\nSignOffMessage=Goodbye\r\n"
    yield from in_envelope([f"<RETS-RESPONSE>\r\n{lines}</RETS-RESPONSE>\r\n"], quirks)


def _is_told(name: str, quirks: Quirks) -> bool:
    return name != "Action" or Quirk.ACTION_PAGE in quirks


def _url(base: str, place: str, quirks: Quirks) -> str:
    if Quirk.OTHER_HOST_URLS in quirks:
        base = base.replace("127.0.0.1", OTHER_HOST)
    url = place if Quirk.RELATIVE_URLS in quirks else f"{base}{FOLDER}{place}"
    if Quirk.QUERY_URLS in quirks:
        query = QUERY if Quirk.RAW_AMPERSAND in quirks else QUERY.replace("&", "&amp;")
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
