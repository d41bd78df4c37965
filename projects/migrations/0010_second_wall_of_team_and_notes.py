from django.db import migrations

from accounts.database import row_level_security


class Migration(migrations.Migration):
    dependencies = [("projects", "0009_team_and_notes")]

    operations = [
        row_level_security("projects_projectmember"),
        row_level_security("projects_projectnote"),
    ]
