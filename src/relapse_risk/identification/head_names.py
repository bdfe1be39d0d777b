"""Names of heads of households, for sheets and notices of those who say why they need them."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from relapse_risk.register import Register

__all__ = ["head_names"]

_AUDIT = logging.getLogger("relapse_risk.identity")


def head_names(register: Register, month: str, reason: str) -> Mapping[str, str]:
    """Name of the head of every household of ``month``; nothing without a reason, which is logged.

    Parameters
    ----------
    register : Register
    month : str
    reason : str
        Why names are needed; empty: no name is read.
    """
    if not reason.strip():
        return {}
    _AUDIT.info("names of heads read: %s, register %s, %s", reason, register.path, month)
    homes = register.read("household", month, columns=["household_id", "head_person_id"])
    people = register.read_identity(columns=["person_id", "person_name"]).dropna()
    names = dict(zip(people["person_id"], people["person_name"], strict=True))
    return {str(home): str(names[head]) for home, head in homes.itertuples(index=False) if head in names}
