"""The second wall: PostgreSQL shows and takes rows of the entered workspace only."""

from django.db import migrations

from accounts.database import append_only, row_level_security


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_people_and_workspaces")]
    operations = [
        row_level_security("accounts_membership"),
        row_level_security("accounts_apikey"),
        row_level_security("accounts_auditentry"),
        append_only("accounts_auditentry"),
    ]
