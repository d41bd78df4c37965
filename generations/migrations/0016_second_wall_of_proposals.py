"""The second wall of proposals, and what the database itself refuses in them.

What is sent is frozen: columns not named in MOVES can't change any more, lines and pictures neither. Rows go when their
workspace is deleted, and drafts before.
"""

from django.db import migrations

from accounts.database import row_level_security

REFUSE = "USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = "
TABLES = ("settings", "", "picture", "line", "link", "answer")
# Columns of a sent proposal that go on: its state with the time, the files that a job makes, when it was opened.
# `replaces_id` and the people are foreign keys that are emptied when what they name goes.
MOVES = "ARRAY['state','ended_at','logo','pdf','first_opened_at','replaces_id','created_by_id','sent_by_id']"
FILES = "ARRAY['before','after','thumbnail','product_id']"

PROPOSAL = f"""CREATE FUNCTION generations_proposal_stands() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF OLD.state <> 'draft' AND NOT EXISTS
                (SELECT FROM accounts_organization WHERE id = OLD.organization_id AND deleted_at IS NOT NULL) THEN
                RAISE EXCEPTION 'a sent proposal stays' {REFUSE} 'proposal_stays';
            END IF;
            RETURN OLD;
        END IF;
        IF OLD.state <> 'draft' AND to_jsonb(NEW) - {MOVES} IS DISTINCT FROM to_jsonb(OLD) - {MOVES} THEN
            RAISE EXCEPTION 'a sent proposal is frozen' {REFUSE} 'proposal_frozen';
        END IF;
        IF NEW.state <> OLD.state AND NOT (OLD.state = 'draft' AND NEW.state = 'sent')
            AND NOT (OLD.state = 'sent' AND NEW.state IN ('accepted', 'declined', 'withdrawn', 'superseded')) THEN
            RAISE EXCEPTION 'a proposal goes from % to % never', OLD.state, NEW.state {REFUSE} 'proposal_step';
        END IF;
        IF OLD.state = 'draft' AND NEW.state = 'sent' THEN
            IF NOT EXISTS (SELECT FROM generations_proposalpicture WHERE proposal_id = NEW.id) THEN
                RAISE EXCEPTION 'a proposal shows a picture' {REFUSE} 'proposal_has_a_picture';
            END IF;
            IF EXISTS (SELECT FROM generations_proposalpicture AS mine WHERE mine.proposal_id = NEW.id
                AND coalesce((
                    SELECT decision.outcome FROM generations_decision AS decision
                    JOIN generations_reviewitem AS item ON item.id = decision.item_id
                    JOIN generations_reviewroom AS room ON room.id = item.room_id
                    WHERE item.picture_id = mine.picture_id AND room.project_id = NEW.project_id
                        AND decision.reference_id IS NULL AND NOT EXISTS
                            (SELECT FROM generations_reviewitem AS newer WHERE newer.replaces_id = item.id)
                    ORDER BY decision.id DESC LIMIT 1
                ), '') <> 'approved') THEN
                RAISE EXCEPTION 'a picture is not approved' {REFUSE} 'proposal_pictures_approved';
            END IF;
        END IF;
        RETURN NEW;
    END $$"""

PART = f"""CREATE FUNCTION generations_proposal_part_stands() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE proposal_state text;
    BEGIN
        SELECT state INTO proposal_state FROM generations_proposal
            WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.proposal_id ELSE NEW.proposal_id END FOR SHARE;
        IF coalesce(proposal_state, 'draft') = 'draft' THEN
            RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
        END IF;
        IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - {FILES} IS NOT DISTINCT FROM to_jsonb(OLD) - {FILES} THEN
            RETURN NEW;
        END IF;
        IF TG_OP = 'DELETE' AND EXISTS
            (SELECT FROM accounts_organization WHERE id = OLD.organization_id AND deleted_at IS NOT NULL) THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'a sent proposal is frozen' {REFUSE} 'proposal_frozen';
    END $$"""

ANSWER = f"""CREATE FUNCTION generations_proposal_answer_stands() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND EXISTS
            (SELECT FROM accounts_organization WHERE id = OLD.organization_id AND deleted_at IS NOT NULL) THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'an answer is never changed' {REFUSE} 'proposal_answer_stands';
    END $$"""


class Migration(migrations.Migration):
    dependencies = [("generations", "0015_proposals")]

    operations = [
        *(row_level_security(f"generations_proposal{table}") for table in TABLES),
        migrations.RunSQL(
            sql=[
                PROPOSAL,
                "CREATE TRIGGER generations_proposal_stands BEFORE UPDATE OR DELETE ON generations_proposal"
                " FOR EACH ROW EXECUTE FUNCTION generations_proposal_stands()",
                PART,
                *(
                    f"CREATE TRIGGER generations_proposal{part}_stands BEFORE INSERT OR UPDATE OR DELETE"
                    f" ON generations_proposal{part} FOR EACH ROW EXECUTE FUNCTION generations_proposal_part_stands()"
                    for part in ("picture", "line")
                ),
                ANSWER,
                "CREATE TRIGGER generations_proposalanswer_stands BEFORE UPDATE OR DELETE ON generations_proposalanswer"
                " FOR EACH ROW EXECUTE FUNCTION generations_proposal_answer_stands()",
            ],
            reverse_sql=[
                "DROP TRIGGER generations_proposalanswer_stands ON generations_proposalanswer",
                "DROP TRIGGER generations_proposalline_stands ON generations_proposalline",
                "DROP TRIGGER generations_proposalpicture_stands ON generations_proposalpicture",
                "DROP TRIGGER generations_proposal_stands ON generations_proposal",
                "DROP FUNCTION generations_proposal_answer_stands()",
                "DROP FUNCTION generations_proposal_part_stands()",
                "DROP FUNCTION generations_proposal_stands()",
            ],
        ),
    ]
