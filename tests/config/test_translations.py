"""German is complete, and it is what a German reads."""

from __future__ import annotations

import ast
import gettext
import html
import re
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail
from django.template.loader import get_template
from django.test import Client
from django.utils import timezone, translation

from accounts import emails
from accounts.errors import Refusal
from accounts.models import Role
from accounts.wording import in_words
from billing.credits import NotEnoughCredits
from billing.plans import money
from config.management.commands.translate import _APPS, refusal_texts
from config.public_pages import PAGES
from generations.engines.preview.styles import STYLES
from projects.photos import ImageTooSmall
from tests.factories import Studio
from tests.journeys.pages import OF_THE_PERSON, OF_THE_WORKSPACE, OUTSIDE

FOLDER = Path(settings.BASE_DIR) / "locale" / "de" / "LC_MESSAGES"


@cache
def entries() -> list[tuple[str, dict[str, str]]]:
    """Each block of the catalogue: its comments, and its strings by keyword."""
    found = []
    for block in (FOLDER / "django.po").read_text().split("\n\n")[1:]:
        strings = {
            keyword: "".join(ast.literal_eval(line) for line in lines.splitlines())
            for keyword, lines in re.findall(r'^(msg\w+(?:\[\d\])?) (".*"(?:\n".*")*)$', block, re.MULTILINE)
        }
        found.append((block, strings))
    return found


def test_nothing_is_untranslated_or_doubtful() -> None:
    assert len(entries()) > 1000
    assert [block for block, _ in entries() if "#, fuzzy" in block] == []
    empty = [
        strings["msgid"]
        for _, strings in entries()
        if not all(text for keyword, text in strings.items() if keyword.startswith("msgstr"))
    ]
    assert empty == []


def test_a_translation_keeps_what_is_filled_in_and_the_markup() -> None:
    def slots(text: str) -> list[str]:
        return sorted(re.findall(r"%\(\w+\)[sd]|%[sd]|\{\w+\}|</?\w+", text))

    differing = []
    for _, strings in entries():
        original = strings.get("msgid_plural", strings["msgid"])
        german = strings.get("msgstr[1]", strings.get("msgstr", ""))
        if slots(original) != slots(german):
            differing.append(german)
    assert differing == []


def test_the_compiled_catalogue_is_the_written_one() -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    stale = [
        strings["msgid"]
        for _, strings in entries()
        if "msgid_plural" not in strings
        and "msgctxt" not in strings
        and compiled.gettext(strings["msgid"]) != strings["msgstr"]
    ]
    assert stale == []


def test_every_sentence_of_a_refusal_is_in_the_catalogue() -> None:
    known = {strings["msgid"] for _, strings in entries()}
    assert refusal_texts() - known == set()


def marked_in(file: Path) -> set[str]:
    """Constants that this module hands to gettext or one of its kin, by whatever name it calls it."""
    text = file.read_text()
    if "gettext" not in text:
        return set()
    nodes = list(ast.walk(ast.parse(text)))
    names = {
        alias.asname or alias.name
        for each in nodes
        if isinstance(each, ast.ImportFrom) and each.module == "django.utils.translation"
        for alias in each.names
        if "gettext" in alias.name
    }
    return {
        str(call.args[0].value)
        for call in nodes
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in names
        and isinstance(call.args[0], ast.Constant)
        and not call.func.id.startswith("pgettext")
    }


def test_every_text_that_code_marks_is_in_the_catalogue() -> None:
    known = {strings["msgid"] for _, strings in entries()}
    files = [file for name in _APPS for file in (Path(settings.BASE_DIR) / name).rglob("*.py")]
    served = [file for file in files if not {"local", "stripe_sandbox", "migrations"} & set(file.parts)]
    assert sorted(text for file in served for text in marked_in(file) - known) == []


def literals(template: Path) -> list[str]:
    """Texts between the tags of a template that are not marked for translation."""
    text = re.sub(
        r"(?s)\{% comment.*?endcomment %\}|\{#.*?#\}|\{% blocktranslate.*?endblocktranslate %\}"
        r"|<pre.*?</pre>|<code.*?</code>",
        " ",
        template.read_text(),
    )
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|&\w+;", "\n", text, flags=re.DOTALL)
    text = re.sub(r"<[^>]*>", "\n", text)
    return [piece.strip() for piece in text.splitlines() if re.search(r"[A-Za-z]{3}", piece)]


PROPER = {"Roomwright", "· Roomwright", "curl", "Python", "UTC", "UTC ·", "JPEG"}
# For programmers, in the API's own language.
ENGLISH = {"public/api_docs.html", "public/api_reference.html", "public/api_changelog.html"}
# Not for customers: the style guide, the mail to operators and their admin.
INSIDE = {
    "public/styleguide.html",
    "emails/operator_alert_message.txt",
    "emails/operator_alert_subject.txt",
    "admin/index.html",
    "admin/operations.html",
    "admin/workspace.html",
}


def test_every_text_of_every_template_is_marked() -> None:
    root = Path(settings.BASE_DIR) / "templates"
    bare = {
        f"{path.relative_to(root)}: {text}"
        for path in [*root.rglob("*.html"), *root.rglob("*.txt")]
        if str(path.relative_to(root)) not in INSIDE | ENGLISH
        for text in literals(path)
        if text not in PROPER
    }
    assert bare == set()


def test_every_template_can_be_read() -> None:
    root = Path(settings.BASE_DIR) / "templates"
    for path in root.rglob("*.*"):
        get_template(str(path.relative_to(root)))


# --- What a German sees -----------------------------------------------------------------------------------

LEFTOVERS = (
    "Sign in",
    "Sign up",
    "Skip to the content",
    "Pricing",
    "Privacy",
    "Save",
    "Settings",
    "Credits used",
)


def text_of(answer: object) -> str:
    content = answer.content.decode()  # type: ignore[attr-defined]
    return html.unescape(re.sub(r"<[^>]+>", " ", content.split("<body>")[1]))


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_public_pages_are_german_from_head_to_foot(client: Client, name: str) -> None:
    path = "/" if name == "start" else f"/{name}"
    answer = client.get(path, headers={"accept-language": "de"})
    assert '<html lang="de">' in answer.content.decode()
    text = text_of(answer)
    assert "Zum Inhalt springen" in text
    assert [word for word in LEFTOVERS if word in text] == []


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        ("studio", "Raum umgestalten"),
        ("generations", "Historie"),
        ("projects", "Ein Projekt hält die Räume eines Auftrags zusammen"),
        ("clients", "Noch keine Kunden"),
        ("credits", "Credits zum Ausgeben"),
        ("credits/buy", "Gekaufte Credits verfallen nie."),
        ("plan", "Die Preise gelten je Monat."),
        ("settings", "Guthaben, Kontoauszug und Preise"),
        ("settings/budgets", "Ein Monatsbudget beginnt am Ersten von vorn."),
        ("settings/api-keys", "Noch keine Schlüssel"),
        ("settings/meltflex-key", "Deine eigenen Schlüssel"),
    ],
)
def test_pages_of_a_workspace_are_german(
    studio: Studio, owner_client: Client, page: str, sentence: str
) -> None:
    owner_client.cookies["django_language"] = "de"
    text = text_of(owner_client.get(f"/w/{studio.organization.public_id}/{page}"))
    assert sentence in text
    assert [word for word in LEFTOVERS if word in text] == []


def sentences(answer: object) -> set[str]:
    """Texts of two words and more between the tags, and in what is read out or shown in fields."""
    content = answer.content.decode().split("<body>")[1]  # type: ignore[attr-defined]
    content = re.sub(r"(?s)<(script|pre|code|style)\b.*?</\1>", " ", content)
    content = re.sub(
        r' data-(lead-in|keep|text)="[^"]*"', " ", content
    )  # words for the engine, which reads English
    spoken = re.findall(r'\s(?:alt|aria-label|placeholder|title|data-[\w-]+)="([^"]*)"', content)
    pieces = [" ".join(html.unescape(piece).split()) for piece in [*re.split(r"<[^>]+>", content), *spoken]]
    return {piece for piece in pieces if re.search(r"[A-Za-z]{2,}[ ][A-Za-z]{2,}", piece)}


# Names, and what people wrote themselves.
ALIKE = {"Oak & Linen", *(style.capitalize() for style in STYLES)}


@pytest.mark.django_db
def test_no_sentence_of_a_page_is_the_same_in_english_and_german(
    studio: Studio, owner_client: Client
) -> None:
    work = {f"/w/{studio.organization.public_id}/{name}" for name in OF_THE_WORKSPACE}
    for_developers = ("/styleguide", "/api/docs", "/api/changelog")  # English, as the API is
    paths = [path for path in [*OUTSIDE, *OF_THE_PERSON, *sorted(work)] if path not in for_developers]

    def read(path: str, language: str) -> set[str]:
        owner_client.cookies["django_language"] = language
        return sentences(owner_client.get(path, follow=True, headers={"accept-language": language}))

    same = {path: (read(path, "en") & read(path, "de")) - ALIKE for path in paths}
    assert {path: sorted(found) for path, found in same.items() if found} == {}


def test_numbers_dates_and_plurals_are_written_as_germans_write_them() -> None:
    with translation.override("de"):
        assert money(129_950) == "1.299,50 $"
        assert translation.ngettext("%(credits)s credit", "%(credits)s credits", 1) == "%(credits)s Credit"
    assert money(129_950) == "$1,299.50"


def test_a_refusal_is_german_on_a_page_and_english_for_programs() -> None:
    refusal: Refusal = NotEnoughCredits()
    assert refusal.message.startswith("There are too few credits")
    with translation.override("de"):
        assert refusal.message.startswith("Dafür sind zu wenige Credits übrig.")
    assert str(refusal).startswith("There are too few credits")


def test_what_a_worker_wrote_in_english_is_told_in_german() -> None:
    stored = str(ImageTooSmall("The picture is only 80 × 60 pixels; each side needs at least 200."))
    with translation.override("de"):
        assert in_words(stored) == "Das Bild hat nur 80 × 60 Pixel; jede Seite braucht mindestens 200."
        assert in_words("The preview took too long. Your credits are back.").endswith(
            "Deine Credits sind zurück."
        )
        assert in_words("Something nobody has translated.") == "Something nobody has translated."


@pytest.mark.django_db
def test_everybody_gets_mail_in_the_language_they_read(studio: Studio) -> None:
    studio.owner.language = "de"
    studio.owner.save()
    emails.send_to_members(
        organization=studio.organization,
        role=Role.DESIGNER,
        template="low_balance",
        context={"have": {"spendable": 3}, "wishes": {"low_below": 20}, "now": timezone.now()},
    )
    subjects = {each.to[0]: each.subject for each in mail.outbox}
    assert subjects[studio.owner.email].endswith("hat nur noch wenige Credits")
    assert subjects[studio.colleague.email].endswith("is low on credits")
