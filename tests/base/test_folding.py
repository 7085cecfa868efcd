import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from platbook.base.folding import fold, fold_label


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Cañon City", "canon city"),
        ("Cañon", "canon"),
        ("MONTRÉAL", "montreal"),
        ("Müller", "muller"),
        ("O’Brien", "o'brien"),  # noqa: RUF001 - a typographic apostrophe
        ("112–14", "112-14"),  # noqa: RUF001 - a dash
        ("Straße Æsir œuvre Łódź Tromsø", "strasse aesir oeuvre lodz tromso"),
        ("İzmir", "izmir"),
        ("Москва", "москва"),
        ("100% Plain's", "100% plain's"),
    ],
)
def test_case_accents_and_typography_do_not_count(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(folded) == folded


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Active Under Contract", "activeundercontract"),
        ("ActiveUnderContract", "activeundercontract"),
        ("Hotel/Motel", "hotelmotel"),
        ("Québec", "quebec"),
        ("m²", "m2"),
        ("--", ""),
    ],
)
def test_a_label_is_its_letters_and_digits(text: str, folded: str) -> None:
    assert fold_label(text) == folded


@given(st.text())
@example("Ǽ ǿ ǣ ″ ﹘ ΟΔΟΣ")  # noqa: RUF001 - what Unicode decomposes to what is folded
def test_what_is_folded_folds_to_itself(text: str) -> None:
    assert fold(fold(text)) == fold(text)
