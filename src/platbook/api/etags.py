"""Entity tags and conditional requests (RFC 9110 sections 8.8.3 and 13.1.2)."""


def to_etag(version: str) -> str:
    """A version as an entity tag (RFC 9110 section 8.8.3). Weak: compression may change the bytes."""
    return f'W/"{version}"'


def matches_etag(if_none_match: str | None, version: str) -> bool:
    """Whether the caller has this version (RFC 9110 section 13.1.2, weak comparison)."""
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or f'"{version}"' in tags
