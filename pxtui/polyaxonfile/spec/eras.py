"""The eras of the polyaxonfile: versions of Polyaxon 0.x that read the same keys."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Era:
    """Versions that read the same keys; `bit` stands for it in sets of eras."""

    name: str
    """As it is shown and given: `0.1.1-0.2.9`."""
    bit: int
    when: str

    @property
    def first(self) -> tuple[int, ...]:
        """The version that began it."""
        return _version(self.name.partition("-")[0])

    @property
    def last(self) -> tuple[int, ...]:
        """The version that ended it."""
        return _version(self.name.rpartition("-")[2])


_NAMES = {
    "0.0.2-0.0.6": "early 2018",
    "0.0.7": "April 2018",
    "0.0.8-0.1.0": "May 2018",
    "0.1.1-0.2.9": "July to October 2018",
    "0.3.0-0.3.8": "end of 2018",
    "0.3.9-0.4.1": "February 2019",
    "0.4.2-0.4.4": "spring of 2019",
    "0.5.0-0.6.1": "July 2019 to March 2020",
}
ERAS = tuple(Era(name, 1 << at, when) for at, (name, when) in enumerate(_NAMES.items()))
"""All eras, the oldest first."""
V002, V007, V008, V011, V030, V039, V042, V050 = (era.bit for era in ERAS)
"""The set of each one era, by the version that began it."""
ALL = (1 << len(ERAS)) - 1

MODERN = "1.x"
"""What is shown for a file of Polyaxon 1.x."""


def since(era: int) -> int:
    """The eras from this one on."""
    return ALL & ~(era - 1)


def until(era: int) -> int:
    """The eras up to this one."""
    return (era << 1) - 1


def named(name: str) -> Era | None:
    """The era of that name or version (`0.4`: the newest of 0.4); None where there is none."""
    for era in ERAS:
        if era.name == name:
            return era
    if not re.fullmatch(r"0(\.\d){1,2}", name, re.ASCII):
        return None
    version = _version(name)
    parts = len(version)
    having = [era for era in ERAS if era.first[:parts] <= version <= era.last[:parts]]
    return having[-1] if having else None


def newest(eras: int) -> Era:
    """The newest of a set of eras that has one."""
    return ERAS[eras.bit_length() - 1]


def shown(eras: int) -> str:
    """A set of eras in words: `0.0.2-0.0.6 (early 2018)`, `0.0.7 to 0.1.0`, `0.1.1 and later`."""
    those = [era for era in ERAS if era.bit & eras]
    if len(those) == 1 and eras != V050:
        return f"{those[0].name} ({those[0].when})"
    start, end = those[0].name.partition("-")[0], those[-1].name.rpartition("-")[2]
    return f"{start} and later" if eras & V050 else f"{start} to {end}"


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
