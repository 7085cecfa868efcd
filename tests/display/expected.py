"""What a second reading of the rules says that the public may be told, and the faults found against it."""

from collections.abc import Mapping, Sequence
from typing import cast

from tests.display.marked_world import FIRST, LATEST, MarkedListing, find_marks_of
from tests.display.naive_reading import PlainRule, PlainRules, Reading, read_listing
from tests.display.public_site import PublicSite, Reply

_LOCAL_RULES = PlainRules([PlainRule({})])


class Expected:
    """What a second reading of the rules says that the public may be told."""

    def __init__(self, site: PublicSite, rules: Mapping[str, PlainRules]) -> None:
        self.faults: list[str] = []
        self.readings: dict[str, Reading] = {}
        self.listings = site.world.listings
        self._world = site.world
        for listing in self.listings:
            of_provider = rules.get(listing.provider_id, _LOCAL_RULES)
            self.readings[listing.key] = read_listing(listing, of_provider, site.moment)
        self.shown = [one for one in self.listings if one.state == "live" and self.readings[one.key].shown]
        self._shown_keys = {one.key for one in self.shown}
        self.ids = {str(site.ids[one.key]): one for one in self.shown}
        self.told = {mark for one in self.shown for mark in _find_told(one, self.readings[one.key])}

    def shows(self, listing: MarkedListing, field: str) -> bool:
        """Whether the public sees a field of a listing."""
        return listing.key in self._shown_keys and field in self.readings[listing.key].fields

    def check(self, reply: Reply) -> None:
        """Note the marks in a reply that the public may not be told, but for what it said itself."""
        text = reply.text + reply.cursor
        asked = self._world.find_marks(reply.asked)
        for found, mark in self._world.find_marks(text).items():
            if found not in self.told and found not in asked:
                self.faults.append(f"{mark.field} of version {mark.version} of {mark.listing_key} in {reply.asked}")

    def expect(self, holds: object, fault: str, reply: Reply) -> None:
        """Note a fault unless something holds of a reply."""
        if not holds:
            self.faults.append(f"{fault} in {reply.asked}: {reply.text[:500]}")


def _tells_first(listing: MarkedListing, reading: Reading) -> bool:
    """Whether the timeline tells of the first version, which differs in its property type from the latest."""
    history, types = reading.settings["showHistory"], reading.settings.get("propertyTypes")
    was_public = types is None or listing.values[FIRST]["PropertyType"] in cast("Sequence[str]", types)
    return history == "all" or (history == "whilePublic" and was_public)


def _find_told(listing: MarkedListing, reading: Reading) -> set[str]:
    values: list[object] = [listing.key, listing.latest["ModificationTimestamp"]]
    versions = (FIRST, LATEST) if _tells_first(listing, reading) else (LATEST,)
    for name in reading.fields - {"DaysOnMarket"}:  # those of the source are not shown
        told_of = (LATEST,) if name == "AttributionContact" else versions
        values += [listing.values[version].get(name) for version in told_of]
    for photo in listing.photos:
        if photo.key in reading.named:
            values += [photo.key, photo.ref.caption]
        is_image = photo.ref.category == "Photo"
        is_linked = reading.settings.get("hotLink") if is_image else True
        if photo.key in reading.opened and is_linked:
            values.append(photo.ref.content)
    return {mark for value in values for mark in find_marks_of(value)}
