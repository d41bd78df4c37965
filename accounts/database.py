"""What PostgreSQL itself enforces for our tables; each function returns one migration operation."""

from __future__ import annotations

from django.db import migrations

# An unset tenant compares with NULL and so sees nothing; `nullif` because a setting once set stays as ''.
POLICY = (
    "organization_id = nullif(current_setting('app.organization', true), '')::bigint"
    " OR current_setting('app.system', true) = 'on'"
)


def row_level_security(table: str) -> migrations.RunSQL:
    """The second wall: rows of another workspace can't be read or written, by the table's owner either."""
    return migrations.RunSQL(
        sql=[
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY {table}_of_workspace ON {table} USING ({POLICY}) WITH CHECK ({POLICY})",
        ],
        reverse_sql=[
            f"DROP POLICY {table}_of_workspace ON {table}",
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        ],
    )


def append_only(table: str) -> migrations.RunSQL:
    """A written row can't be changed or deleted: a trigger, since the application's role owns the table."""
    name = f"{table}_append_only"
    return migrations.RunSQL(
        sql=[
            f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    RAISE EXCEPTION '{table} is append-only: % refused', TG_OP
                        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = '{name}';
                END $$""",
            f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
            f"CREATE TRIGGER {name}_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION {name}()",
        ],
        reverse_sql=[
            f"DROP TRIGGER {name}_truncate ON {table}",
            f"DROP TRIGGER {name} ON {table}",
            f"DROP FUNCTION {name}()",
        ],
    )
