"""The second wall around invitations; and a workspace that is in use keeps an owner, whatever the code does."""

from django.db import migrations

from accounts.database import row_level_security

# Deferred, so that ownership can be handed over in any order. At commit it locks the workspace: of two owners who
# leave at once the second waits, and then sees that it is the last one.
KEEPS_AN_OWNER = """
CREATE FUNCTION membership_keeps_an_owner() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    outer_setting text := coalesce(current_setting('app.system', true), '');
    is_kept boolean;
BEGIN
    PERFORM 1 FROM accounts_organization WHERE id = OLD.organization_id AND deleted_at IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('app.system', 'on', true);
    is_kept := EXISTS (
        SELECT 1 FROM accounts_membership WHERE organization_id = OLD.organization_id AND role = 'owner'
    );
    PERFORM set_config('app.system', outer_setting, true);
    IF is_kept THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'workspace % would be without an owner', OLD.organization_id
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'membership_keeps_an_owner';
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_invitations_and_wishes")]
    operations = [
        row_level_security("accounts_invitation"),
        migrations.RunSQL(
            sql=[
                KEEPS_AN_OWNER,
                "CREATE CONSTRAINT TRIGGER membership_keeps_an_owner AFTER UPDATE OR DELETE ON accounts_membership"
                " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.role = 'owner')"
                " EXECUTE FUNCTION membership_keeps_an_owner()",
            ],
            reverse_sql=[
                "DROP TRIGGER membership_keeps_an_owner ON accounts_membership",
                "DROP FUNCTION membership_keeps_an_owner()",
            ],
        ),
    ]
