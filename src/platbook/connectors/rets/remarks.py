"""Remarks for an operator about a session that went well."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Remarks:
    """Counters and sentences of one session."""

    repaired: int = 0
    """Characters of replies that had to be repaired."""
    sentences: list[str] = field(default_factory=list[str])
    refused_photos: dict[str, int] = field(default_factory=dict[str, int])

    def add(self, sentence: str) -> None:
        """Add a sentence, unless it is there already."""
        if sentence not in self.sentences:
            self.sentences.append(sentence)

    def to_sentences(self) -> list[str]:
        """All remarks as sentences."""
        sentences = list(self.sentences)
        if self.repaired:
            sentences.append(
                f"{self.repaired} characters that XML does not allow were repaired in the source's replies"
            )
        for reason, photos in self.refused_photos.items():
            sentences.append(f"{photos} photos could not be fetched: {reason}")
        return sentences
