"""Tables set as tables: caption, scoped headers, right-aligned numbers; text from data is escaped."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from jinja2 import Environment

from relapse_risk.assessment import FactColumn
from relapse_risk.reporting.format import format_value
from relapse_risk.reporting.text import Language, text

__all__ = ["render_rows", "render_table"]

LEFT = {"text", "bin", "code", "label", "town", "confidence", "verdict", "date"}
_PAGE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    """<div class="table"><table>
<caption>{{ caption }}</caption>
<thead><tr>{% for head in heads %}<th scope="col"{% if head.right %} class="n"{% endif %}>{{ head.label }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows %}
<tr>{% for cell in row %}{% if loop.first %}<th scope="row"{% if heads[0].right %} class="n"{% endif %}>{{ cell.text }}</th>{% else %}<td class="{{ 'n' if heads[loop.index0].right else 't' }}{{ ' ' ~ cell.mark if cell.mark }}">{{ cell.text }}</td>{% endif %}{% endfor %}</tr>
{% endfor %}
</tbody></table>{% for note in notes %}<p class="note">{{ note }}</p>{% endfor %}</div>"""
)


def render_rows(
    caption: str,
    heads: Sequence[tuple[str, bool]],
    rows: Sequence[Sequence[tuple[str, str]]],
    notes: Sequence[str] = (),
) -> str:
    """A table from written cells: heads as (label, is number), cells as (text, mark class)."""
    return _PAGE.render(
        caption=caption,
        heads=[{"label": label, "right": right} for label, right in heads],
        rows=[[{"text": words, "mark": mark} for words, mark in row] for row in rows],
        notes=[note for note in notes if note],
    )


def render_table(
    caption: str, frame: pd.DataFrame, columns: Sequence[FactColumn], language: Language, notes: Sequence[str] = ()
) -> str:
    """A fact table as HTML.

    Examples
    --------
    >>> frame = pd.DataFrame({"cause": ["illness"], "main": [12]})
    >>> columns = (FactColumn("cause", "code", "poverty_cause"), FactColumn("main", "households"))
    >>> '<th scope="row">Illness</th>' in render_table("Causes", frame, columns, "en")
    True
    """
    heads = [(text(f"column.{column.name}", language), column.kind not in LEFT) for column in columns]
    rows = [
        [
            (format_value(value, column, language), str(value) if column.kind == "verdict" else "")
            for value, column in zip(record, columns, strict=True)
        ]
        for record in frame[[column.name for column in columns]].itertuples(index=False)
    ]
    return render_rows(caption, heads, rows, notes)
