"""What a workspace holds, down to the last column, so that a change to any of it is seen."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import connection
from django.db.models import F

from accounts import tenancy
from accounts.models import Organization, User
from tests.tenancy.furnished import Furnished
from tests.test_conventions import tenant_models

Rows = dict[str, str]


def rows_of(of: Furnished) -> Rows:
    """A fingerprint of everything of the workspace and of its people, by the names of tables."""
    organization, people = [of.studio.organization.pk], [of.studio.owner.pk, of.studio.colleague.pk]
    wanted = {
        **{model._meta.db_table: ("organization_id", organization) for model in tenant_models()},
        Organization._meta.db_table: ("id", organization),
        User._meta.db_table: ("id", people),
        UserSession._meta.db_table: ("user_id", people),
        Authenticator._meta.db_table: ("user_id", people),
    }
    each = (
        f"SELECT '{table}', md5(string_agg(r::text, '' ORDER BY r::text)) FROM {table} r WHERE {column} = ANY(%s)"
        for table, (column, _ids) in wanted.items()
    )
    with of.studio.enter(), connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each), [ids for _column, ids in wanted.values()])
        return dict(cursor.fetchall())


def differing(before: Rows, after: Rows) -> list[str]:
    """The tables that are not as they were."""
    return sorted(table for table in before if before[table] != after[table])


def pointing_across() -> list[str]:
    """Columns in which a row of one workspace names a row of another. Checks of foreign keys know no policy."""
    found, tenants = [], set(tenant_models())
    with tenancy.system("metrics"):
        for model in tenants:
            for field in model._meta.fields:
                if field.related_model in tenants:
                    rows = model.objects.exclude(**{field.name: None})
                    across = rows.exclude(**{f"{field.name}__organization": F("organization")})
                    if across.exists():
                        found.append(f"{model._meta.db_table}.{field.attname}")
    return sorted(found)
