"""Gzip bodies of lists, joined from documents that are compressed once: when a list of this process first shows them.

A piece holds a document as it is stored, with the URLs of its photos, and is kept under the version of the listing's
row. What depends on the reading (days on market, distance) is between the pieces.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from platbook.api.listings.responses import Envelope
from platbook.application.gzip_pieces import GzipMember, GzipPiece, compress_piece
from platbook.application.services import Services
from platbook.base.actor import Surface
from platbook.listings.search import ListedDocument
from platbook.media.photo_urls import PhotoUrls, has_signed_urls, to_signature_window


async def to_gzip_body(
    services: Services, rows: Sequence[ListedDocument], envelope: Envelope, surface: Surface, now: datetime
) -> bytes:
    """The body of a list of at least one row as one gzip member."""
    pieces = await _find_pieces(services, rows, surface, now)
    member = GzipMember()
    before = envelope.head
    for row, piece in zip(rows, pieces, strict=True):
        member.add_text(before)
        member.add(piece)
        before = f",{row.reading_fields}}},".encode()
    member.add_text(before[:-1] + envelope.tail)
    return member.to_bytes()


async def _find_pieces(
    services: Services, rows: Sequence[ListedDocument], surface: Surface, now: datetime
) -> list[GzipPiece]:
    """The piece of each row: its document without the closing brace."""
    cache, window = services.pieces, to_signature_window(now)
    keys = [(surface, row.id.int, row.version) for row in rows]
    found = [cache.get(key) or cache.get((*key, window)) for key in keys]  # most have no signed URLs
    missing = [at for at, piece in enumerate(found) if piece is None]
    made = await _make_pieces(services.photo_urls, [rows[at].document for at in missing], now) if missing else []
    for at, piece in zip(missing, made, strict=True):
        cache.put((*keys[at], window) if has_signed_urls(rows[at].document) else keys[at], piece)
        found[at] = piece
    return [piece for piece in found if piece is not None]


async def _make_pieces(photo_urls: PhotoUrls, documents: Sequence[str], now: datetime) -> list[GzipPiece]:
    texts = "\n".join(document[:-1] for document in documents).encode()  # no document holds a line break
    filled = await photo_urls.fill(texts, now)
    return await asyncio.to_thread(lambda: [compress_piece(text) for text in filled.split(b"\n")])
