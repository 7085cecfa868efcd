import pytest

from platbook.db import Database
from tests.listings.shelf import Shelf


@pytest.fixture
def shelf(database: Database) -> Shelf:
    return Shelf(database)
