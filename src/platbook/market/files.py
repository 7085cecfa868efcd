"""The video and the brochure of a listing, as files."""

from importlib import resources

from platbook.market.listing import MarketListing

_LINES = ("UnparsedAddress", "City", "ListPrice", "BedroomsTotal", "LivingArea")


def read_video() -> bytes:
    """A video in MP4, one second long, the same of every listing."""
    return resources.files("platbook.market").joinpath("video.mp4").read_bytes()


def draw_brochure(listing: MarketListing) -> bytes:
    """A listing's brochure: a PDF of one page. The same call gives the same bytes."""
    shown = [f"{name}: {listing.record[name]}" for name in _LINES if listing.record.get(name) is not None]
    text = " ".join(f"({_escape(line)}) Tj T*" for line in [f"Listing {listing.key}", *shown])
    page = f"BT /F1 14 Tf 20 TL 72 720 Td {text} ET".encode("latin-1", "replace")
    return _to_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
            b"<</Length %d>>\nstream\n%s\nendstream" % (len(page), page),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        ]
    )


def _to_pdf(objects: list[bytes]) -> bytes:
    """A document of numbered objects, the first of which is its catalog (ISO 32000-1, section 7.5)."""
    out = bytearray(b"%PDF-1.4\n")
    offsets: list[int] = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start, count = len(out), len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % count
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return bytes(out + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (count, start))


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
