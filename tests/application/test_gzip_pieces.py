"""Pieces that are compressed once, joined to one gzip member in any order; and the cache that keeps them."""

import gzip
import zlib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platbook.application.gzip_pieces import GzipMember, GzipPiece, compress_piece
from platbook.application.piece_cache import PieceCache

_TEXTS = st.one_of(
    st.binary(max_size=300),
    st.tuples(st.binary(min_size=1, max_size=20), st.integers(1, 10_000)).map(lambda part: part[0] * part[1]),
)


@given(parts=st.lists(st.tuples(st.booleans(), _TEXTS), max_size=12), order=st.randoms(use_true_random=False))
def test_any_pieces_and_texts_are_one_member_in_any_order(parts: list[tuple[bool, bytes]], order: Random) -> None:
    pieces = [(compress_piece(text) if is_piece else None, text) for is_piece, text in parts]
    for _ in range(2):
        order.shuffle(pieces)
        member = GzipMember()
        for piece, text in pieces:
            if piece is None:
                member.add_text(text)
            else:
                member.add(piece)
        body = member.to_bytes()
        whole = b"".join(text for _, text in pieces)
        reader = zlib.decompressobj(31)
        assert reader.decompress(body) == whole
        assert (reader.eof, reader.unused_data) == (True, b"")
        assert gzip.decompress(body) == whole


@given(texts=st.lists(_TEXTS, min_size=1, max_size=5))
def test_a_piece_refers_to_nothing_before_it(texts: list[bytes]) -> None:
    for text in texts:
        assert zlib.decompressobj(-15).decompress(compress_piece(text).deflated) == text


def test_what_repeats_is_small() -> None:
    assert len(compress_piece(b'{"listPrice":null},' * 200).deflated) < 100


def _piece(size: int) -> GzipPiece:
    return GzipPiece(b"x" * size, 0, size)


def test_the_cache_is_bounded_by_bytes_and_evicts_what_was_used_longest_ago() -> None:
    cache = PieceCache(max_bytes=10_000)
    for name in "abc":
        cache.put(name, _piece(2_000))
    assert cache.get("a")
    cache.put("d", _piece(2_000))

    assert {name for name in "abcd" if cache.get(name)} == {"a", "c", "d"}
    assert cache.bytes <= 10_000
    cache.put("d", _piece(1_000))
    before = cache.bytes
    cache.put("d", _piece(1_000))
    assert cache.bytes == before


@pytest.mark.parametrize("max_bytes", [0, 100])
def test_a_piece_that_is_larger_than_the_cache_is_not_kept(max_bytes: int) -> None:
    cache = PieceCache(max_bytes)
    cache.put("a", _piece(200))

    assert (cache.get("a"), cache.bytes) == (None, 0)
