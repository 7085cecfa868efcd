"""The keys a walk has given out."""

from hypothesis import given
from hypothesis import strategies as st

from platbook.connectors.paging.seen_keys import SeenKeys


@given(st.lists(st.text(max_size=4)))
def test_it_knows_just_the_keys_it_was_given(keys: list[str]) -> None:
    seen, known = SeenKeys(), set[str]()
    for key in keys:
        assert seen.add(key) == (key not in known)
        known.add(key)
    assert len(seen) == len(known)
    assert all(key in seen for key in known)
    assert "a key of its own" not in seen


def test_it_grows_and_forgets_none() -> None:
    seen = SeenKeys()
    assert all(seen.add(str(number)) for number in range(50_000))
    assert not any(seen.add(str(number)) for number in range(50_000))
    assert len(seen) == 50_000
    assert "50000" not in seen
