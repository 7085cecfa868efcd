"""A RETS server on loopback that has one reply: so many rows of 120 columns, COMPACT-DECODED, behind a Digest login.

    python feed.py ROWS

prints its port and serves until it is killed. Nothing of Platbook is used.
"""

import asyncio
import hashlib
import random
import sys

COLUMNS = 120
BLOCK = 1000
NAMES = [f"Field{number:03d}" for number in range(COLUMNS)]
WORDS = (
    "granite counters", "hardwood", "two-car garage", "view of the bay", "quiet street", "Café district", "new roof",
    "walk to the park", "eat-in kitchen", "vaulted ceilings", "señorial", "close to school", "Smith &amp; Sons",
)  # fmt: skip
SAID = "RETS-Version: RETS/1.7.2\r\nSet-Cookie: RETS-Session-ID=s1\r\n"
LOGIN = b"""<RETS ReplyCode="0" ReplyText="Operation Success.">
<RETS-RESPONSE>
MemberName=Demo
User=demo,1,1,demo
Broker=
MetadataVersion=1.0.0
MetadataTimestamp=2026-01-01T00:00:00Z
MinMetadataTimestamp=2026-01-01T00:00:00Z
TimeoutSeconds=1800
Login=/rets/login
Logout=/rets/logout
Search=/rets/search
GetMetadata=/rets/metadata
GetObject=/rets/object
</RETS-RESPONSE>
</RETS>
"""


def block() -> bytes:
    """A thousand rows of some 1,880 bytes: four cells in ten empty, an entity or so, a dozen letters with accents."""
    dice = random.Random(7)
    rows: list[str] = []
    for number in range(BLOCK):
        cells = [str(1_000_000 + number), *(_cell(dice, place) for place in range(1, COLUMNS))]
        rows.append("<DATA>\t" + "\t".join(cells) + "\t</DATA>\r\n")
    return "".join(rows).encode()


def _cell(dice: random.Random, place: int) -> str:
    if dice.random() < 0.4:
        return ""
    match place % 6:
        case 0:
            return str(dice.randint(1, 9_999_999))
        case 1:
            return f"2026-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}T08:30:00.000"
        case 2 | 3 as kind:
            return "Y" if kind == 2 else dice.choice(WORDS)
        case kind:
            return ", ".join(dice.choice(WORDS[:-1]) for _ in range(4 if kind == 4 else 3))


def head(rows: int) -> bytes:
    """What stands before the rows."""
    columns = "\t".join(NAMES)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\r\n<RETS ReplyCode="0" ReplyText="Operation Success.">\r\n'
        f'<COUNT Records="{rows}" />\r\n<DELIMITER value="09"/>\r\n<COLUMNS>\t{columns}\t</COLUMNS>\r\n'
    ).encode()


def is_right(method: str, given: str) -> bool:
    """Whether a Digest answer is right, whatever its target."""
    said = {
        name.strip(): value.strip().strip('"') for name, _, value in (one.partition("=") for one in given.split(","))
    }

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    secret, asked = md5("demo:rets:demo"), md5(f"{method}:{said.get('uri', '')}")
    expected = md5(f"{secret}:n1:{said.get('nc', '')}:{said.get('cnonce', '')}:auth:{asked}")
    return said.get("response") == expected


async def main(rows: int) -> None:
    """Serve until killed."""
    data, first, last = block(), head(rows), b"</RETS>\r\n"

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                request = (await reader.readuntil(b"\r\n\r\n")).decode()
            except asyncio.IncompleteReadError:
                break
            method, target, _ = request.split("\r\n", 1)[0].split(" ")
            headers = dict(line.split(": ", 1) for line in request.lower().split("\r\n")[1:] if ": " in line)
            await reader.readexactly(int(headers.get("content-length", "0")))
            given = next(
                (line[22:] for line in request.split("\r\n") if line.lower().startswith("authorization: digest ")), ""
            )
            said = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n{SAID}"
            if not is_right(method, given):
                writer.write(
                    b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="rets", nonce="n1", qop="auth"\r\n'
                    b"Content-Length: 0\r\n\r\n"
                )
            elif "/rets/search" in target:
                length = len(first) + len(data) * (rows // BLOCK) + len(last)
                writer.write(f"{said}Content-Length: {length}\r\n\r\n".encode() + first)
                for _ in range(rows // BLOCK):
                    writer.write(data)
                    await writer.drain()
                writer.write(last)
            else:
                body = LOGIN if "login" in target else b'<RETS ReplyCode="0" ReplyText="Goodbye"/>'
                writer.write(f"{said}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
