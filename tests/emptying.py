"""Emptying the database after a test that committed: only tables with rows, and not what no test changes.

Django's own way truncates ninety tables, makes every content type and permission anew, and takes half a second.
"""

from __future__ import annotations

from django.db import connection

KEPT = ("django_migrations", "django_content_type", "auth_permission")  # as the migrations made them

# The one place that may pass the guards of append-only and other tables, so their triggers rest for the moment.
# Row-level security hides rows unless the transaction is of the system; what points at each other is looked at in
# the end, when all of it is gone.
EMPTY = """
DO $$
DECLARE
    candidate record;
    is_used boolean;
    used text[] := '{}';
    guarded text[] := '{}';
    name text;
BEGIN
    PERFORM set_config('app.system', 'on', true);
    SET CONSTRAINTS ALL DEFERRED;
    FOR candidate IN
        SELECT format('%%I.%%I', schemaname, tablename) AS name, EXISTS (
            SELECT FROM pg_trigger
            WHERE tgrelid = format('%%I.%%I', schemaname, tablename)::regclass AND NOT tgisinternal
        ) AS is_guarded
        FROM pg_tables WHERE schemaname = current_schema() AND tablename <> ALL (%s)
    LOOP
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || candidate.name || ')' INTO is_used;
        IF is_used THEN
            used := used || candidate.name;
            IF candidate.is_guarded THEN
                guarded := guarded || candidate.name;
            END IF;
        END IF;
    END LOOP;
    FOREACH name IN ARRAY guarded LOOP
        EXECUTE 'ALTER TABLE ' || name || ' DISABLE TRIGGER USER';
    END LOOP;
    FOREACH name IN ARRAY used LOOP
        EXECUTE 'DELETE FROM ' || name;
    END LOOP;
    SET CONSTRAINTS ALL IMMEDIATE;
    FOREACH name IN ARRAY guarded LOOP
        EXECUTE 'ALTER TABLE ' || name || ' ENABLE TRIGGER USER';
    END LOOP;
END $$
"""


def empty() -> None:
    """No row is left but those of the migrations."""
    with connection.cursor() as cursor:
        cursor.execute(EMPTY, [list(KEPT)])
