"""The second wall around products and recipes."""

from django.db import migrations

from accounts.database import row_level_security


class Migration(migrations.Migration):
    dependencies = [("projects", "0006_products_and_recipes")]
    operations = [
        row_level_security("projects_product"),
        row_level_security("projects_recipe"),
        row_level_security("projects_recipeproduct"),
    ]
