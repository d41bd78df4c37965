"""The second wall of review rooms, and what the database itself refuses in them.

Each function locks the room's row as the service does, so that a decision or a comment comes before a revocation or the
end of a round, or after it and is refused. Rows of another workspace are invisible here, and so never fit.
"""

from django.db import migrations

from accounts.database import row_level_security

REFUSE = "USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = "

# NEW has room_id, item_id, link_id, round and a time.
OPEN_ROOM = f"""
    SELECT * INTO room FROM generations_reviewroom
        WHERE id = NEW.room_id AND organization_id = NEW.organization_id FOR SHARE;
    IF NOT FOUND OR room.revoked_at IS NOT NULL THEN
        RAISE EXCEPTION 'the review room is revoked' {REFUSE} 'review_room_not_revoked';
    END IF;
    IF room.round_closed_at IS NOT NULL OR NEW.round <> room.current_round THEN
        RAISE EXCEPTION 'the round is closed' {REFUSE} 'review_round_open';
    END IF;
    PERFORM 1 FROM generations_reviewlink
        WHERE id = NEW.link_id AND room_id = NEW.room_id AND revoked_at IS NULL AND expires_at > %s FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the link has ended' {REFUSE} 'review_link_open';
    END IF;
"""

DECISION = [
    f"""CREATE FUNCTION generations_decision_fits() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE room generations_reviewroom%ROWTYPE;
        BEGIN
            {OPEN_ROOM % "NEW.at"}
            PERFORM 1 FROM generations_reviewitem AS item
                WHERE item.id = NEW.item_id AND item.room_id = NEW.room_id AND NOT EXISTS
                    (SELECT FROM generations_reviewitem AS newer WHERE newer.replaces_id = item.id);
            IF NOT FOUND THEN
                RAISE EXCEPTION 'not a picture of this room' {REFUSE} 'decision_item_of_room';
            END IF;
            IF NEW.reference_id IS NOT NULL THEN
                PERFORM 1 FROM generations_generationreference AS piece
                    JOIN generations_picture AS picture ON picture.generation_id = piece.generation_id
                    JOIN generations_reviewitem AS item ON item.picture_id = picture.id
                    WHERE piece.id = NEW.reference_id AND item.id = NEW.item_id;
                IF NOT FOUND THEN
                    RAISE EXCEPTION 'not a piece of this picture' {REFUSE} 'decision_piece_of_item';
                END IF;
            END IF;
            RETURN NEW;
        END $$""",
    "CREATE TRIGGER generations_decision_fits BEFORE INSERT ON generations_decision"
    " FOR EACH ROW EXECUTE FUNCTION generations_decision_fits()",
    f"""CREATE FUNCTION generations_decision_stands() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a decision is never changed' {REFUSE} 'decision_stands';
        END $$""",
    "CREATE TRIGGER generations_decision_stands BEFORE UPDATE ON generations_decision"
    " FOR EACH ROW EXECUTE FUNCTION generations_decision_stands()",
]

COMMENT = [
    f"""CREATE FUNCTION generations_comment_fits() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE room generations_reviewroom%ROWTYPE;
        BEGIN
            IF NEW.link_id IS NOT NULL THEN
                {OPEN_ROOM % "NEW.created_at"}
            END IF;
            PERFORM 1 FROM generations_reviewitem AS item
                WHERE item.id = NEW.item_id AND item.room_id = NEW.room_id
                    AND item.organization_id = NEW.organization_id;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'not a picture of this room' {REFUSE} 'review_comment_item_of_room';
            END IF;
            IF NEW.parent_id IS NOT NULL THEN
                PERFORM 1 FROM generations_comment AS parent
                    WHERE parent.id = NEW.parent_id AND parent.item_id = NEW.item_id AND parent.parent_id IS NULL;
                IF NOT FOUND THEN
                    RAISE EXCEPTION 'not a comment on this picture' {REFUSE} 'review_comment_parent_of_item';
                END IF;
            END IF;
            RETURN NEW;
        END $$""",
    "CREATE TRIGGER generations_comment_fits BEFORE INSERT ON generations_comment"
    " FOR EACH ROW EXECUTE FUNCTION generations_comment_fits()",
]

ITEM = [
    f"""CREATE FUNCTION generations_reviewitem_fits() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM 1 FROM generations_picture AS picture, generations_reviewroom AS room
                WHERE picture.id = NEW.picture_id AND picture.organization_id = NEW.organization_id
                    AND room.id = NEW.room_id AND room.organization_id = NEW.organization_id;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'not a picture of this workspace' {REFUSE} 'review_item_of_workspace';
            END IF;
            IF NEW.replaces_id IS NOT NULL THEN
                PERFORM 1 FROM generations_reviewitem AS older
                    WHERE older.id = NEW.replaces_id AND older.room_id = NEW.room_id;
                IF NOT FOUND THEN
                    RAISE EXCEPTION 'replaces a picture of another room' {REFUSE} 'review_item_replaces_of_room';
                END IF;
            END IF;
            RETURN NEW;
        END $$""",
    "CREATE TRIGGER generations_reviewitem_fits BEFORE INSERT OR UPDATE ON generations_reviewitem"
    " FOR EACH ROW EXECUTE FUNCTION generations_reviewitem_fits()",
]


def gone(table, *names):
    drops = [f"DROP TRIGGER {name} ON {table}" for name in names]
    return drops + [f"DROP FUNCTION {name}()" for name in names]


class Migration(migrations.Migration):
    dependencies = [("generations", "0011_review_rooms")]
    operations = [
        row_level_security("generations_reviewroom"),
        row_level_security("generations_reviewlink"),
        row_level_security("generations_reviewitem"),
        row_level_security("generations_comment"),
        row_level_security("generations_decision"),
        migrations.RunSQL(
            DECISION, gone("generations_decision", "generations_decision_fits", "generations_decision_stands")
        ),
        migrations.RunSQL(COMMENT, gone("generations_comment", "generations_comment_fits")),
        migrations.RunSQL(ITEM, gone("generations_reviewitem", "generations_reviewitem_fits")),
    ]
