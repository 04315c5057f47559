"""What a mistake is: what the user wrote, and what a good message about it must contain."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from textwrap import dedent
from typing import TypedDict, Unpack


@dataclass(frozen=True)
class Mistake:
    """One mistake, and the facts that its user needs.

    Attributes:
        title: the mistake in words.
        snippet: what the user wrote, after the imports of `attempt.PRELUDE`. `cli("…")` runs the
            command line.
        says: regular expressions, all of which the message must contain, in any case of letters.
            They ask for facts (the label, the number, the choices, the right call), not wording.
        owner: the part of the package whose owner can mend the message.
        by: "error", "warning" or "either": how the user must be told.
        raises: a class that the error must be an instance of, where the design fixes it.
        never: regular expressions that the message must not contain, because they mislead.
        works: an expression; if nothing is raised and it holds, the package has made the mistake
            a legal thing to write, and that is as good as a message.
        pythons_words: whether Python's own wording will do: the call does not fit a signature.
    """

    title: str
    snippet: str
    says: tuple[str, ...]
    owner: str
    by: str = "error"
    raises: str = ""
    never: tuple[str, ...] = ()
    works: str = ""
    pythons_words: bool = False

    def missing(self, message: str) -> list[str]:
        """The facts that ``message`` lacks."""
        return [fact for fact in self.says if not found(fact, message)]

    def misleading(self, message: str) -> list[str]:
        """What ``message`` says and must not."""
        return [fact for fact in self.never if found(fact, message)]


def found(fact: str, message: str) -> bool:
    """Whether ``message`` contains ``fact``, over line ends and in any case of letters."""
    return re.search(fact, message, re.IGNORECASE | re.DOTALL) is not None


class Details(TypedDict, total=False):
    """What some mistakes add; see `Mistake`."""

    owner: str
    raises: str
    never: tuple[str, ...]
    works: str
    pythons_words: bool


@dataclass
class Area:
    """A table of mistakes about one part of the package."""

    name: str
    owner: str
    mistakes: list[Mistake] = field(default_factory=list)

    def error(self, title: str, snippet: str, *says: str, **rest: Unpack[Details]) -> None:
        """A mistake that must end in an error."""
        self._add("error", title, snippet, says, rest)

    def warning(self, title: str, snippet: str, *says: str, **rest: Unpack[Details]) -> None:
        """A mistake that is legal, and must be warned of once."""
        self._add("warning", title, snippet, says, rest)

    def either(self, title: str, snippet: str, *says: str, **rest: Unpack[Details]) -> None:
        """A mistake of which the user must be told, by an error or a warning."""
        self._add("either", title, snippet, says, rest)

    def _add(self, by: str, title: str, snippet: str, says: tuple[str, ...], rest: Details) -> None:
        details = {"owner": self.owner, "by": by, **rest}
        self.mistakes.append(Mistake(title, dedent(snippet).strip(), says, **details))
