"""Admission as a function: the lock, the count and the taking in one round trip, twice for each picture.

A migration because they were four statements with the workspace's lock held all the while.
"""

from django.db import migrations

# Statements of their own, each with its own snapshot: what was committed while the lock was waited for has to be
# counted. 7301 is any number that no other advisory lock of ours uses. One that somebody is canceling at this moment is
# locked: skipped, or the two would wait for each other.
ADMIT = """
CREATE FUNCTION generation_admit(of_organization bigint, most int, at_time timestamptz)
RETURNS TABLE (generation bigint, place int) LANGUAGE plpgsql AS $$
DECLARE
    in_flight int;
    in_line int;
BEGIN
    PERFORM pg_advisory_xact_lock(7301, of_organization::int);
    SELECT count(*) FILTER (WHERE state <> 'waiting'), count(*) FILTER (WHERE state = 'waiting')
    INTO in_flight, in_line
    FROM generations_generation
    WHERE organization_id = of_organization AND state IN ('waiting', 'queued', 'running');
    IF in_line = 0 OR in_flight >= most THEN
        RETURN;
    END IF;
    RETURN QUERY
        WITH first AS (
            SELECT id FROM generations_generation WHERE organization_id = of_organization AND state = 'waiting'
            ORDER BY id LIMIT most - in_flight FOR UPDATE SKIP LOCKED
        ), queued AS (
            UPDATE generations_generation g SET state = 'queued', queued_at = at_time
            FROM first WHERE g.id = first.id RETURNING g.id
        )
        SELECT id, in_flight - 1 + (row_number() OVER (ORDER BY id))::int FROM queued ORDER BY id;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("generations", "0022_pictures_of_a_person")]
    operations = [
        migrations.RunSQL(sql=[ADMIT], reverse_sql=["DROP FUNCTION generation_admit(bigint, int, timestamptz)"])
    ]
