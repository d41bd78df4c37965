"""The second wall around what happened in a workspace."""

from django.db import migrations

from accounts.database import row_level_security


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_events_and_notifications")]
    operations = [row_level_security("accounts_event"), row_level_security("accounts_notification")]
