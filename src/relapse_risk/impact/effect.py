"""What every design gives: an estimate with interval, checks of the design, whom it speaks for, and a plain sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm, t

from relapse_risk.errors import ModelError
from relapse_risk.languages import Label, Language
from relapse_risk.rows import numbers
from relapse_risk.text import text
from relapse_risk.text.by_language import decimal, enumerated, percent

__all__ = ["Check", "Design", "Effect", "Verdict", "check_arms", "complete_columns", "effect_of", "failing_below"]

Array = npt.NDArray[np.float64]
Design = Literal["lottery", "discontinuity", "staggered", "weighting"]
Verdict = Literal["holds", "fails", "unknown"]
CHECK_LEVEL = 0.05  # a p-value below speaks against the design


@dataclass(frozen=True, slots=True)
class Check:
    """One condition the design rests on.

    Attributes
    ----------
    name : str
        Key of its words, ``impact.check.NAME``.
    value : float
        Test statistic's p-value, share or count, as ``says`` tells; NaN where it cannot be computed.
    limit : float
        What ``value`` was held to.
    verdict : {"holds", "fails", "unknown"}
        A value that is not known is not a pass.
    """

    name: str
    value: float
    limit: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Effect:
    """An estimated effect.

    Attributes
    ----------
    design : {"lottery", "discontinuity", "staggered", "weighting"}
    estimand : str
        What the number is of: ``ate``, ``att``, ``itt``, ``jump`` …
    estimate, standard_error, low, high, p_value : float
        In the unit of the outcome; treated minus untreated.  The interval need not be centred on the estimate
        (regression discontinuity: it is centred on the bias-corrected one).
    level : float
        Confidence of the interval, such as 0.95.
    households, treated : int
        Rows used, and those of them treated.
    speaks_for : str
        Key of its words, ``impact.whom.…``: the population of the estimand.
    checks : tuple of Check
        Conditions of the design.
    details : mapping of str to float
        Other numbers of the design: bandwidths, effective sizes, other standard errors.
    table : DataFrame
        Numbers that have several rows (group-time effects, balance, tests over bandwidths); empty where there are none.
    """

    design: Design
    estimand: str
    estimate: float
    standard_error: float
    low: float
    high: float
    p_value: float
    level: float
    households: int
    treated: int
    speaks_for: str
    checks: tuple[Check, ...] = ()
    details: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    table: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def holds(self) -> bool:
        """Whether no check fails (those that could not be made are named in the sentence)."""
        return all(check.verdict != "fails" for check in self.checks)

    @property
    def says(self) -> Literal["raises", "lowers", "cannot_tell", "does_not_hold"]:
        """The finding in one word."""
        if not self.holds:
            return "does_not_hold"
        if not (self.low > 0 or self.high < 0):
            return "cannot_tell"
        return "raises" if self.low > 0 else "lowers"

    def with_checks(self, *checks: Check) -> Effect:
        """The same estimate with more checks of its design."""
        return replace(self, checks=(*self.checks, *checks))

    def sentence(
        self,
        language: Language,
        treatment: Label,
        outcome: Label,
        unit: Label,
        decimals: int = 0,
        hundredths: bool = False,
    ) -> str:
        """The finding in words, and whom it speaks for.

        Parameters
        ----------
        language : {"zh", "en"}
        treatment, outcome, unit : Label
            What was given, what it may change, and the unit of that.
        decimals : int
            Decimals of the numbers shown.
        hundredths : bool
            The outcome is a share: show it times 100.

        Returns
        -------
        str

        Examples
        --------
        >>> effect = effect_of("lottery", "ate", 1794.0, 671.0, households=445, treated=185)
        >>> words = dict(treatment=Label(zh="培训", en="training"), outcome=Label(zh="收入", en="income"),
        ...              unit=Label(zh="元", en="yuan"))
        >>> effect.sentence("en", **words)
        'Lottery among equals: training raises income by 1,794 yuan on average (95% interval 479 to 3,109). This speaks for the households that took part in the draw: 445 households, 185 of them treated.'
        >>> effect.with_checks(Check("attrition", 0.001, 0.05, "fails")).sentence("zh", **words)
        '抽签对照的前提不成立（两组失访率相同：否），不能据此判断培训对收入的影响。'
        """
        by = 100.0 if hundredths else 1.0
        words = {
            "design": text(f"impact.design.{self.design}", language),
            "treatment": treatment[language], "outcome": outcome[language], "unit": unit[language],
        }  # fmt: skip
        if self.says == "does_not_hold":
            failing = self._named("fails", language)
            return text("impact.does_not_hold", language, checks=failing, **words)
        shown = {name: decimal(by * getattr(self, name), decimals, language) for name in ("low", "high")}
        size = decimal(by * abs(self.estimate), decimals, language)
        values = words | shown | {"size": size, "level": percent(100 * self.level, 0, language)}
        parts = [text(f"impact.{self.says}", language, **values), self._whom(language)]
        if any(check.verdict == "unknown" for check in self.checks):
            parts.append(text("impact.unchecked", language, checks=self._named("unknown", language)))
        return ("" if language == "zh" else " ").join(parts)

    def summary(self) -> str:
        """The numbers as text.

        Examples
        --------
        >>> print(effect_of("lottery", "ate", 2.0, 1.0, households=20, treated=10).summary())
        lottery, ate: 2 (SE 1), 95% interval 0.0400 to 3.96, p 0.0455; 20 households, 10 treated
        """
        line = (
            f"{self.design}, {self.estimand}: {self.estimate:.4g} (SE {self.standard_error:.4g}), {self.level:.0%} interval "
            f"{self.low:#.3g} to {self.high:#.3g}, p {self.p_value:.3g}; {self.households} households, {self.treated} treated"
        )
        checks = [f"  {c.name}: {c.verdict} ({c.value:.4g}, limit {c.limit:g})" for c in self.checks]
        return "\n".join([line, *checks])

    def _named(self, verdict: Verdict, language: Language) -> str:
        names = [text(f"impact.check.{c.name}", language) for c in self.checks if c.verdict == verdict]
        if verdict == "fails":
            names = [text("impact.check_fails", language, check=name) for name in names]
        return enumerated(names, language)

    def _whom(self, language: Language) -> str:
        counts = {name: decimal(getattr(self, name), 0, language) for name in ("households", "treated")}
        return text("impact.speaks_for", language, whom=text(f"impact.whom.{self.speaks_for}", language), **counts)


def effect_of(
    design: Design,
    estimand: str,
    estimate: float,
    standard_error: float,
    *,
    households: int,
    treated: int,
    level: float = 0.95,
    centre: float | None = None,
    degrees_of_freedom: float | None = None,
    speaks_for: str | None = None,
    checks: tuple[Check, ...] = (),
    details: Mapping[str, float] | None = None,
    table: pd.DataFrame | None = None,
) -> Effect:
    """An :class:`Effect` whose interval is ``centre`` ± quantile × standard error.

    Parameters
    ----------
    design, estimand, estimate, standard_error, households, treated, level, checks, table
        As in :class:`Effect`.
    centre : float, optional
        Centre of interval and test; ``estimate`` when left out.
    degrees_of_freedom : float, optional
        Of Student's t; the normal distribution when left out.
    speaks_for : str, optional
        ``design`` when left out.
    details : mapping, optional

    Returns
    -------
    Effect

    Raises
    ------
    ModelError
        For a level outside 0 … 1, or a standard error that is not a positive number (an estimate without uncertainty).

    References
    ----------
    Wald (1943): interval and test from an estimate and its standard error.

    Examples
    --------
    >>> effect = effect_of("lottery", "ate", 2.0, 1.0, households=20, treated=10, degrees_of_freedom=18)
    >>> round(effect.low, 3), round(effect.high, 3), effect.says
    (-0.101, 4.101, 'cannot_tell')
    """
    if not 0 < level < 1:
        raise ModelError("level of the interval", where=design, got=level, expected="between 0 and 1, such as 0.95")
    if not np.isfinite(estimate) or not np.isfinite(standard_error) or standard_error <= 0:
        raise ModelError(
            "no effect with uncertainty can be computed", where=design, got=(float(estimate), float(standard_error)),
            expected="an outcome that varies in both groups",
        )  # fmt: skip
    middle = estimate if centre is None else centre
    law = norm if degrees_of_freedom is None else t(degrees_of_freedom)
    half = float(law.ppf(0.5 + level / 2)) * standard_error
    return Effect(
        design, estimand, float(estimate), float(standard_error), float(middle - half), float(middle + half),
        float(2 * law.sf(abs(middle) / standard_error)), level, households, treated, speaks_for or design, checks,
        MappingProxyType(dict(details or {})), pd.DataFrame() if table is None else table,
    )  # fmt: skip


def failing_below(name: str, value: float, limit: float = CHECK_LEVEL) -> Check:
    """A check that fails where ``value`` is under ``limit``, and is unknown where it is not a number.

    Examples
    --------
    >>> [failing_below("density", value).verdict for value in (0.5, 0.01, float("nan"))]
    ['holds', 'fails', 'unknown']
    """
    if not np.isfinite(value):
        return Check(name, float("nan"), limit, "unknown")
    return Check(name, float(value), limit, "fails" if value < limit else "holds")


def complete_columns(where: str, **columns: Any) -> dict[str, Array]:
    """Columns of one length without a missing value, as floats (matrices keep their columns).

    Raises
    ------
    ModelError
        Naming the column that has missing values, or another length.

    Examples
    --------
    >>> complete_columns("lottery", outcome=[1, 2], drawn=[True, False])["drawn"].tolist()
    [1.0, 0.0]
    """
    found = {name: numbers(values, f"{where}: {name}") for name, values in columns.items()}
    rows = {name: len(values) if values.ndim else -1 for name, values in found.items()}
    if len(set(rows.values())) != 1 or -1 in rows.values():
        raise ModelError("columns differ in length", where=where, got=rows, expected="one row per household in each")
    for name, values in found.items():
        if not np.isfinite(values).all():
            raise ModelError(
                f"{name} is not known for every household", where=where, got=int((~np.isfinite(values)).sum()),
                expected="a number in every row", fix="leave those households out and report how many, by group",
            )  # fmt: skip
    return found


def check_arms(treated: Array, where: str, least: int = 2) -> Array:
    """``treated`` if it is 0 or 1 with at least ``least`` households in each group.

    Raises
    ------
    ModelError

    Examples
    --------
    >>> check_arms(np.array([0.0, 1.0]), "lottery", least=1).tolist()
    [0.0, 1.0]
    """
    if not np.isin(treated, (0.0, 1.0)).all():
        raise ModelError("treated is yes or no", where=where, got=np.unique(treated)[:5].tolist(), expected="0 or 1")
    counts = (int((treated == 0).sum()), int((treated == 1).sum()))
    if min(counts) < least:
        raise ModelError(
            "too few households in a group", where=where, got=f"{counts[1]} treated, {counts[0]} not",
            expected=f"at least {least} in each", fix="widen the list, or wait for more months",
        )  # fmt: skip
    return treated
