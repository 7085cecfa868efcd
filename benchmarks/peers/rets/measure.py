"""What a client program measures of itself and prints: CPU from before the login to after the logout, and memory."""

import json
import time
import zlib
from collections.abc import Iterable

KIB = 1024


def memory(name: str) -> float:
    """VmRSS or VmHWM of this process, in MB."""
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - one line, no path to speak of
        return next(int(line.split()[1]) for line in status if line.startswith(name)) / KIB


class Measure:
    """Begin before the login, `logged_in` after it, `tell` after the logout."""

    def __init__(self) -> None:
        self.after_login = 0.0
        self.checksum = 0
        self._began = time.process_time()

    def logged_in(self) -> None:
        """Note the memory from which growth counts."""
        self.after_login = memory("VmRSS")

    def check(self, cells: Iterable[str | None]) -> None:
        """Add a row to the checksum; for small sizes only, since it costs."""
        self.checksum = zlib.crc32("\x1f".join(cell or "" for cell in cells).encode(), self.checksum)

    def tell(self, rows: int) -> None:
        """Print the result as JSON."""
        seconds = time.process_time() - self._began
        peak = memory("VmHWM")
        said = {
            "rows": rows,
            "cpu": seconds,
            "peak": peak,
            "growth": peak - self.after_login,
            "checksum": self.checksum,
        }
        print(json.dumps(said))
