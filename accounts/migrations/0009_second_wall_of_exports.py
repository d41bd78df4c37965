"""The second wall around exports; those of a person belong to no workspace and are seen by the system alone."""

from django.db import migrations

from accounts.database import row_level_security


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_exports")]
    operations = [row_level_security("accounts_export")]
