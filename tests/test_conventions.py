"""Rules of the house that a machine can check."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import TenantQuerySet

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "projects", "billing", "generations")
OURS = (*APPS, "config")
# Addresses whose views are a library's own, with its own rules: sign-in pages, the operators' admin.
LIBRARIES = ("accounts/", "_allauth/", "operators/")

# Every use of the door across workspaces. A new one needs a reason that a reviewer accepts.
SYSTEM_REASONS = {
    "a Stripe customer's workspace",
    "a delivery to be made",
    "an exact address of an original",
    "an exact delivery link hash",
    "pictures that wait to be signed",
    "a person's own exports",
    "balances that are low",
    "an exact invitation hash",
    "an exact key hash",
    "an exact review link hash",
    "an exact proposal link hash",
    "an exact share link hash",
    "an exact upload address hash",
    "an exact host name",
    "a host that is proven",
    "hosts to be looked at",
    "an exact brand id",
    "check of every ledger",
    "durations of the last hour",
    "check of files",
    "expiry of allowances",
    "lease renewal",
    "metrics",
    "operator's admin",
    "plans that end by time",
    "provisioning by name",
    "rotation of secrets",
    "retention",
    "the end of a person's account",
    "the signed-in user's memberships",
    "the sweeper",
    "uploads that nobody took",
    "webhooks that are due",
    "who wants the weekly mail",
}


def sources() -> Iterator[Path]:
    for name in OURS:
        for path in (ROOT / name).rglob("*.py"):
            if "migrations" not in path.parts:
                yield path


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for item in resolver.url_patterns:
        where = prefix + str(item.pattern)
        if isinstance(item, URLResolver):
            yield from patterns(item, where)
        else:
            yield where, item


def policy_of(view: Any) -> str | None:
    found = getattr(view, "policy", None) or getattr(getattr(view, "view_class", None), "policy", None)
    return found or getattr(getattr(view, "cls", None), "policy", None)


def test_every_address_has_a_policy() -> None:
    bare = [
        where
        for where, item in patterns(get_resolver())
        if not where.startswith(LIBRARIES) and not policy_of(item.callback)
    ]
    assert bare == []


def test_every_workspace_page_asks_for_membership() -> None:
    pages = [(where, item) for where, item in patterns(get_resolver()) if where.startswith("w/")]
    assert pages
    assert [where for where, item in pages if not str(policy_of(item.callback)).startswith("member: ")] == []


def tenant_models() -> list[Any]:
    models = [model for name in APPS for model in apps.get_app_config(name).get_models()]
    return [model for model in models if any(field.name == "organization" for field in model._meta.fields)]


def test_every_tenant_model_is_reached_through_of() -> None:
    assert len(tenant_models()) >= 14
    assert [m.__name__ for m in tenant_models() if not isinstance(m.objects.all(), TenantQuerySet)] == []


def test_every_table_with_an_organization_is_walled_off_for_its_owner_too(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,
                      p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL
               FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_policy p ON p.polrelid = c.oid
               WHERE a.attname = 'organization_id' AND c.relkind = 'r'"""
        )
        tables = {name: bool(forced and policy) for name, forced, policy in cursor.fetchall()}
    assert {model._meta.db_table for model in tenant_models()} == set(tables)
    assert [name for name, walled in tables.items() if not walled] == []


def test_the_role_of_the_application_is_bound_by_the_wall(db: None) -> None:
    from config.checks import role_problem

    assert role_problem() == ""


def calls(path: Path, name: str) -> Iterator[ast.Call]:
    """Of a function or method of this name; a file without the word is not even parsed."""
    text = path.read_text()
    for node in ast.walk(ast.parse(text)) if name in text else ():
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called == name:
                yield node


def test_every_way_across_workspaces_is_listed() -> None:
    reasons = set()
    for path in sources():
        if path.name == "stack.py":
            continue
        for call in calls(path, "system"):
            argument = call.args[0]
            assert isinstance(argument, ast.Constant), f"{path}: the reason must be written out"
            reasons.add(argument.value)
    assert reasons == SYSTEM_REASONS


def test_nobody_writes_the_tenant_setting_but_the_doors() -> None:
    doors = {"accounts/tenancy.py", "accounts/database.py"}
    writers = {str(p.relative_to(ROOT)) for p in sources() if "app.organization" in p.read_text()}
    assert writers <= doors


def test_every_template_belongs_to_a_view_or_is_a_part() -> None:
    named = set()
    for path in sources():
        named |= set(re.findall(r'"([a-z_]+/[a-z_]+\.html)"', path.read_text()))
    folders = [ROOT / "templates" / name for name in (*APPS, "public")]
    present = {str(p.relative_to(ROOT / "templates")) for f in folders for p in f.glob("*.html")}
    pages = {name for name in present if "/_" not in name}
    assert {name for name in named if name.startswith((*APPS, "public/")) and "/_" not in name} == pages


def test_templates_carry_no_inline_style_or_script() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=\"|<script(?![^>]*\bsrc=)", text), path


def test_public_functions_have_docstrings() -> None:
    bare = []
    for path in sources():
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                continue
            says_itself = node.name.startswith("_") or node.name.endswith("_id")
            if not says_itself and not ast.get_docstring(node):
                bare.append(f"{path.relative_to(ROOT)}: {node.name}")
    assert bare == []


def test_migrations_are_named_for_their_effect() -> None:
    names = [p.stem for name in APPS for p in (ROOT / name / "migrations").glob("0*.py")]
    assert [name for name in names if "auto_" in name or name.endswith("_initial")] == []


def test_the_example_environment_lists_every_variable() -> None:
    read = set(re.findall(r'env\.\w+\("([A-Z_]+)"', (ROOT / "config/settings.py").read_text()))
    example = (ROOT / ".env.example").read_text()
    assert sorted(name for name in read if name not in example) == []


def test_a_module_is_one_thing() -> None:
    long = [str(p.relative_to(ROOT)) for p in sources() if len(p.read_text().splitlines()) > 400]
    assert long == [], "past 400 lines: is it one thing?"
