"""Words of the prompts that were there before the trigger. It may be repeated."""

from django.db import migrations

KEEP = "Keep the architecture: walls, windows and doors stay exactly where they are."
FILL = f"""
    INSERT INTO generations_promptword (organization_id, word, generation_id)
    SELECT g.organization_id, words.word, g.id
    FROM generations_generation g
    CROSS JOIN LATERAL (
        SELECT word
        FROM unnest(tsvector_to_array(to_tsvector('simple', left(replace(g.prompt, '{KEEP}', ''), 4000)))) AS word
        LIMIT 200
    ) AS words
    ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("generations", "0009_wall_and_words_of_prompts")]
    operations = [
        migrations.RunSQL(
            sql=["SELECT set_config('app.system', 'on', true)", FILL, "SELECT set_config('app.system', '', true)"],
            reverse_sql=[],
        )
    ]
