"""Why a cell is refused while it is read: the sentence, and the kind of fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from relapse_risk.languages import Label

__all__ = ["CELL_RULES", "CellRule"]


@dataclass(frozen=True, slots=True)
class CellRule:
    """Why a cell is refused; message fields: {value} {label} {codes}."""

    id: str
    kind: str
    message: Label


CELL_RULES: Mapping[str, CellRule] = MappingProxyType(
    {
        rule.id: rule
        for rule in (
            CellRule("digits_lost", "type", Label(
                zh="{label}“{value}”是数字单元格，超过15位的尾数已经丢失；请在原表中改为文本格式重新填写",
                en="{label}: {value} is a number cell, and the digits beyond the 15th are lost; fill it in again as text in the source",
            )),
            CellRule("formula_as_text", "type", Label(
                zh="{label}以等号开头（{value}），像公式，未读取；请改为数值或文字",
                en="{label}: {value} begins with an equals sign like a formula and was not read; write the value itself",
            )),
            CellRule("formula_without_value", "type", Label(
                zh="{label}是公式 {value}，但文件中没有保存计算结果；请用表格软件打开并保存后再导入",
                en="{label}: the formula {value} has no saved result; open and save the file in a spreadsheet first",
            )),
            CellRule("error_value", "type", Label(
                zh="{label}是错误值 {value}；请改正公式或留空",
                en="{label}: the cell shows the error {value}; correct the formula or leave it empty",
            )),
            CellRule("date_where_text", "type", Label(
                zh="{label}是日期单元格（{value}），应为文字；表格软件会把“3-1”之类改成日期，请设为文本格式重新填写",
                en="{label}: {value} is a date cell where text is expected; spreadsheets turn entries such as 3-1 into dates, so format the cells as text and fill them in again",
            )),
            CellRule("serial_date", "type", Label(
                zh="{label}“{value}”是数字，可能是日期序号；请设为日期格式，或在映射文件中写 date_format: serial",
                en="{label}: {value} is a number, perhaps a date's serial number; format the cells as dates, or set date_format: serial in the mapping",
            )),
            CellRule("date_incomplete", "type", Label(
                zh="{label}“{value}”缺少月或日；请写完整日期，或在映射文件中写明 date_format",
                en="{label}: {value} lacks a month or a day; write the full date, or set date_format in the mapping",
            )),
            CellRule("month_doubtful", "type", Label(
                zh="{label}“{value}”可能是1月，也可能是被去掉末尾0的10月；请写成 2020-01 或 2020-10",
                en="{label}: {value} may be January, or October whose last zero a number cell dropped; write 2020-01 or 2020-10",
            )),
            CellRule("moment_of_utc", "type", Label(
                zh="{label}“{value}”是世界时的时刻，属于哪一天取决于当地时区；请只写日期",
                en="{label}: {value} is a moment by universal time, and the day it was depends on the place; write the day alone",
            )),
            CellRule("other_decimal_mark", "type", Label(
                zh="{label}“{value}”用点作小数点，而映射文件说小数点是逗号；请统一写法",
                en="{label}: {value} has a decimal point where the mapping says decimal comma; write it as the others",
            )),
            CellRule("comma_doubtful", "type", Label(
                zh="{label}“{value}”中的逗号可能是千分位，也可能是小数点（文件用分号分隔，或本列有小数逗号）；请在映射文件中写 decimal: ',' 或 decimal: '.'",
                en="{label}: the comma in {value} may mark thousands or decimals (the file has semicolons, or the column decimal commas); set decimal: ',' or decimal: '.' in the mapping",
            )),
            CellRule("not_text", "type", Label(
                zh="{label}“{value}”有字符在转换编码时丢失（不是 UTF-8 文字）；请从原系统重新导出为文字",
                en="{label}: {value} lost characters when its encoding was changed (bytes that are not UTF-8); export it again as text",
            )),
            CellRule("code_number", "code", Label(
                zh="{label}“{value}”是编号，各系统编号不同；请填文字，或在映射文件中写明编号（values 或 code_numbers）",
                en="{label}: {value} is a code number, and numbering differs between systems; write the words, or declare the numbers in the mapping (values, or code_numbers)",
            )),
            CellRule("value_not_listed", "code", Label(
                zh="{label}“{value}”不在映射文件列出的取值中",
                en="{label}: {value} is not among the values the mapping lists",
            )),
            CellRule("identity_misplaced", "privacy", Label(
                zh="{label}中是身份证号码（{value}）；身份证号码只能填在身份信息表",
                en="{label} holds an identity number ({value}); those belong in the identity table only",
            )),
            CellRule("key_unsafe", "key", Label(
                zh="{label}“{value}”含有斜杠、以点开头或过长，不能用作编号（编号会用于文件名）；请改写，去掉这些字符",
                en="{label}: {value} holds a slash, begins with a dot or is too long; keys name files, so write it without",
            )),
            CellRule("not_convertible", "type", Label(
                zh="{label}“{value}”无法换算",
                en="{label}: {value} cannot be converted",
            )),
        )
    }
)  # fmt: skip
