"""An index of whose generations are whose, newest first.

A migration because the gallery of one person sorted all that they ever asked for.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generations", "0021_logo_of_the_client_is_made_after_sending")]
    operations = [
        migrations.AddIndex(
            model_name="generation",
            index=models.Index(fields=["organization", "requested_by", "-id"], name="generation_of_person"),
        ),
    ]
