"""The video, brochure and tours that listings have beside their photos, where the settings ask for them."""

from dataclasses import replace

from platbook.base.times import to_iso_z
from platbook.connectors.contract import MediaRef
from platbook.market import MarketListing
from platbook.market.files import draw_brochure, read_video

_PLAYER = b"<!doctype html>\n<title>A tour</title>\n"


def to_file_refs(listing: MarketListing) -> list[MediaRef]:
    """The files of a listing by their addresses; none where it has no photos. The bytes come from `media`."""
    if not listing.photos:
        return []
    modified = to_iso_z(min(photo.modified for photo in listing.photos))
    addresses = (
        ("Video", f"https://videos.example.com/{listing.key}.mp4"),
        ("Document", f"https://documents.example.com/{listing.key}.pdf"),
        ("Unbranded Virtual Tour", f"https://tours.example.com/{listing.key}"),
        ("Branded Virtual Tour", f"https://tours.example.com/{listing.key}?by=agent"),
    )
    return [
        MediaRef(
            f"{listing.key}-file-{at}",
            len(listing.photos) + at,
            url,
            category,
            permission=("Public",),
            modified=modified,
        )
        for at, (category, url) in enumerate(addresses, 1)
    ]


def to_files(listing: MarketListing) -> list[MediaRef]:
    """The same with their bytes: of a tour, the page of its player."""
    contents = {"Video": read_video(), "Document": draw_brochure(listing)}
    return [replace(ref, content=contents.get(ref.category, _PLAYER)) for ref in to_file_refs(listing)]
