"""Limits on what one reply, one listing's photos and one metadata tree may hold, each named with its setting."""

from platbook.connectors.contract import ReplyTooLarge
from platbook.connectors.rets.remarks import Remarks
from platbook.connectors.rets.settings import RetsSettings

_FEWEST_ROWS = 100
"""A page that is broken off by its size must have so many rows, so that it goes on from one to the next."""
_VALUES_OF_TABLE = 5
"""A table of metadata takes as much memory as so many values."""


class RowLimits:
    """Counts the rows and bytes of one search reply.

    `limit` is how many rows the search asked for; `held`: the reply is collected, so that its bytes are limited.
    """

    def __init__(self, settings: RetsSettings, remarks: Remarks, limit: int | None, *, held: bool) -> None:
        self.rows = 0
        self._settings, self._remarks, self._limit, self._held = settings, remarks, limit, held
        self._bytes = self._bytes_of_row = 0

    def add(self, size: int, rows: int) -> int | None:
        """Count the bytes of a chunk and the rows it completed; None: the reply goes on. ReplyTooLarge.

        Else it is to be broken off, and this is how many of these rows are still wanted.
        """
        settings = self._settings
        self.rows += rows
        self._bytes += size
        self._bytes_of_row = self._bytes_of_row + size if rows == 0 else 0
        if self._limit is not None and self.rows > self._limit:
            self._remarks.add("the source sends more rows than the Limit asks for, so its replies were broken off")
            return rows - (self.rows - self._limit)
        if self.rows > settings.max_reply_rows:
            raise ReplyTooLarge(f"a reply has more than {settings.max_reply_rows} rows (settings.maxReplyRows)")
        if self._bytes_of_row > settings.max_row_bytes:
            raise ReplyTooLarge(
                f"a reply goes on for more than {settings.max_row_bytes} bytes without the end of a row "
                "(settings.maxRowBytes)"
            )
        if not self._held or self._bytes <= settings.max_page_bytes:
            return None
        if self._limit is None or self.rows < _FEWEST_ROWS:
            raise ReplyTooLarge(
                f"a reply is larger than {settings.max_page_bytes} bytes after {self.rows} rows (settings.maxPageBytes)"
            )
        self._remarks.add("replies larger than settings.maxPageBytes were broken off, so pages had fewer rows")
        return rows


class PhotoLimits:
    """Counts the photos of each listing in one reply, and their bytes."""

    def __init__(self, settings: RetsSettings) -> None:
        self._settings = settings
        self._photos: dict[str, int] = {}
        self._bytes: dict[str, int] = {}
        self._bytes_of_photo = 0

    def add_bytes(self, size: int) -> None:
        """Count bytes in which no photo ended. ReplyTooLarge."""
        self._bytes_of_photo += size
        if self._bytes_of_photo > self._settings.max_photo_bytes:
            raise ReplyTooLarge(
                f"a photo is larger than {self._settings.max_photo_bytes} bytes (settings.maxPhotoBytes)"
            )

    def add_photo(self, key: str, size: int) -> None:
        """Count a photo of a listing, or what stands in its place. ReplyTooLarge."""
        settings = self._settings
        self._bytes_of_photo = 0
        photos = self._photos[key] = self._photos.get(key, 0) + 1
        received = self._bytes[key] = self._bytes.get(key, 0) + size
        if photos > settings.max_listing_photos:
            raise ReplyTooLarge(
                f"the source sends more than {settings.max_listing_photos} photos of {key or 'a listing'} "
                "(settings.maxListingPhotos)"
            )
        if received > settings.max_listing_photo_bytes:
            raise ReplyTooLarge(
                f"the photos of {key or 'a listing'} are larger than {settings.max_listing_photo_bytes} bytes "
                "(settings.maxListingPhotoBytes)"
            )


class MetadataLimits:
    """Counts what a tree of metadata holds, over all its requests."""

    def __init__(self, settings: RetsSettings) -> None:
        self._settings = settings
        self._bytes = self._values = 0

    def add_bytes(self, size: int) -> None:
        """Count bytes of a reply. ReplyTooLarge."""
        self._bytes += size
        if self._bytes > self._settings.max_metadata_bytes:
            raise ReplyTooLarge(
                f"the metadata are larger than {self._settings.max_metadata_bytes} bytes (settings.maxMetadataBytes)"
            )

    def check_values(self, values: int, tables: int) -> None:
        """Check what a reply that is being read holds so far. ReplyTooLarge."""
        if self._values + values + _VALUES_OF_TABLE * tables > self._settings.max_metadata_values:
            raise ReplyTooLarge(
                f"the metadata have more than {self._settings.max_metadata_values} values (settings.maxMetadataValues)"
            )

    def add_values(self, values: int, tables: int) -> None:
        """Count what a reply that has ended holds."""
        self._values += values + _VALUES_OF_TABLE * tables
