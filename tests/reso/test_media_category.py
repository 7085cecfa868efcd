"""What a Media record is by its category, in every spelling of the Data Dictionary's values."""

import json

import pytest

from platbook.reso.media_category import is_image, may_be_branded
from tests.fakes.recordings import read_dictionary

IMAGES = {"Agent Photo", "Floor Plan", "Office Logo", "Office Photo", "Photo"}
FILES = {"Video", "Document", "Branded Virtual Tour", "Unbranded Virtual Tour"}


@pytest.mark.parametrize("category", sorted(IMAGES | FILES))
def test_a_category_is_an_image_or_not_in_both_spellings(category: str) -> None:
    for spelling in (category, category.replace(" ", ""), category.upper()):
        assert is_image(spelling) is (category in IMAGES)
        assert may_be_branded(spelling) is (category == "Branded Virtual Tour")


def test_every_value_of_the_data_dictionary_is_known() -> None:
    values = json.loads(read_dictionary("dd-2.0-lookups.json"))["lookups"]["MediaCategory"]
    assert {value["value"] for value in values} == IMAGES | FILES
    assert all(is_image(value["legacyODataValue"]) is (value["value"] in IMAGES) for value in values)
