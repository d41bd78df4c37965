"""Whether feeds show an event stands in its row, with an index of those that are shown.

A migration because the feed read past every event that it hides: a million ends of generations that a program asked for.
"""

from django.db import migrations, models

HIDDEN = ("generation.succeeded", "generation.failed", "generation.canceled", "webhook.test", "note.mentioned")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0022_host_names_of_workspaces")]
    operations = [
        migrations.AddField(
            model_name="event",
            name="in_feed",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.RunSQL(
            sql=[
                "SELECT set_config('app.system', 'on', true)",
                ("UPDATE accounts_event SET in_feed = false WHERE kind = ANY(%s)", [list(HIDDEN)]),
                "SELECT set_config('app.system', '', true)",
                "SET CONSTRAINTS ALL IMMEDIATE",
            ],
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("in_feed", True)),
                fields=["organization", "-id"],
                name="event_in_feed_newest_first",
            ),
        ),
    ]
