"""Addresses of the pages where pictures are asked for and looked at."""

from django.urls import path

from accounts import converters  # noqa: F401 — knows `id`
from generations import (
    gallery_pages,
    key_pages,
    library_pages,
    looking_pages,
    placing_pages,
    recipe_pages,
    sample_pages,
    sharing_pages,
    studio_pages,
    test_data_pages,
    views,
)

urlpatterns = [
    path("w/<id:workspace>/studio", studio_pages.studio, name="studio"),
    path("w/<id:workspace>/sample", sample_pages.ask_sample, name="sample"),
    path("w/<id:workspace>/photos", studio_pages.add_photo, name="add-photo"),
    path("w/<id:workspace>/library", library_pages.products, name="products"),
    path("w/<id:workspace>/library/<id:product_id>", library_pages.change_product, name="change-product"),
    path(
        "w/<id:workspace>/library/<id:product_id>/remove", library_pages.remove_product, name="remove-product"
    ),
    path("w/<id:workspace>/recipes", recipe_pages.recipes, name="recipes"),
    path("w/<id:workspace>/recipes/save", recipe_pages.save_recipe, name="save-recipe"),
    path("w/<id:workspace>/recipes/<id:recipe_id>/remove", recipe_pages.remove_recipe, name="remove-recipe"),
    path("w/<id:workspace>/recipes/<id:recipe_id>/lock", recipe_pages.lock_recipe, name="lock-recipe"),
    path("w/<id:workspace>/rooms/<id:room_id>", views.room, name="room"),
    path("w/<id:workspace>/generations", gallery_pages.history, name="history"),
    path("w/<id:workspace>/test-data/delete", test_data_pages.delete, name="delete-test-data"),
    path("w/<id:workspace>/compare", gallery_pages.compare, name="compare"),
    path("w/<id:workspace>/rooms/<id:room_id>/versions", looking_pages.room_versions, name="room-versions"),
    path("w/<id:workspace>/generations/<id:generation_id>/versions", looking_pages.versions, name="versions"),
    path("w/<id:workspace>/pictures/<id:picture_id>/star", looking_pages.star, name="star"),
    path(
        "w/<id:workspace>/pictures/<id:picture_id>/download/<id:kind>",
        looking_pages.download,
        name="download",
    ),
    path("w/<id:workspace>/pictures/<id:picture_id>/share", sharing_pages.share, name="share"),
    path("w/<id:workspace>/links/<id:link_id>/revoke", sharing_pages.revoke, name="revoke-link"),
    path("s/<id:token>", sharing_pages.shared, name="shared"),
    path("s/<id:token>/<id:which>", sharing_pages.shared_file, name="shared-file"),
    path("w/<id:workspace>/generations/<id:generation_id>", views.generation, name="generation"),
    path("w/<id:workspace>/generations/<id:generation_id>/progress", views.progress, name="progress"),
    path("w/<id:workspace>/generations/<id:generation_id>/cancel", views.cancel, name="cancel"),
    path("w/<id:workspace>/generations/<id:generation_id>/again", placing_pages.ask_again, name="ask-again"),
    path(
        "w/<id:workspace>/generations/<id:generation_id>/delete",
        views.delete_generation,
        name="delete-generation",
    ),
    path("w/<id:workspace>/pictures/<id:picture_id>/restyle", views.restyle, name="restyle"),
    path("w/<id:workspace>/pictures/<id:picture_id>/place", placing_pages.place, name="place"),
    path("w/<id:workspace>/settings/meltflex-key", key_pages.meltflex_key, name="meltflex-key"),
    path(
        "w/<id:workspace>/settings/meltflex-key/<id:key_id>/check",
        key_pages.check_meltflex_key,
        name="meltflex-key-check",
    ),
    path(
        "w/<id:workspace>/settings/meltflex-key/<id:key_id>/remove",
        key_pages.remove_meltflex_key,
        name="meltflex-key-remove",
    ),
    path("files/<str:token>/<str:filename>", views.file, name="file"),
]
