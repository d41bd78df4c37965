"""The second wall of copies, links and words; and the trigger that keeps the words of each prompt.

A trigger, so that whoever writes a prompt (an older release, a deletion that empties it) can't forget them.
"""

from django.db import migrations

from accounts.database import row_level_security

# The sentence that nearly every prompt ends with: a search for "walls" shall find those that change walls.
KEEP = "Keep the architecture: walls, windows and doors stay exactly where they are."
# At most 200 distinct words, of the first 4,000 characters.
WORDS = f"""
    SELECT word FROM unnest(tsvector_to_array(to_tsvector('simple', left(replace(%s, '{KEEP}', ''), 4000)))) AS word
    LIMIT 200
"""

KEEP_WORDS = migrations.RunSQL(
    sql=[
        f"""CREATE FUNCTION generations_keep_words() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'UPDATE' THEN
                    DELETE FROM generations_promptword WHERE generation_id = NEW.id;
                END IF;
                INSERT INTO generations_promptword (organization_id, word, generation_id)
                SELECT NEW.organization_id, words.word, NEW.id FROM ({WORDS % "NEW.prompt"}) AS words;
                RETURN NULL;
            END $$""",
        "CREATE TRIGGER generations_keep_words_of_new AFTER INSERT ON generations_generation"
        " FOR EACH ROW EXECUTE FUNCTION generations_keep_words()",
        "CREATE TRIGGER generations_keep_words_of_changed AFTER UPDATE OF prompt ON generations_generation"
        " FOR EACH ROW WHEN (OLD.prompt IS DISTINCT FROM NEW.prompt) EXECUTE FUNCTION generations_keep_words()",
    ],
    reverse_sql=[
        "DROP TRIGGER generations_keep_words_of_changed ON generations_generation",
        "DROP TRIGGER generations_keep_words_of_new ON generations_generation",
        "DROP FUNCTION generations_keep_words()",
    ],
)


class Migration(migrations.Migration):
    dependencies = [("generations", "0008_favourites_links_copies_and_words")]
    operations = [
        row_level_security("generations_rendition"),
        row_level_security("generations_sharelink"),
        row_level_security("generations_promptword"),
        KEEP_WORDS,
    ]
