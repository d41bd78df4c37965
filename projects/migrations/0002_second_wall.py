"""The second wall: PostgreSQL shows and takes rows of the entered workspace only."""

from django.db import migrations

from accounts.database import row_level_security


class Migration(migrations.Migration):
    dependencies = [("projects", "0001_clients_projects_rooms_photos")]
    operations = [
        row_level_security("projects_client"),
        row_level_security("projects_project"),
        row_level_security("projects_room"),
        row_level_security("projects_photo"),
    ]
