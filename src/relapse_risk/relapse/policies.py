"""Changed policies as effects on inputs: what a household frame would hold, everything else as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal

import pandas as pd
from pydantic import BeforeValidator, ConfigDict

from relapse_risk.errors import ModelError, ParameterError, unknown
from relapse_risk.languages import Label
from relapse_risk.parameters import Confidence, params_dir
from relapse_risk.yaml_reading import STRICT, check_model, pairs, read_yaml

__all__ = ["Policy", "dibao_line", "post", "read_policies", "reimbursement"]

Change = Callable[[pd.DataFrame], pd.DataFrame]
SHARES = ("wage_share", "business_share", "property_share", "transfer_share")


def _needed(frame: pd.DataFrame, names: tuple[str, ...], policy: str) -> None:
    missing = [name for name in names if name not in frame or frame[name].isna().all()]
    if missing:
        raise ModelError("a changed policy needs inputs nobody collected", where=f"what_if {policy}", got=missing[0],
                         expected=" ".join(names))  # fmt: skip


def reimbursement(before: float, after: float, outpatient_share: float) -> Change:
    """Self-paid outpatient care falls by (1 - after) / (1 - before): rigid spending and its burden with it.

    Parameters
    ----------
    before, after : float
        Reimbursed share.
    outpatient_share : float
        Share of self-paid medical spending that is outpatient.

    Examples
    --------
    >>> frame = pd.DataFrame({"medical_self_paid": [1000.0], "rigid_spend": [1500.0], "net_income": [3000.0]})
    >>> reimbursement(0.5, 0.9, 0.4)(frame)["rigid_spend"].tolist()  # 400 of outpatient care become 80
    [1180.0]
    """
    if not (0 <= before < 1 and 0 <= after <= 1 and 0 <= outpatient_share <= 1):
        raise ModelError("reimbursed shares lie between 0 and 1", where="reimbursement", got=(before, after))
    left = 1 - outpatient_share * (1 - (1 - after) / (1 - before))

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        _needed(frame, ("medical_self_paid", "rigid_spend", "net_income"), "reimbursement")
        paid = frame["medical_self_paid"].fillna(0.0) * left
        saved = frame["medical_self_paid"].fillna(0.0) - paid
        rigid = (frame["rigid_spend"] - saved).clip(lower=0)
        return frame.assign(
            medical_self_paid=paid.where(frame["medical_self_paid"].notna()), rigid_spend=rigid,
            rigid_burden=rigid / frame["net_income"].clip(lower=1.0),
        )  # fmt: skip

    return change


def dibao_line(times: float) -> Change:
    """The dibao line ``times`` as high: who receives dibao gets the difference for every member; nobody enters."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        _needed(frame, ("relief_status", "dibao_line", "scale", "net_income"), "dibao_line")
        receives = (frame["relief_status"] == "dibao").fillna(False).astype(float)
        more = receives * (times - 1) * frame["dibao_line"] * frame["scale"]
        secure = frame["secure_income"].fillna(0.0) + more
        return _richer(frame, more, "transfer_income", "transfer_share").assign(
            secure_income=secure.where(frame["secure_income"].notna() | (more > 0)),
            dibao_line=frame["dibao_line"] * times,
        )

    return change


def post(wage_year: float, months: float) -> Change:
    """One member of every household where somebody could work and nobody does gets a post."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        _needed(frame, ("zero_employment", "net_income", "scale"), "post")
        gets = frame["zero_employment"].eq(True).fillna(False).astype(float)
        changed = _richer(frame, gets * wage_year, "wage_income", "wage_share")
        return changed.assign(
            zero_employment=frame["zero_employment"].mask(gets > 0, False),
            employed_count=frame["employed_count"] + gets.astype("int64"),
            work_months=frame["work_months"] + gets * months,
        )

    return change


def _richer(frame: pd.DataFrame, more: pd.Series, source: str, share: str) -> pd.DataFrame:
    """``more`` income a household and year from ``source``: totals, shares, change and burden with it."""
    more = more.fillna(0.0)
    net = frame["net_income"] + more
    grown = (net / frame["net_income"].where(frame["net_income"] > 0)).where(more > 0, 1.0)
    sources = frame["net_income"].clip(lower=1.0)
    shares = {name: frame[name] * sources / (sources + more) for name in SHARES if name in frame}
    if share in shares:
        shares[share] = (frame[share].fillna(0.0) * sources + more) / (sources + more)
    return frame.assign(
        **{source: frame[source].fillna(0.0) + more},
        net_income=net,
        income_pc_year=net / frame["scale"],
        income_change=frame["income_change"] * grown,
        rigid_burden=frame["rigid_spend"] / net.clip(lower=1.0),
        **{name: values.where(more > 0, frame[name]) for name, values in shares.items()},
    )


CHANGES: Mapping[str, Callable[..., Change]] = MappingProxyType(
    {"reimbursement": reimbursement, "dibao_line": dibao_line, "post": post}
)


@dataclass(frozen=True, slots=True)
class Policy:
    """A changed policy: its name in both languages, where its numbers come from, and what it does to inputs.

    Attributes
    ----------
    change : str
        A name in :data:`CHANGES`.
    values : tuple of (str, float)
        What that change takes.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    name: str
    label: Label
    change: Literal["reimbursement", "dibao_line", "post"]
    confidence: Confidence
    source: str
    values: Annotated[tuple[tuple[str, float], ...], BeforeValidator(pairs)]

    @property
    def effect(self) -> Change:
        """What it does to a household frame."""
        return CHANGES[self.change](**dict(self.values))


def read_policies(folder: str | Path | None = None) -> dict[str, Policy]:
    """``params/what_if.yaml`` by name.

    Raises
    ------
    ParameterError
        For an unknown change, or values it does not take.

    Examples
    --------
    >>> all(policy.name == name for name, policy in read_policies().items())
    True
    """
    found = {}
    for name, content in read_yaml(params_dir(folder) / "what_if.yaml").items():
        where = f"what_if.yaml: {name}"
        policy = check_model(Policy, {**content, "name": name} if isinstance(content, dict) else content, where)
        takes = signature(CHANGES[policy.change]).parameters
        for value, _ in policy.values:
            if value not in takes:
                raise unknown(f"value of {policy.change}", value, takes, f"{where}: values")
        if missing := sorted(set(takes) - {value for value, _ in policy.values}):
            raise ParameterError("value not given", where=f"{where}: values", expected=" | ".join(missing))
        found[name] = policy
    return found
