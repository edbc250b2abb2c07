"""What reports look like: their rows, and the pictures above and beside them."""

from typing import Any

from rich.style import Style
from rich.text import Text

from admin_tui.glyphs import Glyphs
from admin_tui.state import reports as model
from admin_tui.state.reports import DAYS, METRICS, RATINGS, Window, is_timed
from admin_tui.text import ago, cut, line, many, wrap
from admin_tui.theme import Paint
from admin_tui.widgets import charts

Json = dict[str, Any]
_FRAME = 3
"""Lines of a screen that no view has."""
_MOST_LINES, _LEAST_LINES = 15, 5
_METRIC_WIDTH = 17
BUSIEST_LINES = 12
_KIND_COLUMNS = (
    ("conversations_count", "NEW", 5), ("change", "", 8), ("resolved_conversations_count", "DONE", 5),
    ("avg_first_response_time", "FIRST", 7), ("avg_resolution_time", "RESOLVE", 8), ("avg_reply_time", "REPLY", 7),
)  # fmt: skip


def head(window: Window, paint: Paint, view: str, words: list[str]) -> Text:
    text = Text().append(window.span.title, paint.strong)
    text.append(f"  against {window.span.before}", paint.dim)
    if window.business_hours and view != "CSAT":
        text.append("  business hours", paint.warn)
    for word in words if view == "CSAT" else ():
        text.append(f"  {line(word)}", paint.key)
    return text


def changed(metric: str, now: Any, before: Any, paint: Paint) -> tuple[str, Style]:
    """How it went, and the colour of it: that answers take longer is no good news."""
    word = model.change(now, before)
    if not is_timed(metric) or word[:1] not in "+-":
        return word, paint.dim
    return word, paint.warn if word.startswith("+") else paint.ok


# The overview.


def metric_row(one: Json, width: int, paint: Paint) -> Text:
    metric, now, before = one["id"], one["now"], one["before"]
    text = Text(cut(METRICS[metric], min(_METRIC_WIDTH, width // 3)), no_wrap=True)
    text.append(f"{model.value(metric, now):>8}", paint.strong if now else paint.dim)
    word, style = changed(metric, now, before, paint)
    text.append(f"{word:>9}", style)
    if width >= 50:
        text.append(f"  was {model.value(metric, before):<8}", paint.dim)
    picture = charts.spark([point["value"] for point in one["points"]], width - text.cell_len - 1)
    return text.append(" ").append(picture, paint.info if now else paint.rule)


def copied_metric(one: Json) -> str:
    metric = one["id"]
    return f"{METRICS[metric]}: {model.value(metric, one['now'])}, before {model.value(metric, one['before'])}"


def overview(
    found: Json, one: Json | None, size: tuple[int, int], below: int, glyphs: Glyphs, paint: Paint
) -> list[Text]:
    """What there is now, and over time the metric under the cursor, if there is room above so many lines."""
    width, height = size
    lines = [_now(found["live"], width, glyphs, paint)]
    room = height - _FRAME - 1 - below
    if one is None or room < _LEAST_LINES:
        return lines
    metric, window = one["id"], found["window"]
    values = [point["value"] for point in one["points"]]
    title = Text().append(f"{METRICS[metric]} by {window.span.unit}", paint.key)
    if not any(values):
        title.append("  nothing in this time: what customers write and agents answer fills it", paint.dim)
    else:
        place = max(range(len(values)), key=values.__getitem__)
        when = model.moment(one["points"][place]["timestamp"], window.span.unit)
        title.append(f"   most {model.value(metric, values[place])}, {when}", paint.dim)
    ticks = [model.tick(point["timestamp"], window.span) for point in one["points"]]
    chart = charts.history(
        values, ticks, lambda value: model.value(metric, round(value)) if value else "0",
        (width, min(_MOST_LINES, room) - 1), paint.info, paint,
    )  # fmt: skip
    return [*lines, title, *chart]


def _now(live: Json, width: int, glyphs: Glyphs, paint: Paint) -> Text:
    counts = live["counts"]
    text = Text().append("now  ", paint.dim)
    for name, style in (("open", paint.info), ("unattended", paint.bad), ("unassigned", paint.warn)):
        text.append(f"{counts[name]} {name}", style if counts[name] else paint.dim).append("  ")
    for state, (people, load) in live["people"].items():
        text.append(f" {glyphs(state)} {people} {state}", paint.of(state))
        text.append(f" ({load} open)" if people and width >= 98 else "", paint.dim)
    return text


def busiest(week: list[list[int]], paint: Paint) -> Text:
    text = Text().append("Busiest hours", paint.key).append("  messages that came in\n\n", paint.dim)
    if not week:
        return text.append("one day has no week: look at a longer time", paint.dim)
    if not any(map(sum, week)):
        return text.append("nothing came in during this time", paint.dim)
    text.append(f"    {''.join(f'{hour:<6}' for hour in range(0, 24, 6))}   SUM\n", paint.dim)
    text.append(Text("\n").join(charts.heat(list(zip(DAYS, week, strict=True)), paint.info, paint)))
    day, hour = max(((day, hour) for day in range(7) for hour in range(24)), key=lambda at: week[at[0]][at[1]])
    return text.append("\n\nmost  ", paint.dim).append(f"{DAYS[day]} {hour:02}:00, {week[day][hour]} messages")


# Agents, inboxes, teams and labels.


def _kind_widths(width: int) -> tuple[int, tuple[tuple[str, str, int], ...]]:
    """Of the name, and the columns that there is room for."""
    columns = _KIND_COLUMNS if width >= 60 else _KIND_COLUMNS[:2]
    room = width - sum(wide + 1 for _, _, wide in columns)
    return max(8, min(26, room * 3 // 5)), columns


def heads(kind: str, width: int, paint: Paint) -> Text:
    name, columns = _kind_widths(width)
    text = Text(" " + cut(kind.upper(), name), paint.dim)
    for _, title, wide in columns:
        text.append(f" {title:>{wide}}")
    return text.append("  NEW OVER TIME" if width - text.cell_len >= 14 else "")


def kind_row(one: Json, width: int, paint: Paint) -> Text:
    edge, columns = _kind_widths(width)
    now, before = one["now"], one["before"]
    text = Text(cut(one["name"], edge), no_wrap=True)
    for name, _, wide in columns:
        if name == "change":
            word = model.change(now["conversations_count"], before.get("conversations_count"))
            text.append(f" {word:>{wide}}", paint.dim)
        else:
            # Times of labels are 0 where those of others are null.
            text.append(f" {model.value(name, now[name]):>{wide}}", "" if now[name] else paint.dim)
    return text.append("  ").append(
        charts.spark([point["value"] for point in one["points"]], width - text.cell_len - 2), paint.info
    )


def about_kind(one: Json) -> list[str]:
    now, before = one["now"], one["before"]
    found = [line(one["name"]), ""]
    titles = ("Conversations", "Resolved", "First response", "Resolution", "Reply")
    for title, name in zip(titles, now, strict=True):
        was = model.value(name, before.get(name))
        found.append(f"{title + ':':<15} {model.value(name, now[name]):<8} was {was}")
    if one["open"] is not None:
        found += ["", f"{'Open now:':<15} {one['open']}"]
    return found


# Answers to surveys.


def csat(found: Json, only: set[str], size: tuple[int, int], paint: Paint) -> list[Text]:
    metrics, before = found["metrics"], found["before"]
    total, sent = metrics["total_count"], metrics["total_sent_messages_count"]
    score, was = model.score(metrics), model.score(before)
    text = Text().append("score ", paint.dim)
    text.append("–" if score is None else f"{score} %", paint.strong + _ink(score, paint))
    text.append(f" good, was {'–' if was is None else f'{was} %'}   ", paint.dim)
    if only & {"user_ids[]", "rating"}:
        # Surveys are sent by nobody in particular, and without a rating.
        text.append(many(total, "answer"))
    else:
        text.append(f"{total * 100 // sent if sent else 0} % answered").append(
            f", {total:,} of {sent:,} surveys", paint.dim
        )
    if not total or size[1] < 18:
        return [text]
    inks = {5: paint.ok, 4: paint.ok, 3: paint.warn, 2: paint.bad, 1: paint.bad}
    rows = [(f"{rating}", metrics["ratings_count"].get(str(rating), 0), inks[rating]) for rating in RATINGS]
    return [text, *charts.shares(rows, size[0], paint), Text()]


def _ink(score: int | None, paint: Paint) -> Style:
    if score is None:
        return paint.dim
    return paint.ok if score >= 80 else paint.warn if score >= 50 else paint.bad


def answer_row(one: Json, width: int, paint: Paint) -> Text:
    rating = one["rating"]
    text = Text(no_wrap=True)
    text.append(f"{rating}/5", paint.ok if rating >= 4 else paint.warn if rating == 3 else paint.bad)
    text.append(f" {ago(one['created_at']):>4} ", paint.dim)
    text.append(cut(_name(one["contact"]), min(20, width // 4)))
    noted = " noted" if one["csat_review_notes"] else ""
    tail = f"{noted} {cut(_name(one['assigned_agent']), 14)}" if width >= 60 else noted
    said = line(one["feedback_message"] or "")
    text.append(" " + cut(said or "no words", width - text.cell_len - 1 - len(tail)), "" if said else paint.dim)
    return text.append(tail, paint.dim)


def _name(one: Json | None) -> str:
    return line((one or {}).get("name") or "–")


def about_answer(one: Json) -> list[str]:
    reviewer = _name(one["review_notes_updated_by"])
    return [
        f"{one['rating']}/5 from {_name(one['contact'])}",
        "",
        *wrap(one["feedback_message"] or "no words", 40),
        "",
        f"agent: {_name(one['assigned_agent'])}",
        f"conversation: #{one['conversation_id']}",
        f"answered: {ago(one['created_at'])} ago",
        *(["", f"note: of {reviewer}", *wrap(one["csat_review_notes"], 40)] if one["csat_review_notes"] else []),
    ]
