"""Sums of each day's lines, which charts and totals read; the lines there are, counted once.

A migration because a statement read every line of a year for its chart and its filters, and `GET /credits` every line
ever: at a million lines that is a second each time.
"""

import django.db.models.deletion
from django.db import migrations, models

from accounts.database import row_level_security

# Every line but holds, once for all and once for each label that a statement is filtered by.
PARTS = """
    (SELECT '' AS key, '' AS value
     UNION ALL SELECT label.key, left(label.value, 254) FROM jsonb_each_text({line}.labels) label
     WHERE label.key IN ('by', 'room', 'project', 'client'))
"""
SUMS = """
    ({line}.at AT TIME ZONE 'UTC')::date,
    CASE WHEN {line}.kind = 'grant' THEN {line}.allowance + {line}.purchased - {line}.debt ELSE 0 END,
    CASE WHEN {line}.kind = 'settle' THEN -({line}.allowance + {line}.purchased + {line}.held) ELSE 0 END
"""
COUNT = f"""
CREATE FUNCTION credit_day_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The account is locked by whoever writes a line, so nobody else is at these rows.
    INSERT INTO billing_creditday AS had (organization_id, key, value, day, granted, taken, lines)
    SELECT NEW.organization_id, part.key, part.value, {SUMS.format(line="NEW")}, 1
    FROM {PARTS.format(line="NEW")} part
    ON CONFLICT (organization_id, key, value, day) DO UPDATE
    SET granted = had.granted + excluded.granted, taken = had.taken + excluded.taken, lines = had.lines + 1;
    RETURN NULL;
END $$
"""
FILL = f"""
INSERT INTO billing_creditday (organization_id, key, value, day, granted, taken, lines)
SELECT line.organization_id, part.key, part.value, sums.day, sum(sums.granted), sum(sums.taken), count(*)
FROM billing_creditentry line CROSS JOIN LATERAL {PARTS.format(line="line")} part
     CROSS JOIN LATERAL (SELECT {SUMS.format(line="line")}) sums(day, granted, taken)
WHERE line.kind <> 'hold' GROUP BY 1, 2, 3, 4
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0022_host_names_of_workspaces"), ("billing", "0008_budgets_altogether")]
    operations = [
        migrations.CreateModel(
            name="CreditDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(blank=True, max_length=20)),
                ("value", models.CharField(blank=True, max_length=254)),
                ("day", models.DateField()),
                ("lines", models.IntegerField()),
                ("granted", models.BigIntegerField()),
                ("taken", models.BigIntegerField()),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organization"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "key", "value", "day"), name="credit_day_once_per_label"
                    )
                ],
            },
        ),
        row_level_security("billing_creditday"),
        migrations.RunSQL(
            sql=[
                "SELECT set_config('app.system', 'on', true)",
                FILL,
                "SELECT set_config('app.system', '', true)",
                COUNT,
                "CREATE TRIGGER credit_day_count AFTER INSERT ON billing_creditentry FOR EACH ROW"
                " WHEN (NEW.kind <> 'hold') EXECUTE FUNCTION credit_day_count()",
            ],
            reverse_sql=["DROP TRIGGER credit_day_count ON billing_creditentry", "DROP FUNCTION credit_day_count()"],
        ),
    ]
