"""A deleted person belongs to no workspace, whatever the code does at the same moment."""

from django.db import migrations

# The row of the person is locked as its foreign key would: an account that is being deleted is waited for, and then
# seen as it has become.
OF_THE_LIVING = """
CREATE FUNCTION membership_of_the_living() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM accounts_user WHERE id = NEW.user_id AND deleted_at IS NULL FOR KEY SHARE;
    IF FOUND THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'user % was deleted', NEW.user_id
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'membership_of_the_living';
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_ends_of_accounts_and_news")]
    operations = [
        migrations.RunSQL(
            sql=[
                OF_THE_LIVING,
                "CREATE TRIGGER membership_of_the_living AFTER INSERT OR UPDATE OF user_id ON accounts_membership"
                " FOR EACH ROW EXECUTE FUNCTION membership_of_the_living()",
            ],
            reverse_sql=[
                "DROP TRIGGER membership_of_the_living ON accounts_membership",
                "DROP FUNCTION membership_of_the_living()",
            ],
        ),
    ]
