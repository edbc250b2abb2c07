"""The survey as a page. It is whole in itself and has no script: a form, and a style that the policy names."""

import base64
import hashlib
from dataclasses import dataclass
from html import escape

from inboxd.domain import csat as rules
from inboxd.domain.errors import Failure
from inboxd.store.models import Inbox, Message
from inboxd.wire import survey_words
from inboxd.wire.survey_words import Words

_STYLE = """
:root { color-scheme: light dark; --back: #eef1f4; --card: #fff; --text: #1b1f24; --soft: #4f5965;
  --line: #77818c; --accent: #1d5bbf; --on: #fff; --chosen: #e3edfb; --bad: #a8201a; --star: #9a5b00 }
@media (prefers-color-scheme: dark) { :root { --back: #121519; --card: #1d2228; --text: #e8eaed; --soft: #b0b9c4;
  --line: #87919d; --accent: #8ab4f8; --on: #10151c; --chosen: #26364f; --bad: #ff9a92; --star: #ffc44d } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--back);
  color: var(--text); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
main { width: 100%; max-width: 34rem; padding: clamp(1.25rem, 5vw, 2.5rem); border-radius: 1rem;
  background: var(--card) }
h1 { margin: 0 0 .5rem; font-size: 1.4rem; line-height: 1.3; white-space: pre-line }
p { margin: 0 0 1rem; color: var(--soft) }
p.said { padding: .75rem 1rem; border-left: .25rem solid var(--accent); background: var(--chosen); color: var(--text) }
p.wrong { padding: .75rem 1rem; border-left: .25rem solid; color: var(--bad); font-weight: 600 }
fieldset { display: flex; gap: .4rem; margin: 1.5rem 0; padding: 0; border: 0 }
legend { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
fieldset label { position: relative; flex: 1 1 0; min-width: 0; text-align: center; cursor: pointer }
input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer }
label span { display: block }
.face { padding: .3rem 0; border: 2px solid var(--line); border-radius: .75rem; font-size: 1.9rem; line-height: 1.4 }
.word { margin-top: .3rem; color: var(--soft); font-size: .8rem; line-height: 1.25; hyphens: auto }
input:checked + .face { border-color: var(--accent); background: var(--chosen);
  box-shadow: inset 0 0 0 1px var(--accent) }
input:checked ~ .word { color: var(--text); font-weight: 600 }
input:focus-visible + .face { outline: 3px solid var(--accent); outline-offset: 2px }
.star .face { color: var(--line) }
.star input:checked + .face, .star label:has(~ label input:checked) .face { color: var(--star) }
textarea { display: block; width: 100%; min-height: 7rem; margin: .4rem 0 1.25rem; padding: .7rem; resize: vertical;
  border: 1px solid var(--line); border-radius: .5rem; background: transparent; color: inherit; font: inherit }
button { width: 100%; padding: .8rem; border: 0; border-radius: .5rem; background: var(--accent); color: var(--on);
  font: inherit; font-weight: 600; cursor: pointer }
textarea:focus-visible, button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
"""
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)
# Of those that plain fonts have too.
_FACES = "😞😕😐😊😍"


@dataclass(frozen=True)
class Shown:
    """What the page is about. `agent` is the assignee's name, `rating` and `feedback` what stands in the form,
    `failure` why that was not taken."""

    inbox: Inbox
    message: Message
    agent: str | None
    is_answered: bool
    is_locked: bool
    rating: str
    feedback: str
    failure: Failure | None


def survey(shown: Shown) -> str:
    language, words = survey_words.of(shown.inbox.csat_config.get("language"))
    content = shown.message.content
    question = content if content and content != rules.QUESTION else words.question
    parts = [f"<p>{escape(shown.inbox.name)}</p>", f"<h1>{escape(question)}</h1>"]
    if shown.agent:
        parts.append(f"<p>{escape(words.with_agent.format(shown.agent))}</p>")
    if shown.is_locked:
        parts.append(f'<p class="said" role="status">{escape(words.locked)}</p>')
        return _document(language, shown.inbox.name, parts)
    if shown.failure is not None:
        parts.append(f'<p class="wrong" role="alert">{escape(_why(words, shown.failure))}</p>')
    elif shown.is_answered:
        parts.append(f'<p class="said" role="status">{escape(words.thanks)}</p>')
    return _document(language, shown.inbox.name, [*parts, _form(shown, words)])


def missing() -> str:
    words = survey_words.ENGLISH
    parts = [f"<h1>{escape(words.missing)}</h1>", f"<p>{escape(words.missing_why)}</p>"]
    return _document("en", words.missing, parts)


def _why(words: Words, failure: Failure) -> str:
    at_fault = getattr(failure, "fields", ())
    return words.too_long.format(rules.FEEDBACK_LIMIT) if "feedback_message" in at_fault else words.choose


def _form(shown: Shown, words: Words) -> str:
    kind = rules.display_type(shown.message.content_attributes)
    marks = zip(rules.RATINGS, "★★★★★" if kind == "star" else _FACES, words.ratings, strict=True)
    choices = "".join(
        f'<label><input type="radio" name="rating" value="{rating}" required'
        f"{' checked' if shown.rating == str(rating) else ''}>"
        f'<span class="face" aria-hidden="true">{face}</span><span class="word">{escape(word)}</span></label>'
        for rating, face, word in marks
    )
    legend = escape(words.question)
    # A newline at the beginning of a textarea is dropped: one more keeps that of the text.
    return (
        f'<form method="post"><fieldset class="{kind}"><legend>{legend}</legend>{choices}</fieldset>'
        f'<label for="feedback">{escape(words.feedback)}</label>'
        f'<textarea id="feedback" name="feedback" maxlength="{rules.FEEDBACK_LIMIT}">\n'
        f"{escape(shown.feedback)}</textarea>"
        f'<button type="submit">{escape(words.change if shown.is_answered else words.send)}</button></form>'
    )


def _document(language: str, title: str, parts: list[str]) -> str:
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )
