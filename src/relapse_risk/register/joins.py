"""What each view adds to its base table: incomes, members, aid and eliminations, joined by household and person."""

from __future__ import annotations

from collections.abc import Callable, Collection

import pandas as pd

from relapse_risk.languages import Label
from relapse_risk.predicates import holds, somebody
from relapse_risk.predicates.truth import SOMEBODY
from relapse_risk.register.net_income import PARTS, net_income
from relapse_risk.register.views import Added, Source, View, ViewColumn, age_on, counted, looked_up, matched
from relapse_risk.schema import Column, table

__all__ = ["SOMEBODY", "build_view", "latest_annual", "members_view", "view_of"]

# Columns of the latest annual income that a household view shows in addition to net income.
INCOME_SHOWN = (*PARTS, "dibao_received", "tekun_received", "pension_received")
PER_HEAD = ("net_income_per_head", "float", "人均纯收入", "net income per head")
INCOME_NEEDS = ("income.wage_income", "income.transfer_income")
AID_NEEDS = ("assistance_record.household_id", "assistance_record.item_code")
OF_PERSON = ("labour_capacity", "student_stage", "deceased_on")
_VIEWS: dict[str, View] = {}


def view_of(name: str) -> View:
    """The view of table ``name``: the table itself where nothing is added.

    Examples
    --------
    >>> "net_income_per_head" in view_of("household").names
    True
    """
    return _VIEWS[name] if name in _VIEWS else View(table(name).name, (), lambda source, base: {})


def build_view(source: Source, name: str) -> pd.DataFrame:
    """View ``name`` of ``source``: the rows of its base table with the added columns, built once."""
    if name not in source.cache:
        base = source.rows(name)
        added = view_of(name).build(source, base)
        source.cache[name] = base.assign(**{c: v.set_axis(base.index) for c, v in added.items()})
    return source.cache[name]


def members_view(source: Source, name: str, columns: Collection[str]) -> pd.DataFrame:
    """``columns`` of view ``name``; columns about members (``somebody_X``) are computed from their rows.

    A column left out counts as not collected.
    """
    view = build_view(source, name)
    found = view[[column for column in columns if column in view]]
    asked = [column.removeprefix(SOMEBODY) for column in columns if column.startswith(SOMEBODY)]
    if asked:
        living = _living(source)
        flags = pd.DataFrame({one: holds(one, living, source.setting) for one in asked}, index=living.index)
        answers = somebody(flags, living["household_id"])
        found = found.assign(**{c: matched(answers[c], view["household_id"]) for c in answers})
    return found


def _living(source: Source) -> pd.DataFrame:
    """Persons alive at the end of the month, with their age, indexed by person."""
    person = source.once("person")
    person = person[~_true(person["deceased_on"] <= pd.Timestamp(source.month_day))]
    return person.assign(age=age_on(person["birth_date"], source.month_day))


def _adds(name: str, *adds: ViewColumn) -> Callable[[Callable[[Source, pd.DataFrame], Added]], None]:
    def keep(build: Callable[[Source, pd.DataFrame], Added]) -> None:
        _VIEWS[name] = View(name, adds, build)

    return keep


def _new(name: str, kind: str, zh: str, en: str, *needs: str) -> ViewColumn:
    return ViewColumn(name, kind, needs, label=Label(zh=zh, en=en))


def _borrowed(prefix: str, name: str, column: str, *needs: str) -> ViewColumn:
    """A column of another table shown in a view under ``prefix`` + its name."""
    spec: Column = table(name).column(column)
    return ViewColumn(prefix + column, spec.type, (f"{name}.{column}", *needs), spec.codes, spec.label)


def _true(values: pd.Series) -> pd.Series:
    return values.fillna(False).astype(bool)


def months_end(months: pd.Series) -> pd.Series:
    """The last day of each ``YYYY-MM`` month; unknown for any other text.

    Examples
    --------
    >>> months_end(pd.Series(["2020-02", "soon"])).astype("str").tolist()
    ['2020-02-29', nan]
    """
    first = pd.to_datetime(months, format="%Y-%m", errors="coerce")
    return (first + pd.offsets.MonthEnd(0)).astype("datetime64[s]")


def latest_annual(source: Source) -> pd.DataFrame:
    """The latest twelve-month income of each household that ends by the month checked, indexed by household."""
    rows = source.rows("income")
    ended = rows[_true(rows["months"] == 12) & _true(rows["period_end"] <= source.month)]
    latest = ended.sort_values("period_end", kind="stable").drop_duplicates("household_id", keep="last")
    return latest[latest["household_id"].notna()].set_index("household_id")


def _delivered(source: Source) -> pd.DataFrame:
    """Aid records decided for, begun by the end of the month, with the ``day`` help began."""
    aid = source.rows("assistance_record")
    day = aid["delivered_on"].fillna(aid["period_start"])
    kept = ~aid["decision"].isin(["refused", "withdrawn", "open"]) & _true(day <= pd.Timestamp(source.month_day))
    return aid[kept].assign(day=day[kept])


def _in_group(source: Source, aid: pd.DataFrame, group: str) -> pd.DataFrame:
    return aid[aid["item_code"].isin(source.setting.item_groups.get(group, ()))]


@_adds(
    "household",
    _new("income_period", "str", "收入期末月", "income period", "income.period_end"),
    *(_borrowed("", "income", c) for c in INCOME_SHOWN),
    _new("net_income", "float", "家庭纯收入", "net income", *INCOME_NEEDS),
    _new(*PER_HEAD, *INCOME_NEEDS, "household.household_size"),
    _new("income_pc_year", "float", "人均纯收入", "net income per head", *INCOME_NEEDS, "household.household_size"),
    _new("members", "int", "成员数", "members", "person.household_id"),
    _new("heads", "int", "户主人数", "heads", "person.relation_to_head"),
    _new("head_is_member", "bool", "户主是本户成员", "head is a member",
         "household.head_person_id", "person.household_id"),
    _new("out_of_school", "int", "适龄失学人数", "school-age members out of school",
         "person.dropped_out", "person.birth_date"),
    _new("sick_uninsured", "int", "患大病未参加大病保险人数", "seriously ill members without the insurance",
         "person.health_status", "person.serious_illness_insurance"),
    _new("schooling_unknown", "int", "文化程度和在校状况均为空的人数", "members without education entries",
         "person.education_level", "person.student_stage"),
    _new("measures", "int", "帮扶措施数", "measures recorded", *AID_NEEDS),
    _new("measures_since", "int", "识别后措施数", "measures since identification", *AID_NEEDS),
    _new("dibao_measures", "int", "近一年低保措施数", "dibao measures of the last year", *AID_NEEDS),
    _new("elimination_records", "int", "风险消除记录数", "elimination records", "elimination.eliminated_on"),
)  # fmt: skip
def _household(source: Source, base: pd.DataFrame) -> Added:
    keys = base["household_id"]
    income = latest_annual(source)
    net = matched(net_income(income), keys)
    size = base["household_size"].astype("float64")
    per_head = net / size.where(size > 0)
    return {
        "income_period": matched(income["period_end"], keys),
        **{c: matched(income[c], keys) for c in INCOME_SHOWN},
        "net_income": net,
        "net_income_per_head": per_head,
        "income_pc_year": per_head,  # the name predicates use
        **_members(source, base),
        **_measures(source, base),
        "elimination_records": counted(source.rows("elimination")["household_id"], keys),
    }


def _members(source: Source, base: pd.DataFrame) -> Added:
    """Household columns computed from its living members."""
    person = _living(source)
    unknown = person["education_level"].isna() & person["student_stage"].isna()
    keys, of = base["household_id"], person["household_id"]
    head_of = matched(of, base["head_person_id"])
    return {
        "members": counted(of, keys),
        "heads": counted(of[person["relation_to_head"] == "head"], keys),
        "head_is_member": _true(head_of == keys).astype("boolean").where(base["head_person_id"].notna()),
        "out_of_school": counted(of[_true(holds("out_of_compulsory_school", person, source.setting))], keys),
        "sick_uninsured": counted(of[_true(holds("seriously_ill_uninsured", person, source.setting))], keys),
        "schooling_unknown": counted(of[unknown], keys),
    }


def _measures(source: Source, base: pd.DataFrame) -> Added:
    """Counts of the measures a household has received; one still running at identification counts as later."""
    keys = base["household_id"]
    aid = _delivered(source)
    identified = base.dropna(subset="household_id").drop_duplicates("household_id", keep="last")
    begun = matched(identified.set_index("household_id")["monitor_identified_on"], aid["household_id"])
    recent = aid["day"] > pd.Timestamp(source.month_day) - pd.DateOffset(years=1)
    running = aid["period_start"].notna() & (aid["period_end"].isna() | _true(aid["period_end"] >= begun))
    return {
        "measures": counted(aid["household_id"], keys),
        "measures_since": counted(aid.loc[_true(aid["day"] >= begun) | running, "household_id"], keys),
        "dibao_measures": counted(_in_group(source, aid[recent], "dibao")["household_id"], keys),
    }


@_adds(
    "person",
    _new("age", "int", "年龄", "age", "person.birth_date"),
    _new("disability_half", "bool", "残疾类别与等级只填一项", "disability half given", "person.disability_type",
         "person.disability_level"),
    _borrowed("household_", "household", "relief_status"),
    _borrowed("", "household", "monitor_type"),
)  # fmt: skip
def _person(source: Source, base: pd.DataFrame) -> Added:
    keys = base["household_id"]
    kind, level = base["disability_type"], base["disability_level"]
    both = kind.notna() & level.notna()
    return {
        "age": age_on(base["birth_date"], source.month_day),
        "household_relief_status": looked_up(source, "household", "relief_status", keys),
        "disability_half": _true((kind == "none") != (level == "none")).astype("boolean").where(both),
        "monitor_type": looked_up(source, "household", "monitor_type", keys),
    }


@_adds(
    "income",
    _new("latest", "bool", "最近年度", "latest annual income", "income.period_end"),
    _new("in_month", "bool", "户在当月登记", "household is registered in the month", "household.household_id"),
    _new("period_year", "int", "收入年度", "income year", "income.period_end"),
    _new("period_day", "date", "收入期末日", "last day of the income period", "income.period_end"),
    _new("net_income", "float", "家庭纯收入", "net income", *INCOME_NEEDS),
    _new(*PER_HEAD, *INCOME_NEEDS, "household.household_size"),
    _borrowed("", "household", "household_size"),
    _borrowed("", "household", "returned_farmland_mu"),
    _borrowed("", "household", "register_year"),
)
def _income(source: Source, base: pd.DataFrame) -> Added:
    keys = base["household_id"]
    latest = matched(latest_annual(source)["period_end"], keys)
    size = looked_up(source, "household", "household_size", keys)
    net, ended = net_income(base), months_end(base["period_end"])
    return {
        "in_month": keys.isin(source.rows("household")["household_id"]).astype("boolean"),
        "latest": _true(latest == base["period_end"]).astype("boolean"),
        "period_year": ended.dt.year.astype("Int64"),
        "period_day": ended,
        "net_income": net,
        "net_income_per_head": net / size.astype("float64").where(lambda n: n > 0),
        "household_size": size,
        "returned_farmland_mu": looked_up(source, "household", "returned_farmland_mu", keys),
        "register_year": looked_up(source, "household", "register_year", keys),
    }


@_adds(
    "elimination",
    _borrowed("", "household", "risk_elimination_way"),
    _borrowed("", "household", "monitor_identified_on"),
    _new("industry_measures", "int", "产业帮扶措施数", "industry measures", *AID_NEEDS),
)
def _elimination(source: Source, base: pd.DataFrame) -> Added:
    keys = base["household_id"]
    industry = _in_group(source, _delivered(source), "industry")
    return {
        "risk_elimination_way": looked_up(source, "household", "risk_elimination_way", keys),
        "monitor_identified_on": looked_up(source, "household", "monitor_identified_on", keys),
        "industry_measures": counted(industry["household_id"], keys),
    }


@_adds(
    "assistance_record",
    _new("day", "date", "救助或起始日期", "day help began", "assistance_record.delivered_on"),
    _new("age", "int", "年龄", "age", "person.birth_date", "assistance_record.person_id"),
    *(_borrowed("", "person", c, "assistance_record.person_id") for c in OF_PERSON),
    _new("in_household", "bool", "受助人在户", "person is in the household",
         "person.household_id", "assistance_record.person_id"),
    _new("loss_events", "int", "关联事件数", "linked shocks", "shock_event.event_id"),
)  # fmt: skip
def _aid(source: Source, base: pd.DataFrame) -> Added:
    keys = base["person_id"]
    of = looked_up(source, "person", "household_id", keys)
    day = base["delivered_on"].fillna(base["period_start"])
    return {
        "day": day,
        "age": age_on(looked_up(source, "person", "birth_date", keys), day),
        **{c: looked_up(source, "person", c, keys) for c in OF_PERSON},
        "in_household": _true(of == base["household_id"]).astype("boolean").where(keys.notna() & of.notna()),
        "loss_events": counted(source.rows("shock_event")["event_id"], base["source_event_id"]),
    }


@_adds(
    "special_post",
    _new("age", "int", "上岗人员年龄", "age of the holder", "person.birth_date"),
    _new("held", "bool", "在岗", "held in the month", "special_post.start_on"),
    _borrowed("", "person", "labour_capacity"),
    _borrowed("", "person", "deceased_on"),
)
def _post(source: Source, base: pd.DataFrame) -> Added:
    keys, day = base["holder_id"], pd.Timestamp(source.month_day)
    ended = _true(base["end_on"] < day)
    return {
        "age": age_on(looked_up(source, "person", "birth_date", keys), source.month_day),
        "held": (_true(base["start_on"] <= day) & ~ended).astype("boolean"),
        "labour_capacity": looked_up(source, "person", "labour_capacity", keys),
        "deceased_on": looked_up(source, "person", "deceased_on", keys),
    }


@_adds(
    "identity",
    _borrowed("", "person", "household_id"),
    _borrowed("", "person", "birth_date"),
    _borrowed("", "person", "sex"),
    _borrowed("", "person", "disability_type"),
    _new("monitor_type", "code", "监测对象类别", "monitor type", "person.household_id", "household.monitor_type"),
)
def _identity(source: Source, base: pd.DataFrame) -> Added:
    keys = base["person_id"]
    household = looked_up(source, "person", "household_id", keys)
    return {
        "household_id": household,
        **{c: looked_up(source, "person", c, keys) for c in ("birth_date", "sex", "disability_type")},
        "monitor_type": looked_up(source, "household", "monitor_type", household),
    }


@_adds("dividend", _borrowed("", "person", "deceased_on"))
def _dividend(source: Source, base: pd.DataFrame) -> Added:
    return {"deceased_on": looked_up(source, "person", "deceased_on", base["person_id"])}


@_adds("pupil_sponsor", _borrowed("", "person", "student_stage"))
def _sponsor(source: Source, base: pd.DataFrame) -> Added:
    return {"student_stage": looked_up(source, "person", "student_stage", base["person_id"])}


@_adds("dwelling_check", _borrowed("", "household", "dwelling_grade"))
def _dwelling(source: Source, base: pd.DataFrame) -> Added:
    return {"dwelling_grade": looked_up(source, "household", "dwelling_grade", base["household_id"])}


@_adds("village", _new("households", "int", "登记户数", "registered households", "household.village_code"))
def _village(source: Source, base: pd.DataFrame) -> Added:
    return {"households": counted(source.rows("household")["village_code"], base["village_code"])}
