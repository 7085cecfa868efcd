"""Each quirk has the effect its description says: one check per quirk on the wire, which fails without it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx2 as httpx
import pytest

from platbook.base.errors import InvalidInput
from platbook.market import Market, draw_photo
from platbook.simulate.rets.quirks import QUIRKS, Quirk, QuirkKind, parse_quirks
from platbook.simulate.rets.source import STARTED
from tests.simulate.conftest import SIZE
from tests.simulate.raw_client import RawRetsClient, get_code, get_count, get_last_code, parse_rows, sign_user_agent
from tests.simulate.served import AT, ServedRets

Check = Callable[[ServedRets], object]
CHECKS: dict[Quirk, Check] = {}

LISTINGS = {one.key: one for one in Market(3, SIZE, STARTED).listings(AT)}
HOMES = sorted(key for key, one in LISTINGS.items() if one.record["PropertyType"] == "Residential")
AFFECTED = next(key for key in HOMES if int(key) % 3 == 0)
FIRST = LISTINGS[HOMES[0]]


def check(quirk: Quirk) -> Callable[[Check], Check]:
    """Register the check for the quirk's effect on the wire."""

    def register(function: Check) -> Check:
        CHECKS[quirk] = function
        return function

    return register


@pytest.mark.parametrize("quirk", Quirk)
def test_a_quirk_has_its_effect_only_if_it_is_enabled(rets: ServedRets, quirk: Quirk) -> None:
    assert not CHECKS[quirk](rets)
    always = "=always" if QUIRKS[quirk].kind is QuirkKind.FAULT else ""
    rets.apply_quirks(f"{quirk}{always}", cap=10)
    assert CHECKS[quirk](rets)


def test_every_quirk_has_a_description_and_a_check() -> None:
    assert set(QUIRKS) == set(CHECKS) == set(Quirk)
    assert len({info.description for info in QUIRKS.values()}) == len(QUIRKS)


def test_every_quirk_has_one_row_in_the_docs_with_an_expected_result() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/rets.md").read_text()
    behaviors, faults = page.split("### Faults")
    for part, kind in ((behaviors, QuirkKind.BEHAVIOR), (faults, QuirkKind.FAULT)):
        rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.+?) \| (.+?) \|", part, re.MULTILINE)
        assert {(name, description) for name, description, _ in rows} == {
            (str(quirk), info.description) for quirk, info in QUIRKS.items() if info.kind is kind
        }
        assert all(result.strip() for _, _, result in rows)


@pytest.mark.parametrize("fault", [quirk for quirk in Quirk if QUIRKS[quirk].kind is QuirkKind.FAULT])
def test_a_fault_affects_a_seeded_one_in_ten(fault: Quirk) -> None:
    quirks, other = parse_quirks([fault], seed=5), parse_quirks([fault], seed=6)
    affected = [number for number in range(2000) if quirks.triggers(fault, number)]
    assert 140 < len(affected) < 260
    assert affected == [number for number in range(2000) if parse_quirks([fault], seed=5).triggers(fault, number)]
    assert affected != [number for number in range(2000) if other.triggers(fault, number)]


@pytest.mark.parametrize("text", ["nothing", "ignore-offset=always", "cut-body=never", ""])
def test_an_invalid_quirk_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_quirks([text])


def test_behaviors_can_be_combined(rets: ServedRets) -> None:
    """Except those that need something this client does not do."""
    excluded = {Quirk.POST_ONLY, Quirk.UA_REQUIRED, Quirk.UA_INTEREALTY, Quirk.UA_BARE_VERSION, Quirk.REFUSE_OFFSET}
    excluded |= {Quirk.DMQL_ONLY, Quirk.UNDATED_ROWS}
    excluded |= {Quirk.VENDOR_NAMES, Quirk.PIPE_DELIMITER, Quirk.NO_LEADING_DELIMITER, Quirk.NO_TRAILING_DELIMITER}
    excluded |= {Quirk.CONTROL_CHARACTERS, Quirk.SURROGATE_REFERENCES, Quirk.RAW_AMPERSAND, Quirk.LOWER_CASE_CODES}
    rets.apply_quirks(*(quirk for quirk in Quirk if QUIRKS[quirk].kind is QuirkKind.BEHAVIOR and quirk not in excluded))
    client = RawRetsClient(rets, version="RETS/1.5", suffix="?app=rets&site=1")
    assert client.log_in().status_code == 200
    client.request("action")
    reply = client.search("(ModificationTimestamp=1950-01-01T00:00:00+)", Select="ListingKey,City")
    assert sorted(row["ListingKey"] for row in parse_rows(reply)) == HOMES


def logged_in(rets: ServedRets, method: str = "GET", suffix: str = "") -> RawRetsClient:
    client = RawRetsClient(rets, method=method, suffix=suffix)
    assert client.log_in().status_code == 200
    return client


def login_lines(rets: ServedRets) -> list[str]:
    return re.findall(
        r"<RETS [^>]*>\s*(?:<RETS-RESPONSE>\s*)?(.*?)\s*</", RawRetsClient(rets).log_in().text, re.DOTALL
    )[0].splitlines()


def data(rets: ServedRets, **more: str) -> httpx.Response:
    return logged_in(rets).search(**more)


def multipart(rets: ServedRets, **more: str) -> httpx.Response:
    return logged_in(rets).photos(f"{FIRST.key}:1:2", **more)


@check(Quirk.LF_LOGIN)
def _(rets: ServedRets) -> object:
    return b"Demo Member\nUser=" in RawRetsClient(rets).log_in().content


@check(Quirk.SPACED_LOGIN)
def _(rets: ServedRets) -> object:
    return "TimeoutSeconds = 1800" in login_lines(rets)


@check(Quirk.ONE_LINE_LOGIN)
def _(rets: ServedRets) -> object:
    return len(login_lines(rets)) == 1


@check(Quirk.LOWER_CASE_LOGIN)
def _(rets: ServedRets) -> object:
    return "timeoutseconds=1800" in login_lines(rets)


@check(Quirk.BARE_LOGIN)
def _(rets: ServedRets) -> object:
    return "RETS-RESPONSE" not in RawRetsClient(rets).log_in().text


@check(Quirk.INFO_LINES)
def _(rets: ServedRets) -> object:
    return "Info=TimeoutSeconds;Int;1800" in login_lines(rets)


@check(Quirk.RELATIVE_URLS)
def _(rets: ServedRets) -> object:
    return "Search=search" in login_lines(rets)


@check(Quirk.QUERY_URLS)
def _(rets: ServedRets) -> object:
    observed = "search?app=rets&amp;site=1" in RawRetsClient(rets).log_in().text
    return (
        observed
        and logged_in(rets).search().status_code == 404
        and logged_in(rets, suffix="?app=rets&site=1").search().status_code == 200
    )


@check(Quirk.OTHER_HOST_URLS)
def _(rets: ServedRets) -> object:
    caller = logged_in(rets)
    caller.http.cookies.clear()
    return f"Search={rets.base.replace('127.0.0.1', 'localhost')}/rets/search" in login_lines(rets) and (
        get_code(caller.search()) == 0
    )


@check(Quirk.ACTION_PAGE)
def _(rets: ServedRets) -> object:
    client = logged_in(rets)
    if get_code(client.search()) == 0:
        return False
    return "html" in client.request("action").headers["Content-Type"] and get_code(client.search()) == 0


@check(Quirk.VERSION_LOWERED)
def _(rets: ServedRets) -> object:
    client = RawRetsClient(rets)
    observed = client.log_in().headers["RETS-Version"]
    refused = client.search().status_code == 400
    client.version = observed
    return observed == "RETS/1.5" and refused and client.search().status_code == 200


@check(Quirk.VERSION_REFUSED)
def _(rets: ServedRets) -> object:
    reply = RawRetsClient(rets).log_in()
    return (reply.status_code, get_code(reply)) == (400, 20036) and RawRetsClient(
        rets, version="RETS/1.5"
    ).log_in().is_success


@check(Quirk.LOWER_CASE_CODES)
def _(rets: ServedRets) -> object:
    return b'<RETS replyCode="0" replyText=' in data(rets).content


@check(Quirk.POST_ONLY)
def _(rets: ServedRets) -> object:
    return data(rets).status_code == 405 and logged_in(rets, method="POST").search().status_code == 200


def challenges(rets: ServedRets, times: int) -> int:
    """How many requests of so many are challenged, by one that repeats its proof where it can."""
    client, seen = RawRetsClient(rets), 0

    def note(reply: httpx.Response) -> None:
        nonlocal seen
        seen += reply.status_code == 401

    client.http.event_hooks["response"] = [note]
    for _ in range(times):
        assert client.log_in().status_code == 200
    return seen


@check(Quirk.DIGEST_EVERY_TIME)
def _(rets: ServedRets) -> object:
    return challenges(rets, 4) == 4


@check(Quirk.DIGEST_STALE)
def _(rets: ServedRets) -> object:
    return challenges(rets, 11) == 3


@check(Quirk.DIGEST_NO_QOP)
def _(rets: ServedRets) -> object:
    challenge = RawRetsClient(rets, auth=None).log_in().headers["WWW-Authenticate"]
    return "qop" not in challenge and "opaque" not in challenge and RawRetsClient(rets).log_in().is_success


@check(Quirk.BOTH_CHALLENGES)
def _(rets: ServedRets) -> object:
    offered = RawRetsClient(rets, auth=None).log_in().headers.get_list("WWW-Authenticate")
    return [one.split()[0] for one in offered] == ["Basic", "Digest"] and (
        RawRetsClient(rets, auth=httpx.BasicAuth("demo", "demo")).log_in().is_success
    )


def user_agent_codes(rets: ServedRets, product: str, version: str) -> list[int]:
    """The codes of: no signature, a signed login, a search signed again, then one with the old signature."""
    client = RawRetsClient(rets)
    answers = [get_code(client.log_in())]
    client.headers = {"RETS-UA-Authorization": sign_user_agent(product, "agent", "", version)}
    answers.append(get_code(client.log_in()))
    before = dict(client.headers)
    session = client.http.cookies.get("RETS-Session-ID") or ""
    client.headers = {"RETS-UA-Authorization": sign_user_agent(product, "agent", session, version)}
    answers.append(get_code(client.search()))
    client.headers = before
    return [*answers, get_code(client.search())]


@check(Quirk.UA_REQUIRED)
def _(rets: ServedRets) -> object:
    return user_agent_codes(rets, "RawRetsClient/1.0", "RETS/1.7.2") == [20041, 0, 0, 20037]


@check(Quirk.UA_INTEREALTY)
def _(rets: ServedRets) -> object:
    return user_agent_codes(rets, "RawRetsClient", "RETS/1.7.2") == [20041, 0, 0, 20037]


@check(Quirk.UA_BARE_VERSION)
def _(rets: ServedRets) -> object:
    return user_agent_codes(rets, "RawRetsClient/1.0", "1.7.2") == [20041, 0, 0, 20037]


@check(Quirk.UA_UNWELCOME)
def _(rets: ServedRets) -> object:
    return get_code(RawRetsClient(rets, headers={"RETS-UA-Authorization": "Digest 1"}).log_in()) == 20037


@check(Quirk.EXTRA_COOKIES)
def _(rets: ServedRets) -> object:
    client = logged_in(rets)
    fine = client.search().is_success and client.search().is_success
    client.http.cookies.pop("BALANCER", None)
    return fine and client.search().status_code == 401


@check(Quirk.ONE_SESSION)
def _(rets: ServedRets) -> object:
    rets.server.sessions.clear()
    first = logged_in(rets)
    second = get_code(RawRetsClient(rets).log_in())
    again = get_code(first.log_in())
    first.request("logout")
    return (second, again, get_code(RawRetsClient(rets).log_in())) == (20022, 0, 0)


@check(Quirk.PLAIN_LOGOUT)
def _(rets: ServedRets) -> object:
    return logged_in(rets).request("logout").text == "Goodbye.\r\n"


def after_eight(rets: ServedRets) -> httpx.Response:
    """The answer to a session's ninth request; the tenth needs another login."""
    client = logged_in(rets)
    for _ in range(8):
        assert get_code(client.search(Limit="1")) == 0
    return client.search(Limit="1")


@check(Quirk.EXPIRE_401)
def _(rets: ServedRets) -> object:
    reply = after_eight(rets)
    return reply.status_code == 401 and "WWW-Authenticate" not in reply.headers


@check(Quirk.EXPIRE_412)
def _(rets: ServedRets) -> object:
    return after_eight(rets).status_code == 412


@check(Quirk.EXPIRE_20036)
def _(rets: ServedRets) -> object:
    return get_code(after_eight(rets)) == 20036


@check(Quirk.EXPIRE_20037)
def _(rets: ServedRets) -> object:
    return get_code(after_eight(rets)) == 20037


@check(Quirk.EXPIRE_20701)
def _(rets: ServedRets) -> object:
    return get_code(after_eight(rets)) == 20701


@check(Quirk.EXPIRE_REDIRECT)
def _(rets: ServedRets) -> object:
    reply = after_eight(rets)
    return reply.status_code == 302 and reply.headers["Location"] == rets.login_url


@check(Quirk.PIPE_DELIMITER)
def _(rets: ServedRets) -> object:
    text = data(rets).text
    return '<DELIMITER value="7C"/>' in text and "<COLUMNS>|ListingKey|" in text and "\t" not in text


@check(Quirk.ONE_DIGIT_DELIMITER)
def _(rets: ServedRets) -> object:
    return '<DELIMITER value="9"/>' in data(rets).text


@check(Quirk.NO_DELIMITER_TAG)
def _(rets: ServedRets) -> object:
    return "DELIMITER" not in data(rets).text


@check(Quirk.NO_LEADING_DELIMITER)
def _(rets: ServedRets) -> object:
    text = data(rets).text
    return "<COLUMNS>ListingKey\t" in text and f"<DATA>{HOMES[0]}\t" in text


@check(Quirk.NO_TRAILING_DELIMITER)
def _(rets: ServedRets) -> object:
    return "PhotosCount</COLUMNS>" in data(rets).text and "\t</DATA>" not in data(rets).text


@check(Quirk.NO_COUNT)
def _(rets: ServedRets) -> object:
    return "<COUNT" not in data(rets).text and get_count(data(rets, Count="2")) == len(HOMES)


def capped(rets: ServedRets, envelope: int, last: int) -> bool:
    reply = data(rets)
    observed = (len(parse_rows(reply)), "<MAXROWS/>" in reply.text, get_code(reply), get_last_code(reply))
    rest = data(rets, Offset=str(len(HOMES) - 4))
    end = (len(parse_rows(rest)), "<MAXROWS/>" in rest.text, get_last_code(rest))
    return observed == (10, True, envelope, last) and end == (5, False, 0)


@check(Quirk.ROW_CAP)
def _(rets: ServedRets) -> object:
    return capped(rets, 0, 0) and len(parse_rows(data(rets, Select="ListingKey"))) == len(HOMES)


@check(Quirk.CAP_20208)
def _(rets: ServedRets) -> object:
    return capped(rets, 20208, 20208)


@check(Quirk.CAP_20208_TRAILER)
def _(rets: ServedRets) -> object:
    return capped(rets, 0, 20208)


@check(Quirk.CAPPED_KEYS)
def _(rets: ServedRets) -> object:
    if Quirk.CAPPED_KEYS in rets.server.profile.quirks:
        rets.apply_quirks(Quirk.CAPPED_KEYS, Quirk.ROW_CAP, cap=10)
    return len(parse_rows(data(rets, Select="ListingKey"))) == 10


@check(Quirk.MAXROWS_ON_LAST)
def _(rets: ServedRets) -> object:
    return "<MAXROWS/>" in data(rets, Limit="5", Offset=str(len(HOMES) - 4)).text


@check(Quirk.IGNORE_OFFSET)
def _(rets: ServedRets) -> object:
    return [row["ListingKey"] for row in parse_rows(data(rets, Limit="2", Offset="3"))] == HOMES[:2]


@check(Quirk.REFUSE_OFFSET)
def _(rets: ServedRets) -> object:
    return get_code(data(rets, Offset="1")) == 20203


@check(Quirk.UNORDERED)
def _(rets: ServedRets) -> object:
    free = [row["ListingKey"] for row in parse_rows(data(rets))]
    bound = [row["ListingKey"] for row in parse_rows(data(rets, Offset="1"))]
    return free != HOMES and sorted(free) == bound == HOMES


@check(Quirk.PHOTOS_ALONE)
def _(rets: ServedRets) -> object:
    moved = [key for key in HOMES if LISTINGS[key].record_modified < LISTINGS[key].modified]
    key, since = moved[0], f"{LISTINGS[moved[0]].modified:%Y-%m-%dT%H:%M:%S}"
    found = [
        [row["ListingKey"] for row in parse_rows(data(rets, query=f"(ListingKey={key}),({field}={since}+)"))]
        for field in ("ModificationTimestamp", "PhotosChangeTimestamp")
    ]
    return found == [[], [key]]


@check(Quirk.CHARACTER_KEY)
def _(rets: ServedRets) -> object:
    kinds = {
        row["SystemName"]: row["DataType"] for row in parse_rows(logged_in(rets).metadata("TABLE", "Property:Land"))
    }
    exact = [row["ListingKey"] for row in parse_rows(data(rets, query=f"(ListingKey={HOMES[3]},{HOMES[5]})"))]
    return kinds["ListingKey"] == "Character" and get_code(data(rets)) == 20206 and exact == [HOMES[3], HOMES[5]]


@check(Quirk.NARROW_SELECT)
def _(rets: ServedRets) -> object:
    names = [row["SystemName"] for row in parse_rows(logged_in(rets).metadata("TABLE", "Property:Residential"))]
    wide = get_code(data(rets, Select=",".join(names[:41]))) == 20202
    return (
        wide and len(parse_rows(data(rets))[0]) == len(parse_rows(data(rets, Select=",".join(names[60:100])))[0]) == 40
    )


@check(Quirk.COUNT_OF_PAGE)
def _(rets: ServedRets) -> object:
    return (get_count(data(rets, Limit="7")), get_count(data(rets, Count="2"))) == (7, len(HOMES))


@check(Quirk.DMQL_ONLY)
def _(rets: ServedRets) -> object:
    refused = data(rets, QueryType="DMQL2")
    return (get_code(refused), "query type" in refused.text, get_code(data(rets, QueryType="DMQL"))) == (20203, True, 0)


@check(Quirk.UNDATED_ROWS)
def _(rets: ServedRets) -> object:
    started = f"{STARTED:%Y-%m-%dT%H:%M:%SZ}"
    undated = {row["ListingKey"] for row in parse_rows(data(rets)) if not row["ModificationTimestamp"]}
    found = parse_rows(data(rets, query="(ModificationTimestamp=1950-01-01T00:00:00+)"))
    return undated == {
        key for key in HOMES if str(LISTINGS[key].record["ModificationTimestamp"]) < started
    } and undated == set(HOMES) - {row["ListingKey"] for row in found}


@check(Quirk.EMPTY_IN_TRAILER)
def _(rets: ServedRets) -> object:
    reply = data(rets, query="(ListPrice=1)")
    return (get_code(reply), get_last_code(reply), '<COUNT Records="0"/>' in reply.text) == (0, 20201, True)


def remarks(rets: ServedRets) -> bytes:
    """The row of the marked listing as it is sent."""
    return data(rets, query=f"(ListingKey={AFFECTED})", Select="ListingKey,PublicRemarks").content


@check(Quirk.SURROGATE_REFERENCES)
def _(rets: ServedRets) -> object:
    return b" &#55357;&#56842;\t</DATA>" in remarks(rets)


@check(Quirk.CONTROL_CHARACTERS)
def _(rets: ServedRets) -> object:
    return remarks(rets).count(b"\x0b") == 1


@check(Quirk.RAW_AMPERSAND)
def _(rets: ServedRets) -> object:
    return b"Heat & light" in remarks(rets)


@check(Quirk.LATIN_1_UNDECLARED)
def _(rets: ServedRets) -> object:
    return "café est".encode("latin-1")[:4] in remarks(rets) and b"encoding" not in remarks(rets)


@check(Quirk.LATIN_1_DECLARED)
def _(rets: ServedRets) -> object:
    return b"caf\xe9" in remarks(rets) and remarks(rets).startswith(b'<?xml version="1.0" encoding="ISO-8859-1"?>')


def stamps(rets: ServedRets) -> list[str]:
    return [row["ModificationTimestamp"] for row in parse_rows(data(rets, Select="ModificationTimestamp"))]


@check(Quirk.ZONELESS_TIMESTAMPS)
def _(rets: ServedRets) -> object:
    observed, system = stamps(rets), logged_in(rets).metadata("SYSTEM").text
    if not all(re.fullmatch(r"[-0-9]{10}T[:0-9]{8}", one) for one in observed) or 'Offset="-07:00"' not in system:
        return False
    local = [datetime.fromisoformat(f"{one}-07:00").astimezone(UTC) for one in observed]
    latest = max(observed)
    return local == [LISTINGS[key].modified for key in HOMES] and (
        get_count(data(rets, Count="2", query=f"(ModificationTimestamp={latest}+)")) == observed.count(latest)
    )


@check(Quirk.FRACTION_TIMESTAMPS)
def _(rets: ServedRets) -> object:
    return all(re.fullmatch(r"[-0-9]{10}T[:0-9]{8}\.000Z", one) for one in stamps(rets))


@check(Quirk.ERROR_IN_TRAILER)
def _(rets: ServedRets) -> object:
    reply = data(rets)
    return (get_code(reply), get_last_code(reply), len(parse_rows(reply)), get_count(reply)) == (
        0,
        20209,
        3,
        len(HOMES),
    )


@check(Quirk.CUT_BODY)
def _(rets: ServedRets) -> object:
    return b"<DATA>" in data(rets).content and b"</RETS>" not in data(rets).content


@check(Quirk.BROKEN_CONNECTION)
def _(rets: ServedRets) -> object:
    try:
        data(rets)
    except httpx.RemoteProtocolError:
        return True
    return False


@check(Quirk.HTML_PAGE)
def _(rets: ServedRets) -> object:
    reply = RawRetsClient(rets).log_in()
    return reply.status_code == 200 and reply.text.startswith("<!DOCTYPE html>")


@check(Quirk.EMPTY_BODY)
def _(rets: ServedRets) -> object:
    reply = RawRetsClient(rets).log_in()
    return (reply.status_code, reply.content) == (200, b"")


@check(Quirk.LOW_COUNT)
def _(rets: ServedRets) -> object:
    return get_count(data(rets, Limit="8")) == 4


@check(Quirk.COUNT_WITHOUT_DATA)
def _(rets: ServedRets) -> object:
    reply = data(rets)
    return (get_code(reply), get_count(reply), parse_rows(reply)) == (0, len(HOMES), [])


@check(Quirk.HTTP_503)
def _(rets: ServedRets) -> object:
    return RawRetsClient(rets).log_in().status_code == 503


@check(Quirk.METADATA_STANDARD_ONLY)
def _(rets: ServedRets) -> object:
    client = logged_in(rets)
    return (
        get_code(client.metadata("CLASS", "Property")) == 20513
        and get_code(client.metadata("CLASS", "0", "STANDARD-XML")) == 0
    )


@check(Quirk.METADATA_COMPACT_ONLY)
def _(rets: ServedRets) -> object:
    client = logged_in(rets)
    return (
        get_code(client.metadata("CLASS", "Property")) == 0
        and get_code(client.metadata("CLASS", "0", "STANDARD-XML")) == 20514
    )


@check(Quirk.METADATA_LOOKUP_ELEMENTS)
def _(rets: ServedRets) -> object:
    client = logged_in(rets)
    views = client.metadata("LOOKUP_TYPE", "Property:View", "STANDARD-XML").text
    system = client.metadata("SYSTEM", "0", "STANDARD-XML").text
    return "<Lookup>" in views and "<LookupType>" not in views and '<SYSTEM SystemID="PLATBOOK"' in system


@check(Quirk.METADATA_RFC_DATES)
def _(rets: ServedRets) -> object:
    dated = "Thu, 01 Jan 2026 00:00:00 GMT"
    return (
        f"MetadataTimestamp={dated}" in login_lines(rets)
        and f'Date="{dated}"' in logged_in(rets).metadata("CLASS", "Property").text
    )


@check(Quirk.METADATA_SHUFFLED)
def _(rets: ServedRets) -> object:
    observed = parse_rows(logged_in(rets).metadata("CLASS", "Property"))[0]
    return (next(iter(observed)), list(observed)[-2], observed["ClassName"]) == (
        "X-Vendor-Flag",
        "ClassName",
        "Residential",
    )


@check(Quirk.METADATA_LEVELS_ONLY)
def _(rets: ServedRets) -> object:
    client = logged_in(rets)
    return get_code(client.metadata("SYSTEM", "*")) == 20502 and get_code(client.metadata("SYSTEM", "0")) == 0


@check(Quirk.METADATA_NONE_IN_TRAILER)
def _(rets: ServedRets) -> object:
    reply = logged_in(rets).metadata("UPDATE", "Property")
    return (get_code(reply), get_last_code(reply)) == (0, 20503)


@check(Quirk.METADATA_NONE_SILENT)
def _(rets: ServedRets) -> object:
    return get_last_code(logged_in(rets).metadata("UPDATE", "Property")) == 0


@check(Quirk.VENDOR_NAMES)
def _(rets: ServedRets) -> object:
    reply = data(rets, query="(LIST_1=0+)", Select="LIST_1,LIST_2")
    if get_code(reply):
        return False
    by_standard = data(rets, query="(ListingKey=0+)", Select="ListingKey,ListingId", StandardNames="1")
    return [list(row.values()) for row in parse_rows(reply)] == [list(row.values()) for row in parse_rows(by_standard)]


@check(Quirk.NO_FIRST_CRLF)
def _(rets: ServedRets) -> object:
    return multipart(rets).content.startswith(b"--platbook.photos\r\n")


@check(Quirk.NO_END_BOUNDARY)
def _(rets: ServedRets) -> object:
    return b"--platbook.photos--" not in multipart(rets).content


@check(Quirk.DASHED_BOUNDARY)
def _(rets: ServedRets) -> object:
    reply = multipart(rets)
    return "boundary=--platbook" in reply.headers["Content-Type"] and b"\r\n----platbook" in reply.content


@check(Quirk.SPACED_BOUNDARY)
def _(rets: ServedRets) -> object:
    reply = multipart(rets)
    return (
        reply.headers["Content-Type"].endswith("boundary=platbook photos") and b"--platbook photos\r\n" in reply.content
    )


@check(Quirk.QUOTED_BOUNDARY)
def _(rets: ServedRets) -> object:
    return multipart(rets).headers["Content-Type"].endswith('boundary="platbook.photos"')


@check(Quirk.BOUNDARY_CHARSET)
def _(rets: ServedRets) -> object:
    return multipart(rets).headers["Content-Type"].endswith("photos; charset=utf-8")


@check(Quirk.TIGHT_HEADERS)
def _(rets: ServedRets) -> object:
    return b"\r\nContent-Type:image/jpeg\r\n" in multipart(rets).content


@check(Quirk.FOLDED_DESCRIPTION)
def _(rets: ServedRets) -> object:
    return b",\r\n as it was seen\r\n" in multipart(rets).content


@check(Quirk.BROKEN_DESCRIPTION)
def _(rets: ServedRets) -> object:
    return b",\r\nas it was seen\r\n" in multipart(rets).content


@check(Quirk.BODYLESS_PARTS)
def _(rets: ServedRets) -> object:
    return re.search(rb"Content-Description: [^\r]*\r\n--platbook", multipart(rets, Location="1").content)


@check(Quirk.STATUS_IN_PARTS)
def _(rets: ServedRets) -> object:
    text = multipart(rets, Location="1").text
    return text.count('<RETS ReplyCode="0"') == 2 and text.count("Location: http") == 2


@check(Quirk.JUNK_AFTER_ERROR)
def _(rets: ServedRets) -> object:
    return b"/> }\r\n" in logged_in(rets).photos(f"{FIRST.key}:1:77").content


@check(Quirk.ESCAPED_LOCATION)
def _(rets: ServedRets) -> object:
    return "jpg?take=1&amp;size=full" in multipart(rets, Location="1").text


@check(Quirk.LOCATION_IGNORED)
def _(rets: ServedRets) -> object:
    return draw_photo(FIRST, 2) in multipart(rets, Location="1").content


@check(Quirk.LOCATION_REFUSED)
def _(rets: ServedRets) -> object:
    reply = multipart(rets, Location="1")
    return reply.headers["Content-Type"] == "text/xml" and get_code(reply) == 20414


@check(Quirk.ONE_ID_PER_CALL)
def _(rets: ServedRets) -> object:
    reply = logged_in(rets).photos(f"{HOMES[0]}:1,{HOMES[1]}:1")
    return reply.headers["Content-Type"] == "text/xml" and get_code(reply) == 20402


@check(Quirk.NO_OBJECT_ID)
def _(rets: ServedRets) -> object:
    return "Object-ID" not in logged_in(rets).photos(f"{FIRST.key}:1").headers


@check(Quirk.ALWAYS_MULTIPART)
def _(rets: ServedRets) -> object:
    return logged_in(rets).photos(f"{FIRST.key}:1").headers["Content-Type"].startswith("multipart/parallel")


@check(Quirk.CRLF_IN_IMAGES)
def _(rets: ServedRets) -> object:
    return logged_in(rets).photos(f"{FIRST.key}:1").content == draw_photo(FIRST, 1) + b"\r\n"


@check(Quirk.ABSENT_PHOTOS)
def _(rets: ServedRets) -> object:
    fifth = next(key for key in LISTINGS if int(key) % 5 == 0)
    client = logged_in(rets)
    single = client.photos(f"{fifth}:2").headers["Content-Type"] == "text/xml"
    return single and b'"20403"' in client.photos(f"{fifth}:1:2").content and client.photos(f"{fifth}:1").is_success


@check(Quirk.PLAIN_TEXT_ERRORS)
def _(rets: ServedRets) -> object:
    client = logged_in(rets)
    part = b"Content-Type: text/plain\r\n" in client.photos(f"{FIRST.key}:1:77").content
    return part and client.photos("1:1").headers["Content-Type"].startswith("text/plain")


@check(Quirk.CUT_PHOTOS)
def _(rets: ServedRets) -> object:
    try:
        multipart(rets)
    except httpx.RemoteProtocolError:
        return True
    return False


@pytest.mark.parametrize("both", [(Quirk.EXPIRE_401, Quirk.EXPIRE_20701)])
def test_enabled_expiries_take_turns(rets: ServedRets, both: tuple[Quirk, ...]) -> None:
    rets.apply_quirks(*both)
    seen = [after_eight(rets) for _ in range(4)]
    assert [reply.status_code for reply in seen].count(401) == 2
