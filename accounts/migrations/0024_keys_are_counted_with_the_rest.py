"""Requests of keys are counted in accounts_ratewindow, as those of apps are: no transaction and no disk for a count.

The columns stay for the programs of the last release, which still count in them while both run; a later one drops them.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0023_events_in_feeds")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField("apikey", "window_start"),
                migrations.RemoveField("apikey", "window_count"),
            ],
            database_operations=[
                migrations.RunSQL(
                    sql=["ALTER TABLE accounts_apikey ALTER COLUMN window_count SET DEFAULT 0"],
                    reverse_sql=["ALTER TABLE accounts_apikey ALTER COLUMN window_count DROP DEFAULT"],
                )
            ],
        )
    ]
