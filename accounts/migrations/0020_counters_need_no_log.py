"""Counters of requests are worth no write-ahead log: after a crash they begin anew."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0019_counters_of_requests")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE accounts_ratewindow SET UNLOGGED", "ALTER TABLE accounts_ratewindow SET LOGGED"
        )
    ]
