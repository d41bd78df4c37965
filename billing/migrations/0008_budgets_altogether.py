"""A budget may be for good instead of for each month."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0007_statement_by_time")]
    operations = [
        migrations.AddField(
            model_name="budget",
            name="is_total",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
