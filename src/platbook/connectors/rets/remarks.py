"""What a person should know of how a session went, though it went well."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Remarks:
    """Tallies and sentences of one session."""

    repaired: int = 0
    """Characters of replies that had to be repaired."""
    sentences: list[str] = field(default_factory=list[str])
    refused_photos: dict[str, int] = field(default_factory=dict[str, int])

    def note(self, sentence: str) -> None:
        """Say something once."""
        if sentence not in self.sentences:
            self.sentences.append(sentence)

    def to_sentences(self) -> list[str]:
        """All of it, in words."""
        said = list(self.sentences)
        if self.repaired:
            said.append(f"{self.repaired} characters that XML does not allow were repaired in what the source sent")
        for reason, photos in self.refused_photos.items():
            said.append(f"{photos} photos could not be had: {reason}")
        return said
