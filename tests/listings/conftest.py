import pytest

from platbook.db import Database
from tests.listings.listing_rig import ListingRig


@pytest.fixture
def listing_rig(database: Database) -> ListingRig:
    return ListingRig(database)
