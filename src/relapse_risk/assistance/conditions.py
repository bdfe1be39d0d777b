"""Conditions of assistance items: small named predicates that answer yes, no or *cannot tell*.

A condition takes a frame and the limits of a day and returns a nullable boolean per row: missing data gives
``NA`` (cannot tell), never ``False``.  Household conditions read household columns
(:func:`relapse_risk.derive.household_frame`); person conditions read person columns with their household's joined.
A numeric condition also says by how much a row misses it, so that a clerk sees "12 yuan above the line".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd

from relapse_risk.assistance.limits import Limits
from relapse_risk.errors import ParameterError, unknown

__all__ = ["CONDITIONS", "Condition", "condition_named", "holds", "shortfall"]

Level = Literal["household", "person"]
Test = Callable[[pd.DataFrame, "Limits"], pd.Series]
Shortfall = Callable[[pd.DataFrame, "Limits"], pd.Series]


@dataclass(frozen=True, slots=True)
class Condition:
    """One named predicate with its source, the reason it prints and the question to ask when data is missing."""

    name: str
    level: Level
    needs: tuple[str, ...]
    source: str
    zh: str
    en: str
    ask_zh: str
    ask_en: str
    test: Test
    shortfall: Shortfall | None = None

    def reason(self, language: str) -> str:
        return self.zh if language == "zh" else self.en

    def question(self, language: str) -> str:
        return self.ask_zh if language == "zh" else self.ask_en


BEFORE_RELIEF = "income_before_relief"
_REGISTRY: dict[str, Condition] = {}
CONDITIONS: Mapping[str, Condition] = MappingProxyType(_REGISTRY)


def condition_named(name: str, where: str = "") -> Condition:
    """The condition ``name``; :class:`ParameterError` names the nearest one when it does not exist.

    Examples
    --------
    >>> condition_named("income_below_dibao").level
    'household'
    """
    if name not in _REGISTRY:
        raise unknown(
            "condition", name, _REGISTRY, where or "assistance", otherwise="add a function to assistance/conditions.py"
        )
    return _REGISTRY[name]


def _nullable(values: pd.Series) -> pd.Series:
    return values.astype("boolean")


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    """The column, or all missing where the frame does not have it (not collected)."""
    return frame[name] if name in frame.columns else pd.Series(pd.NA, index=frame.index, dtype="object")


def _number(frame: pd.DataFrame, name: str) -> pd.Series:
    return pd.to_numeric(_column(frame, name)).astype("Float64")


def income_before_relief(frame: pd.DataFrame) -> pd.Series:
    """Income per head a year without dibao and destitute support, which the law does not count as income.

    (net income - dibao - destitute support) / persons; income_pc_year where the parts were never collected.
    Source: measures for identifying dibao households (Ministry of Civil Affairs), from memory.

    Examples
    --------
    >>> income_before_relief(pd.DataFrame({"income_pc_year": [6000.0], "dibao_received": [2400.0], "size": [2]})).tolist()
    [4800.0]
    """
    income, persons = _number(frame, "income_pc_year"), _number(frame, "size")
    relief = _number(frame, "dibao_received").fillna(0) + _number(frame, "tekun_received").fillna(0)
    return income - (relief / persons).fillna(0)


def _needed(name: str) -> str:
    return "income_pc_year" if name == BEFORE_RELIEF else name


def _measured(frame: pd.DataFrame, name: str) -> pd.Series:
    return income_before_relief(frame) if name == BEFORE_RELIEF else _number(frame, name)


def _register(
    name: str, level: Level, needs: tuple[str, ...], source: str, labels: tuple[str, str, str, str],
    test: Test, shortfall: Shortfall | None = None,
) -> None:  # fmt: skip
    if name in _REGISTRY:
        raise ParameterError("condition defined twice", where="assistance/conditions.py", got=name)
    _REGISTRY[name] = Condition(name, level, needs, source, *labels, test, shortfall)


def _below(name: str, column: str, limit: Callable[[Limits], float], source: str, labels: tuple[str, str, str, str],
           level: Level = "household") -> None:  # fmt: skip
    """Register ``column < limit``: strictly below, the limit itself is out."""

    def test(frame: pd.DataFrame, limits: Limits) -> pd.Series:
        return _nullable(_measured(frame, column) < limit(limits))

    def short(frame: pd.DataFrame, limits: Limits) -> pd.Series:
        return _measured(frame, column) - limit(limits)

    _register(name, level, (_needed(column),), source, labels, test, short)


def _at_least(name: str, level: Level, column: str, limit: Callable[[Limits], float], source: str,
              labels: tuple[str, str, str, str], strictly: bool = False) -> None:  # fmt: skip
    """Register ``column >= limit`` (``>`` when ``strictly``)."""

    def test(frame: pd.DataFrame, limits: Limits) -> pd.Series:
        values = _measured(frame, column)
        return _nullable(values > limit(limits) if strictly else values >= limit(limits))

    def short(frame: pd.DataFrame, limits: Limits) -> pd.Series:
        return limit(limits) - _measured(frame, column)

    _register(name, level, (_needed(column),), source, labels, test, short)


def _is_in(name: str, level: Level, column: str, words: tuple[str, ...], source: str,
           labels: tuple[str, str, str, str]) -> None:  # fmt: skip
    """Register ``column in words``; a missing code cannot tell."""

    def test(frame: pd.DataFrame, limits: Limits) -> pd.Series:
        values = _column(frame, column)
        return _nullable(values.isin(words).astype("boolean").mask(values.isna()))

    _register(name, level, (column,), source, labels, test)


def _flag(name: str, level: Level, column: str, source: str, labels: tuple[str, str, str, str],
          negated: bool = False) -> None:  # fmt: skip
    """Register a yes/no column as a condition (its opposite when ``negated``)."""

    def test(frame: pd.DataFrame, limits: Limits) -> pd.Series:
        values = _nullable(_column(frame, column))
        return ~values if negated else values

    _register(name, level, (column,), source, labels, test)


def holds(condition: Condition, frame: pd.DataFrame, limits: Limits) -> pd.Series:
    """Whether ``condition`` holds for each row: nullable boolean, ``NA`` where its data is missing.

    Examples
    --------
    >>> limits = Limits(5300, 5000, 16500, 1.3, 1.5, 10600, 10000, 10000, 3000)
    >>> frame = pd.DataFrame({"income_pc_year": [5299.0, 5300.0, None]})
    >>> holds(condition_named("income_below_dibao"), frame, limits).tolist()
    [True, False, <NA>]
    """
    return condition.test(frame, limits)


def shortfall(condition: Condition, frame: pd.DataFrame, limits: Limits) -> pd.Series:
    """By how much each row misses a numeric condition (positive: misses it), ``NA`` where there is no number.

    Examples
    --------
    >>> limits = Limits(5300, 5000, 16500, 1.3, 1.5, 10600, 10000, 10000, 3000)
    >>> shortfall(condition_named("income_below_dibao"), pd.DataFrame({"income_pc_year": [5312.0]}), limits).tolist()
    [12.0]
    """
    if condition.shortfall is None:
        return pd.Series(pd.NA, index=frame.index, dtype="Float64")
    return condition.shortfall(frame, limits).replace([np.inf, -np.inf], pd.NA)


def _assets_within_cap(frame: pd.DataFrame, limits: Limits) -> pd.Series:
    second = _nullable(_column(frame, "second_dwelling"))
    business = _nullable(_column(frame, "business_registration"))
    vehicles = _nullable(_number(frame, "vehicle_count") == 0)
    assets = _nullable(_number(frame, "financial_assets") <= limits.asset_cap_per_person * _number(frame, "size"))
    return ~second & vehicles & ~business & assets


def _no_labour_person(frame: pd.DataFrame, limits: Limits) -> pd.Series:
    """Old, a child, or disabled to the degree the 2021 national rules on destitute persons name."""
    age = _number(frame, "age")
    kind, level = _column(frame, "disability_type"), _column(frame, "disability_level")
    known = kind.notna() & level.notna()
    severe = level.isin(("level_1", "level_2"))
    disabled = (
        (kind.isin(("intellectual", "mental")) & (severe | level.eq("level_3")))
        | (kind.eq("limb") & severe)
        | (kind.eq("visual") & level.eq("level_1"))
    )
    by_age = _nullable(age >= 60) | _nullable(age < 16)
    return by_age | _nullable(disabled).mask(~known)


def _premium_age(frame: pd.DataFrame, limits: Limits) -> pd.Series:
    age = _number(frame, "age")
    return _nullable(age >= 16) & _nullable(age < 60)


def _drug_patient(frame: pd.DataFrame, limits: Limits) -> pd.Series:
    return _nullable(_column(frame, "chronic_hypertension")) | _nullable(_column(frame, "chronic_diabetes"))


def _listed_disease(frame: pd.DataFrame, limits: Limits) -> pd.Series:
    disease = _column(frame, "serious_disease_code")
    return _nullable(disease.ne("none")).mask(disease.isna())


def _is_disabled(frame: pd.DataFrame, limits: Limits) -> pd.Series:
    level = _column(frame, "disability_level")
    return _nullable(level.ne("none")).mask(level.isna())


def _is_monitored(frame: pd.DataFrame, limits: Limits) -> pd.Series:
    kind = _column(frame, "monitor_type")
    return _nullable(kind.ne("none")).mask(kind.isna())


_INCOME = ("核实家庭人均纯收入是多少？", "What is the household's net income per head?")
_RELIEF = ("核实社会救助类别是什么？", "Which relief status does the household have?")
_SCHOOL = ("核实目前在读学段是什么？", "Which stage of school is the person in?")
_DISABLED = ("核实残疾证类别和等级？", "Which type and level does the disability certificate state?")

_below("income_below_dibao", BEFORE_RELIEF, lambda x: x.dibao_year, "DEF-EDGE",
       ("人均纯收入低于低保标准（不计低保、特困供养金）", "net income per head is below the dibao line, relief not counted", *_INCOME))  # fmt: skip
_below("income_below_dibao_edge", BEFORE_RELIEF, lambda x: x.dibao_year * x.dibao_edge_ratio, "DEF-EDGE",
       ("人均纯收入低于低保边缘标准（不计低保、特困供养金）", "net income per head is below the dibao edge line, relief not counted", *_INCOME))  # fmt: skip
_below("income_below_tekun", BEFORE_RELIEF, lambda x: x.dibao_year * x.tekun_ratio, "MEM",
       ("人均纯收入低于特困供养标准（不计低保、特困供养金）", "net income per head is below the tekun base, relief not counted", *_INCOME))  # fmt: skip
_below("income_below_monitoring", "income_pc_year", lambda x: x.monitoring_year, "DZ-2021",
       ("人均纯收入低于监测范围", "net income per head is below the monitoring line", *_INCOME))  # fmt: skip
_below("income_below_local_average", "income_pc_year", lambda x: x.disposable_income_year, "DEF-EDGE",
       ("人均纯收入低于当地农村居民人均可支配收入", "net income per head is below the local average", *_INCOME))  # fmt: skip
_at_least("income_at_least_dibao", "household", BEFORE_RELIEF, lambda x: x.dibao_year, "DEF-EDGE",
          ("人均纯收入不低于低保标准（不计低保、特困供养金）", "net income per head is at or above the dibao line, relief not counted", *_INCOME))  # fmt: skip
_at_least("loss_is_urgent", "household", "uncompensated_loss_12m", lambda x: x.urgent_loss, "SD-2025C",
          ("近一年未获赔付损失达到紧急额度", "uncompensated loss in 12 months reaches the urgent amount",
           "近一年有无未获赔付的损失？", "Was there an uncompensated loss in the last 12 months?"))  # fmt: skip
_at_least("rigid_spending_above_income", "household", "rigid_burden", lambda x: 1.0, "LAW-2020",
          ("刚性支出超过家庭纯收入", "rigid spending exceeds net income",
           "医疗、教育、残疾照护自付多少？", "How much was spent on medical care, schooling and disability care?"),
          strictly=True)  # fmt: skip
_at_least("rigid_spending_above_half", "household", "rigid_burden", lambda x: 0.5, "MEM",
          ("刚性支出超过家庭纯收入的一半", "rigid spending exceeds half of net income",
           "医疗、教育、残疾照护自付多少？", "How much was spent on medical care, schooling and disability care?"),
          strictly=True)  # fmt: skip
_at_least("rigid_spending_above_three_tenths", "household", "rigid_burden", lambda x: 0.3, "DZ-2021",
          ("刚性支出超过家庭纯收入的三成", "rigid spending exceeds three tenths of net income",
           "医疗、教育、残疾照护自付多少？", "How much was spent on medical care, schooling and disability care?"),
          strictly=True)  # fmt: skip
_at_least("medical_spending_any", "household", "medical_self_paid", lambda x: 0.0, "SD-2025B",
          ("有合规自付医疗支出", "there is self-paid medical spending",
           "合规自付医疗支出多少？", "How much medical spending was self-paid?"), strictly=True)  # fmt: skip
_at_least("medical_spending_high", "household", "medical_self_paid", lambda x: x.medical_alert, "SD-FPZG",
          ("合规自付医疗支出达到预警额", "self-paid medical spending reaches the alert amount",
           "合规自付医疗支出多少？", "How much medical spending was self-paid?"))  # fmt: skip
_at_least("disaster_loss_counts", "household", "disaster_loss", lambda x: x.disaster_loss_min, "MEM",
          ("因灾损失达到救助起点", "disaster loss reaches the least amount aided",
           "因灾损失多少？", "How large was the disaster loss?"))  # fmt: skip
_at_least("has_labour", "household", "labour_count", lambda x: 1.0, "ART-DEZHOU",
          ("家中有劳动力", "the household has a member able to work",
           "家中有几名劳动力？", "How many members are able to work?"))  # fmt: skip
_at_least("severely_disabled_needs_access", "household", "n_needs_barrier_free", lambda x: 1.0, "ART-DEZHOU",
          ("有需无障碍改造的重度残疾成员", "a severely disabled member needs barrier-free conversion",
           "重度残疾成员是否需要无障碍改造？", "Does a severely disabled member need barrier-free conversion?"))  # fmt: skip
_register("assets_within_cap", "household",
          ("second_dwelling", "vehicle_count", "business_registration", "financial_assets", "size"), "DEF-EDGE",
          ("财产核对通过", "the property test is passed",
           "核实车辆、第二住房、工商登记和金融资产？", "Check vehicles, second dwelling, business and financial assets."),
          _assets_within_cap)  # fmt: skip
_flag("enjoys_policies", "household", "policy_enjoying", "ART-DEZHOU",
      ("脱贫享受政策", "lifted and still enjoying policies",
       "是否为脱贫享受政策户？", "Is the household lifted and still enjoying policies?"))  # fmt: skip
_flag("nobody_in_work", "household", "zero_employment", "DEF-ZEROJOB",
      ("有劳动力但无人就业", "someone is able to work and nobody is in work",
       "家中劳动力是否就业？", "Are the members able to work in work?"))  # fmt: skip
_register("monitored", "household", ("monitor_type",), "DEF-3TYPES",
          ("已纳入防返贫监测", "monitored against relapse",
           "是否为监测对象？", "Is the household monitored?"), _is_monitored)  # fmt: skip
_words: tuple[str, ...]
for _name, _words, _zh, _en in (
    ("on_dibao", ("dibao",), "享受低保", "on dibao"),
    ("on_dibao_or_edge", ("dibao", "dibao_edge"), "低保或低保边缘", "on dibao or at its edge"),
    ("on_dibao_or_tekun", ("dibao", "tekun"), "低保或特困", "on dibao or tekun"),
    ("on_relief", ("dibao", "tekun", "dibao_edge"), "低保、特困或低保边缘", "on dibao, tekun or at the dibao edge"),
    ("on_relief_or_rigid", ("dibao", "tekun", "dibao_edge", "rigid_spending"),
     "低保、特困、低保边缘或刚性支出困难", "on dibao, tekun, dibao edge or in rigid-spending hardship"),
):  # fmt: skip
    _is_in(_name, "household", "relief_status", _words, "DEF-LOWINC", (_zh, _en, *_RELIEF))
_is_in("dwelling_dangerous", "household", "dwelling_grade", ("C", "D"), "DEF-3G",
       ("住房鉴定为C级或D级", "the dwelling is graded C or D",
        "住房鉴定等级是什么？", "What grade was the dwelling given?"))  # fmt: skip

for _name, _words, _zh, _en in (
    ("in_preschool", ("preschool",), "学前教育在读", "in pre-school"),
    ("in_compulsory_school", ("primary", "junior"), "义务教育阶段在读", "in compulsory school"),
    ("in_senior_school", ("senior",), "普通高中在读", "in senior secondary school"),
    ("in_vocational_school", ("vocational_secondary",), "中等职业学校在读", "in a vocational secondary school"),
    ("in_vocational_or_college", ("vocational_secondary", "vocational_college"), "中职或高职在读",
     "in vocational secondary school or college"),
    ("in_university", ("vocational_college", "bachelor"), "高校在读", "in college or university"),
    ("in_school_beyond_preschool",
     ("primary", "junior", "senior", "vocational_secondary", "vocational_college", "bachelor"),
     "小学及以上在读", "in school beyond pre-school"),
    ("not_in_school", ("none",), "不在校", "not in school"),
):  # fmt: skip
    _is_in(_name, "person", "student_stage", _words, "SD-EDU2016", (_zh, _en, *_SCHOOL))
_is_in("severely_disabled", "person", "disability_level", ("level_1", "level_2"), "MEM",
       ("重度残疾（一、二级）", "severely disabled (levels 1 and 2)", *_DISABLED))  # fmt: skip
_is_in("not_graded_disabled", "person", "disability_level", ("none",), "ART-DEZHOU",
       ("尚未评残", "not yet graded", *_DISABLED))  # fmt: skip
_register("disabled", "person", ("disability_level",), "MEM",
          ("持残疾证", "holds a disability certificate", *_DISABLED), _is_disabled)  # fmt: skip
_is_in("orphan", "person", "orphan_status", ("orphan",), "MEM",
       ("孤儿", "an orphan", "是否为孤儿？", "Is the child an orphan?"))  # fmt: skip
_is_in("de_facto_unsupported", "person", "orphan_status", ("de_facto",), "MEM",
       ("事实无人抚养儿童", "a child nobody in fact supports",
        "是否有人抚养？", "Does anybody support the child?"))  # fmt: skip
_is_in("weak_labour", "person", "labour_capacity", ("weak",), "SD-QD-POST2018",
       ("弱劳动力", "weak labour", "劳动能力如何？", "What is the labour capacity?"))  # fmt: skip
_is_in("not_working", "person", "employment_status", ("none",), "ART-DEZHOU",
       ("未就业", "not in work", "目前是否就业？", "Is the person in work?"))  # fmt: skip
_is_in("chronic_or_serious_illness", "person", "health_status", ("chronic", "serious"), "MEM",
       ("患慢性病或大病", "chronically or seriously ill", "健康状况如何？", "What is the state of health?"))  # fmt: skip
_is_in("leukaemia_or_heart_disease", "person", "serious_disease_code", ("child_leukaemia", "child_heart"), "MEM",
       ("儿童白血病或先天性心脏病", "childhood leukaemia or congenital heart disease",
        "是否患儿童白血病或先心病？", "Does the child have leukaemia or congenital heart disease?"))  # fmt: skip
_is_in("female", "person", "sex", ("female",), "MEM", ("女性", "female", "性别？", "Sex?"))
_at_least("aged_60", "person", "age", lambda x: 60.0, "MEM",
          ("年满60周岁", "aged 60 or over", "出生日期？", "Date of birth?"))  # fmt: skip
_register("no_labour_person", "person", ("age", "disability_type", "disability_level"), "MEM",
          ("老年人、未成年人或重度残疾人", "old, under 16 or severely disabled", *_DISABLED), _no_labour_person)  # fmt: skip
_register("working_age", "person", ("age",), "MEM",
          ("16至59周岁", "aged 16 to 59", "出生日期？", "Date of birth?"), _premium_age)  # fmt: skip
_register("two_disease_patient", "person", ("chronic_hypertension", "chronic_diabetes"), "ART-DEZHOU",
          ("患高血压或糖尿病", "has hypertension or diabetes",
           "是否患高血压、糖尿病？", "Does the person have hypertension or diabetes?"), _drug_patient)  # fmt: skip
_register("listed_disease", "person", ("serious_disease_code",), "ART-DEZHOU",
          ("患30种大病之一", "has one of the 30 listed diseases",
           "是否患目录内大病？", "Does the person have a listed disease?"), _listed_disease)  # fmt: skip
_below("under_18", "age", lambda x: 18.0, "MEM",
       ("未满18周岁", "under 18", "出生日期？", "Date of birth?"), level="person")  # fmt: skip
_below("under_14", "age", lambda x: 14.0, "MEM",
       ("未满14周岁", "under 14", "出生日期？", "Date of birth?"), level="person")  # fmt: skip
for _name, _flag_column, _source, *_words_of in (
    ("able_to_work", "is_labour", "DEF-ZEROJOB", "有劳动能力", "able to work", "有无劳动能力？", "Is the person able to work?"),
    ("medically_insured", "medical_insurance", "ART-DEZHOU", "参加居民医保", "medically insured",
     "是否参加居民医保？", "Is the person medically insured?"),
    ("severe_mental_disorder", "severe_mental_disorder", "ART-QIHE", "严重精神障碍", "severe mental disorder",
     "是否确诊严重精神障碍？", "Has a severe mental disorder been diagnosed?"),
    ("wants_training", "training_wanted", "MEM", "有培训需求", "wants training", "是否愿意培训？", "Does the person want training?"),
    ("disability_suspected", "disability_suspected", "ART-DEZHOU", "疑似残疾", "suspected disabled",
     "是否疑似残疾？", "Is a disability suspected?"),
    ("needs_aid_device", "needs_aid_device", "ART-DEZHOU", "有康复或辅具需求", "needs rehabilitation or aids",
     "是否需要康复或辅具？", "Are rehabilitation or aids needed?"),
    ("needs_legal_aid", "legal_case", "MEM", "有法律援助需求", "needs legal aid", "是否需要法律援助？", "Is legal aid needed?"),
    ("entitled_veteran", "veteran_care", "MEM", "优抚对象", "an entitled veteran or family",
     "是否优抚对象？", "Is the person an entitled veteran?"),
    ("worker_in_hardship", "union_member_hardship", "MEM", "困难职工", "a worker in hardship",
     "是否困难职工？", "Is the person a worker in hardship?"),
    ("two_cancer_patient", "two_cancer_patient", "MEM", "两癌患者", "has breast or cervical cancer",
     "是否两癌患者？", "Does she have breast or cervical cancer?"),
):  # fmt: skip
    _flag(_name, "person", _flag_column, _source, (_words_of[0], _words_of[1], _words_of[2], _words_of[3]))
_flag("without_supporter", "person", "has_supporter", "MEM",
      ("无法定赡养抚养扶养人或其无能力", "nobody able is bound to support the person",
       "有无具备能力的法定赡养、抚养、扶养人？", "Is anybody able bound to support the person?"), negated=True)  # fmt: skip
