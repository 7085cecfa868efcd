"""The deployment guide's code blocks, in order: commands to run, and files to write."""

import re
from dataclasses import dataclass
from pathlib import Path

GUIDE = Path(__file__).resolve().parents[2] / "docs/deployment.md"

_CHAPTER = re.compile(r"^## ", re.MULTILINE)
_BLOCK = re.compile(r"(?P<before>[^\n]*)\n\n```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"`(/[^`]+)`:$")


@dataclass(frozen=True, slots=True)
class Step:
    """One block: shell commands, or what a file holds if `file` (an absolute path) is set."""

    language: str
    text: str
    file: Path | None


def read_chapter(title: str) -> list[Step]:
    """The blocks of the chapter `## title`. One that is not for the shell is what the file named before it holds."""
    chapters = [chapter for chapter in _CHAPTER.split(GUIDE.read_text()) if chapter.startswith(f"{title}\n")]
    assert len(chapters) == 1, f"the guide has {len(chapters)} chapters named {title}"
    return [_to_step(found) for found in _BLOCK.finditer(chapters[0])]


def _to_step(found: re.Match[str]) -> Step:
    file = None if found["language"] == "sh" else _FILE.search(found["before"])
    return Step(found["language"], found["text"], Path(file[1]) if file else None)
