"""Brings locale/ up to date with every text that a person may read, and compiles it. Needs gettext's programs."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.management.commands import makemessages

from accounts.errors import Refusal

_APPS = ("accounts", "projects", "billing", "generations", "config")
# Where sentences are for programs and operators alone: those stay English.
_FOR_PROGRAMS = {"management", "local", "stripe_sandbox", "stripe_gateway", "migrations"}
_FOR_PROGRAMS |= {"contract", "deadline", "api", "rest", "authentication", "prefer"}
# How modules call gettext that have more than one of its kin.
_ALSO = ("_lazy", "_noop", "now_translated")
_GATHERED = settings.BASE_DIR / "config" / "_gathered_for_translation.py"


class Command(BaseCommand):
    """What `makemessages` finds, and the sentences of refusals, which stand in docstrings and beside `raise`."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Nothing is written with --missing."""
        parser.add_argument("--missing", action="store_true", help="only say what has no German yet")

    def handle(self, *args: Any, **options: Any) -> None:
        """Gather, extract, compile; then say what is untranslated."""
        if not options["missing"]:
            sentences = sorted(refusal_texts())
            _GATHERED.write_text(
                "from django.utils.translation import gettext_noop as _\n"
                + "".join(f"_({sentence!r})\n" for sentence in sentences)
            )
            gather = makemessages.Command()
            gather.xgettext_options = [*gather.xgettext_options, *(f"--keyword={name}" for name in _ALSO)]
            try:
                languages = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
                call_command(
                    gather,
                    locale=languages,
                    extensions=["html", "txt", "py"],
                    ignore_patterns=[
                        "tests/*",
                        "var/*",
                        ".venv/*",
                        "docs/*",
                        "config/local/*",
                        "*/stripe_sandbox/*",
                    ],
                    no_location=True,
                    no_obsolete=True,
                    no_wrap=True,
                    verbosity=0,
                )
            finally:
                _GATHERED.unlink()
            call_command("compilemessages", ignore_patterns=[".venv"], verbosity=0)
        for code, _ in settings.LANGUAGES:
            if code != settings.LANGUAGE_CODE:
                self.stdout.write(_statistics(settings.BASE_DIR / "locale" / code / "LC_MESSAGES/django.po"))


def _statistics(catalogue: Path) -> str:
    done = subprocess.run(
        ["msgfmt", "--check", "--statistics", "-o", "/dev/null", str(catalogue)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandError(done.stderr)
    return f"{catalogue.parent.parent.name}: {done.stderr.strip()}"


def refusal_texts() -> set[str]:
    """What any refusal or failed engine call can say: docstrings, titles, and constants given where it is raised."""
    kinds = {kind.__name__: kind for kind in _below(Refusal)}
    texts = {kind.title for kind in kinds.values()}
    texts |= {" ".join((kind.__doc__ or "").split()) for kind in kinds.values()}
    for name in _APPS:
        for file in Path(apps.get_app_config(name).path).rglob("*.py"):
            if not _FOR_PROGRAMS & {*file.parts, file.stem}:
                texts |= set(_constants(ast.parse(file.read_text()), {*kinds, "EngineError"}))
    return texts - {""}


def _below(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for child in kind.__subclasses__():
        if child.__module__.startswith(_APPS):
            if not _FOR_PROGRAMS & set(child.__module__.split(".")):
                yield child
            yield from _below(child)


def _constants(tree: ast.AST, names: set[str]) -> Iterator[str]:
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if called in names:
            for argument in call.args:
                # A sentence, not a code such as "bad_source".
                if isinstance(argument, ast.Constant) and " " in str(argument.value):
                    yield str(argument.value)
