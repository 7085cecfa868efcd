"""Wire formats as values: bytes in, values out. Nothing here opens a socket, reads a clock or awaits."""
