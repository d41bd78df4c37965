"""Many generations in no time, for what is measured: written by one statement, not made by the product."""

from __future__ import annotations

from django.db import connection

from accounts.models import Organization
from generations.models import Generation
from projects.models import Photo

# Half of the prompts have "oak", one in ten thousand "zebrawood".
_GENERATIONS = """
    INSERT INTO generations_generation
        (public_id, organization_id, room_id, requested_by_id, engine, is_test, own_key, photo_id, prompt, resolution,
         mode, style,
         design_level, mask, variations, price, state, attempt, worker, is_awaited, error_code, error_message,
         credits_held, credits_settled, credits_released, idempotency_key, request_sha256, created_at, finished_at)
    SELECT 'gen_' || md5(%(organization)s || '-' || n), %(organization)s, %(room)s, %(person)s,
        CASE WHEN n %% 3 = 0 THEN 'meltflex' ELSE 'preview' END, true, false, %(photo)s,
        (ARRAY['Japandi', 'Scandinavian', 'Industrial', 'Rustic', 'Boho', 'Coastal'])[1 + n %% 6] || ' with '
            || CASE WHEN n %% 2 = 0 THEN 'light oak' ELSE 'dark walnut' END || ' floor, '
            || (ARRAY['white', 'sage green', 'terracotta', 'clay'])[1 + n %% 4] || ' walls and '
            || CASE WHEN n %% 10000 = 7 THEN 'zebrawood' ELSE 'linen' END || ' curtains, number ' || n,
        '', '', '', 'quick', false, 1, 0, CASE WHEN n %% 20 = 0 THEN 'failed' ELSE 'succeeded' END, 1, '', false,
        CASE WHEN n %% 20 = 0 THEN 'engine_failed' ELSE '' END, '', 0, 0, 0, '', '',
        now() - (%(many)s - n) * interval '5 minutes', now()
    FROM generate_series(1, %(many)s) AS n
"""
_PICTURES = """
    INSERT INTO generations_picture
        (public_id, organization_id, generation_id, position, image, thumbnail, width, height, bytes, notes, created_at)
    SELECT 'pic_' || md5('picture' || id), organization_id, id, 0, 'x/' || id || '.png', 'x/' || id || '.jpg',
        1536, 1024, 1, '{}', created_at
    FROM generations_generation WHERE organization_id = %(organization)s AND state = 'succeeded'
        AND id > %(after)s
"""


def fill(organization: Organization, many: int) -> None:
    """So many generations of a test key, most of them with one picture; the planner is told of them."""
    photo = Photo.objects.create(organization=organization, source_url="https://example.com/room.jpg")
    newest = Generation.objects.order_by("-pk").first()
    facts = {
        "organization": organization.pk,
        "many": many,
        "room": None,
        "person": None,
        "photo": photo.pk,
        "after": newest.pk if newest else 0,
    }
    with connection.cursor() as cursor:
        cursor.execute(_GENERATIONS, facts)
        cursor.execute("ANALYZE generations_generation")
        cursor.execute(_PICTURES, facts)
        cursor.execute("ANALYZE generations_generation, generations_picture")
