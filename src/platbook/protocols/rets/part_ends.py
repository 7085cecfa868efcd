"""Whether a part that no boundary follows is whole: by its Content-Length, or by how its kind of file ends."""

_PADDING = b"\r\n\t \0"
_ENDS = {
    b"\xff\xd8": b"\xff\xd9",  # JPEG
    b"\x89PNG": b"IEND\xaeB`\x82",
    b"GIF8": b";",
    b"%PDF": b"%%EOF",
}
_RIFF_HEADER = 8


def is_whole_part(content: bytes, *, content_type: str, declared_length: int | None, headers_ended: bool) -> bool:
    """Whether the last part's end is certain.

    An empty part, such as one with a Location alone, has to end with the last of its header lines (`headers_ended`).
    """
    if declared_length is not None:
        return len(content) == declared_length
    if not content:
        return headers_ended
    kind = content_type.partition(";")[0].strip().lower()
    if kind in {"text/xml", "application/xml"} or content.lstrip().startswith(b"<"):
        return content.rstrip(_PADDING).endswith(b">")
    if kind.startswith("text/"):  # the words of an error, which is no photo
        return True
    if content.startswith(b"RIFF"):  # WebP
        return len(content) >= int.from_bytes(content[4:_RIFF_HEADER], "little") + _RIFF_HEADER
    bare = content.rstrip(_PADDING)
    return any(content.startswith(start) and bare.endswith(end) for start, end in _ENDS.items())
