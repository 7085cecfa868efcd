"""What display rules cost, against the same work without them, as ratios of CPU time within one run.

Writing both documents: under twelve rules, against the documents as they were written before rules were data
(`benchmarks/peers/display`), of the same listings under settings that mean the same.
"""

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast
from uuid import UUID

import orjson

from benchmarks import feed
from benchmarks.ground import tell
from benchmarks.peers.display.before_rules import Display, write_documents
from platbook.listings.display import decide
from platbook.listings.documents import to_documents, to_row_fields
from platbook.listings.listing import NormalListing, Photo, StoredPicture
from platbook.providers.display_rules import DisplayRule, ProviderRules, RuleKey, RuleSettings, RuleSurface

DOCUMENTS = 2_000
ROUNDS = 15
DOCUMENTS_BAR = 1.15
ROW = to_row_fields(UUID(int=1), feed.PROVIDER, is_local=False, is_featured=False)
NEW_FIELDS = ("displays",)
NEW_ATTRIBUTION = ("creditLabel", "logo")

Listings = Sequence[tuple[NormalListing, Sequence[Photo]]]


async def run(rows: int) -> None:
    """Print each cost and its bar."""
    del rows
    for photos in (0, 20):
        _tell_documents(photos)


def _tell_documents(photos: int) -> None:
    pictures = [_make_photo(number) for number in range(photos)]
    listings = [(one.listing, pictures) for said in feed.records(DOCUMENTS, DOCUMENTS) for one in feed.normalised(said)]
    rules = _make_rules()
    _check_alike(listings, rules)
    before, after = _compare(lambda: _write_before(listings), lambda: _write(listings, rules))
    name = f"both documents, {photos} photos, us"
    tell(name, f"{after / DOCUMENTS * 1e6:.1f}", f"{before / DOCUMENTS * 1e6:.1f} before rules")
    tell("  ratio", f"{after / before:.2f}", f"bar {DOCUMENTS_BAR}")


def _make_photo(number: int) -> Photo:
    variants = {
        name: {"name": f"ab/{number:032x}-{name}.webp", "width": width, "height": width, "bytes": width * 90}
        | {"format": "webp"}
        for name, width in (("small", 320), ("medium", 800), ("large", 1600))
    }
    picture = StoredPicture(1600, 1200, "#a0b0c0", "UklGRiQAAABXRUJQVlA4IBgAAAAwAQCd", variants, is_public=True)
    return Photo(str(number), number, "Photo", "Front", ("Public",), None, "stored", picture=picture)


def _make_rules() -> ProviderRules:
    """Twelve rules of every kind of key, which say together what `Display` says of the listings at hand."""
    shown = RuleSettings(listing_display_when_null=True, address_display_when_null=True, mls="Board")
    window = RuleSettings.model_validate({"soldWithin": "P36M", "requireContact": True, "optOutOffices": ["none"]})
    keys = {
        RuleKey(feed.PROVIDER): shown,
        RuleKey(feed.PROVIDER, originating_system="Platbook Sample MLS"): window,
        RuleKey(feed.PROVIDER, ours=True): RuleSettings(require_contact=False),
        RuleKey(feed.PROVIDER, RuleSurface.INTERNAL): RuleSettings(mls="Board"),
    }
    keys |= {RuleKey(feed.PROVIDER, originating_system=f"System {n}", feed="IDX"): window for n in range(8)}
    rules = [DisplayRule(UUID(int=n), key, said, 1, feed.START, "ada") for n, (key, said) in enumerate(keys.items(), 1)]
    return ProviderRules.of(rules, ["O100002", "O100005"])


def _write(listings: Listings, rules: ProviderRules) -> None:
    for listing, photos in listings:
        to_documents(listing, photos, decide(listing, rules, feed.START), row=ROW)


def _write_before(listings: Listings) -> None:
    display = _make_display()
    for listing, photos in listings:
        write_documents(listing, photos, display, row=ROW)


def _make_display() -> Display:
    return Display(listing_display_when_null=True, address_display_when_null=True, mls="Board")


def _check_alike(listings: Listings, rules: ProviderRules) -> None:
    display = _make_display()
    shown = 0
    for listing, photos in listings:
        documents = to_documents(listing, photos, decide(listing, rules, feed.START), row=ROW)
        before = write_documents(listing, photos, display, row=ROW)
        if [_to_old(text) for text in documents[:2]] != [text and orjson.loads(text) for text in before]:
            raise AssertionError(f"the documents of {listing.listing_key} are not alike")
        shown += documents.public is not None
    if shown < len(listings) / 2:
        raise AssertionError("most listings are shown")


def _to_old(text: str | None) -> Mapping[str, object] | None:
    """A document without the fields that it did not have before."""
    if text is None:
        return None
    document: dict[str, object] = orjson.loads(text)
    attribution = cast("dict[str, object]", document["attribution"])
    kept = {name: value for name, value in attribution.items() if name not in NEW_ATTRIBUTION}
    return {name: value for name, value in document.items() if name not in NEW_FIELDS} | {"attribution": kept}


def _compare(*works: Callable[[], None]) -> Iterator[float]:
    """The least CPU seconds of each, in turns: what else the machine does only ever adds."""
    took: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, times in zip(works, took, strict=True):
            gc.collect()
            began = time.process_time()
            work()
            times.append(time.process_time() - began)
    return map(min, took)
