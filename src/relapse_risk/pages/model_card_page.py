"""The model card: what the relapse score is for, how it was fitted and validated, and its limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from types import MappingProxyType
from typing import Any

from relapse_risk import __version__
from relapse_risk.pages.back_matter import model_note
from relapse_risk.pages.block import Block, Source, anchor
from relapse_risk.pages.format import format_date
from relapse_risk.pages.indicator_verdicts import written
from relapse_risk.text.by_language import month_in_words

__all__ = ["PARTS", "SECTIONS", "card_part"]

USES, LIMITS = ("orders", "reasons", "not_verdict", "not_effect", "protected"), (
    "noise", "level", "missing", "attrition", "own", "drift",
)  # fmt: skip


def _card(source: Source) -> Mapping[str, Any]:
    card: Mapping[str, Any] = source.facts.manifest.get("cards", {}).get("model_card") or {}
    return card if card.get("fitted") else {}


def _paragraphs(lines: list[str]) -> Block:
    return Block("".join(f"<p>{escape(line)}</p>" for line in lines))


def _listed(lines: list[str]) -> Block:
    return Block(f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>")


def cover(source: Source) -> Block:
    """Title, place, data date and the stamp that identifies the facts."""
    manifest = source.facts.manifest
    day = source.say("report.period", day=format_date(manifest["data_date"], source.language))
    label, title = source.label("label"), source.say("card.title")
    stamp = source.say("report.stamp", digest=manifest["hashes"][source.county], version=__version__)
    return Block(
        '<header class="cover">'
        + (f'<p class="place">{escape(label)}</p>' if label != source.name else "")
        + f'<h1 data-foot="{escape(source.name)} · {escape(title)}">{escape(source.name)} <span>{escape(title)}</span></h1>'
        f'<p class="subtitle">{escape(source.say("card.subtitle"))}</p>'
        f'<p class="period"><b>{escape(day)}</b></p>'
        f'<p class="notice">{escape(source.data_note)}</p>'
        f'<p class="stamp">{escape(stamp)}</p></header>'
    )


def use(source: Source) -> Block:
    """What the score is for, and what it is not for."""
    horizon = source.place.horizon_months
    return _listed([source.say(f"card.use.{name}", horizon=horizon) for name in USES])


def made(source: Source) -> Block:
    """The formula, what it was fitted on and when, how bands are cut, and how far similar households differ."""
    card = _card(source)
    note = model_note(source)
    if not card:
        return note
    months = [month_in_words(card[side], source.language) for side in ("train_from", "train_to")]
    lines = [source.say("card.trained", first=months[0], last=months[1], horizon=card["horizon_months"])]
    if (shrinkage := card.get("shrinkage", 1.0)) < 1:
        terms, events = len(card["terms"]), f"{card['events']:,}"
        lines.append(source.say("card.shrunk", shrinkage=f"{shrinkage:.2f}", terms=terms, events=events))
    if spread := card.get("spread"):
        lines.append(source.say("card.spread", rho=f"{spread['rho']:.2f}", pairs=f"{spread['pairs']:,}"))
    return Block(note.html + _paragraphs(lines).html)


def validation(source: Source) -> Block:
    """Each validation in a sentence: discrimination, calibration, and what the additive form loses."""
    lines = []
    for test in _card(source).get("backtests", []):
        official = test["scores"][0]
        auc = source.say(
            "card.interval", value=f"{official['auc']:.3f}", low=f"{official['auc_low']:.3f}", high=f"{official['auc_high']:.3f}"
        )  # fmt: skip
        lines.append(
            source.say(
                "card.validation", design=source.say(f"value.design.{test['design']}"), n=f"{test['test_n']:,}",
                events=f"{test['test_events']:,}", auc=auc, intercept=_signed(test["calibration_intercept"]),
                slope=f"{test['calibration_slope']:.2f}", missed=written(source, 1 - official["recall_at_tenth"], "share"),
            )
        )  # fmt: skip
        if gap := test.get("gives_up"):
            gap_words = source.say(
                "card.interval",
                value=_signed(gap["value"], 3),
                low=_signed(gap["low"], 3),
                high=_signed(gap["high"], 3),
            )
            lines.append(source.say("card.gives_up", gap=gap_words))
    return _paragraphs(lines or [source.say("card.not_validated")])


def _signed(value: float, decimals: int = 2) -> str:
    rounded = round(value, decimals) + 0.0  # no minus zero
    return f"{rounded:{'+' if rounded else ''}.{decimals}f}".replace("-", "−")


def drifted(source: Source) -> Block:
    """How many lines drifted, and what to do about it."""
    lines = _card(source).get("drift", [])
    if not lines:
        return Block("")
    counts = {status: sum(line["status"] == status for line in lines) for status in ("ok", "watch", "fail")}
    return _paragraphs([source.say("card.drift", n=len(lines), **counts)])


def limits(source: Source) -> Block:
    """Limits of the score."""
    card = _card(source)
    attrition = written(source, card.get("attrition"), "share")
    return _listed([source.say(f"card.limit.{name}", attrition=attrition) for name in LIMITS])


PARTS: Mapping[str, Callable[[Source], Block]] = MappingProxyType(
    {"cover": cover, "use": use, "made": made, "validation": validation, "drift": drifted, "limits": limits}
)


SECTIONS: Mapping[str, int] = MappingProxyType(
    {
        "model_terms": 2, "paper_points": 2, "paper_chances": 2, "backtests": 3, "reliability": 3, "group_checks": 3,
        "drift": 4, "parameters": 5, "documents": 5,
    }
)  # fmt: skip


def card_part(source: Source, name: str) -> Block:
    """A part of the card under its heading; the cover has none."""
    body = PARTS[name](source)
    if name == "cover":
        return body
    return Block(
        f'<h2 id="{anchor([*PARTS].index(name))}">{escape(source.say(f"card.heading.{name}"))}</h2>{body.html}'
    )
