import pytest

from platbook.db import Database
from tests.listings.shelf import ListingFixture


@pytest.fixture
def shelf(database: Database) -> ListingFixture:
    return ListingFixture(database)
