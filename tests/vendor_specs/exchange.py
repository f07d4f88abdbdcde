"""One request and its answer, as they went over the wire."""

from dataclasses import dataclass, field

OK, REFUSED = 200, 400


@dataclass(slots=True)
class Exchange:
    """`status` is None where nobody answered. Header names are in lower case."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    status: int | None = None
    answer_headers: dict[str, str] = field(default_factory=dict[str, str])
    answer: bytes = b""
    whole: bool = False
    """Whether the answer came to its end."""
    faults: set[str] = field(default_factory=set[str])
    """What went wrong on purpose meanwhile."""

    @property
    def refused(self) -> bool:
        """Whether the answer was no."""
        return self.status is not None and self.status >= REFUSED

    @property
    def sent_by_us(self) -> bool:
        """Whether a connector says that it asked, and no test by hand."""
        return "orderhub" in self.headers.get("user-agent", "").lower()
