"""Addresses of the generations API."""

from django.urls import path

from accounts import converters  # noqa: F401 — knows `id`
from generations import (
    api,
    asking_api,
    client_api,
    delivery_api,
    library_api,
    looking_api,
    original_api,
    picture_api,
    project_api,
    proposal_api,
    proposal_draft_api,
    review_api,
    review_talk_api,
    room_api,
    room_set_api,
)

_CLIENT, _ROOM, _PHOTO = "clients/<id:client_id>", "rooms/<id:room_id>", "photos/<id:photo_id>"
_PROJECT = "projects/<id:project_id>"
_PRODUCT, _RECIPE = "products/<id:product_id>", "recipes/<id:recipe_id>"
_REVIEW = "reviews/<id:review_id>"
_DELIVERY = "deliveries/<id:delivery_id>"
_PROPOSAL = "proposals/<id:proposal_id>"

urlpatterns = [
    path("generate", api.Generate.as_view(), name="api-generate"),
    path("generations", api.GenerationCollection.as_view(), name="api-generations"),
    path("generations/price", asking_api.GenerationPrice.as_view(), name="api-generation-price"),
    path("generations/<id:generation_id>", api.GenerationDetail.as_view(), name="api-generation"),
    path(
        "generations/<id:generation_id>/cancel",
        api.GenerationCancellation.as_view(),
        name="api-generation-cancel",
    ),
    path(
        "generations/<id:generation_id>/again",
        asking_api.GenerationAgain.as_view(),
        name="api-generation-again",
    ),
    path(
        "generations/<id:generation_id>/lineage",
        picture_api.GenerationLineage.as_view(),
        name="api-generation-lineage",
    ),
    path("rooms/<id:room_id>/lineage", picture_api.RoomLineage.as_view(), name="api-room-lineage"),
    path("modes", picture_api.Modes.as_view(), name="api-modes"),
    path("styles", picture_api.Styles.as_view(), name="api-styles"),
    path("pictures", picture_api.Pictures.as_view(), name="api-pictures"),
    path("pictures/<id:picture_id>", picture_api.PictureDetail.as_view(), name="api-picture"),
    path(
        "pictures/<id:picture_id>/renditions",
        picture_api.PictureRenditions.as_view(),
        name="api-picture-renditions",
    ),
    path(
        "pictures/<id:picture_id>/renditions/<id:kind>",
        picture_api.PictureRendition.as_view(),
        name="api-picture-rendition",
    ),
    path(
        "pictures/<id:picture_id>/placement",
        asking_api.PicturePlacement.as_view(),
        name="api-picture-placement",
    ),
    path("pictures/<id:picture_id>/star", looking_api.PictureStar.as_view(), name="api-picture-star"),
    path("pictures/<id:picture_id>/links", looking_api.PictureLinks.as_view(), name="api-picture-links"),
    path("room-sets", room_set_api.RoomSets.as_view(), name="api-room-sets"),
    path("room-sets/price", room_set_api.RoomSetPrice.as_view(), name="api-room-set-price"),
    path("room-sets/<id:set_id>", room_set_api.RoomSetDetail.as_view(), name="api-room-set"),
    path(
        "room-sets/<id:set_id>/cancel",
        room_set_api.RoomSetCancellation.as_view(),
        name="api-room-set-cancel",
    ),
    path("room-sets/<id:set_id>/repeat", room_set_api.RoomSetRepeat.as_view(), name="api-room-set-repeat"),
    path("links/<id:link_id>", looking_api.Link.as_view(), name="api-link"),
    path("clients", client_api.ClientCollection.as_view(), name="api-clients"),
    path(_CLIENT, client_api.ClientDetail.as_view(), name="api-client"),
    path(f"{_CLIENT}/archive", client_api.ClientArchive.as_view(), name="api-client-archive"),
    path(f"{_CLIENT}/restore", client_api.ClientRestore.as_view(), name="api-client-restore"),
    path(f"{_CLIENT}/logo", client_api.ClientLogo.as_view(), name="api-client-logo"),
    path(f"{_CLIENT}/budget", client_api.ClientBudget.as_view(), name="api-client-budget"),
    path("projects", project_api.ProjectCollection.as_view(), name="api-projects"),
    path(_PROJECT, project_api.ProjectDetail.as_view(), name="api-project"),
    path(f"{_PROJECT}/archive", project_api.ProjectArchive.as_view(), name="api-project-archive"),
    path(f"{_PROJECT}/restore", project_api.ProjectRestore.as_view(), name="api-project-restore"),
    path(f"{_PROJECT}/duplicate", project_api.ProjectDuplicate.as_view(), name="api-project-duplicate"),
    path("rooms", room_api.RoomCollection.as_view(), name="api-rooms"),
    path(_ROOM, room_api.RoomDetail.as_view(), name="api-room"),
    path(f"{_ROOM}/place", room_api.RoomPlace.as_view(), name="api-room-place"),
    path("photos", room_api.PhotoCollection.as_view(), name="api-photos"),
    path(_PHOTO, room_api.PhotoDetail.as_view(), name="api-photo"),
    path(f"{_PHOTO}/place", room_api.PhotoPlace.as_view(), name="api-photo-place"),
    path("products", library_api.Products.as_view(), name="api-products"),
    path(_PRODUCT, library_api.ProductDetail.as_view(), name="api-product"),
    path("recipes", library_api.Recipes.as_view(), name="api-recipes"),
    path(_RECIPE, library_api.RecipeDetail.as_view(), name="api-recipe"),
    path(f"{_RECIPE}/lock", library_api.RecipeLock.as_view(), name="api-recipe-lock"),
    path(f"{_RECIPE}/unlock", library_api.RecipeUnlock.as_view(), name="api-recipe-unlock"),
    path("reviews", review_api.Reviews.as_view(), name="api-reviews"),
    path(_REVIEW, review_api.ReviewDetail.as_view(), name="api-review"),
    path(f"{_REVIEW}/revoke", review_api.ReviewRevocation.as_view(), name="api-review-revoke"),
    path(f"{_REVIEW}/rounds", review_api.ReviewRounds.as_view(), name="api-review-rounds"),
    path(f"{_REVIEW}/round/close", review_api.ReviewRoundClosing.as_view(), name="api-review-round-close"),
    path(
        f"{_REVIEW}/round/reopen", review_api.ReviewRoundReopening.as_view(), name="api-review-round-reopen"
    ),
    path(f"{_REVIEW}/links", review_api.ReviewLinks.as_view(), name="api-review-links"),
    path(f"{_REVIEW}/links/<id:link_id>", review_api.ReviewLinkDetail.as_view(), name="api-review-link"),
    path(f"{_REVIEW}/items", review_talk_api.ReviewItems.as_view(), name="api-review-items"),
    path(f"{_REVIEW}/decisions", review_talk_api.ReviewDecisions.as_view(), name="api-review-decisions"),
    path(f"{_REVIEW}/comments", review_talk_api.ReviewComments.as_view(), name="api-review-comments"),
    path(
        f"{_REVIEW}/comments/<id:comment_id>",
        review_talk_api.ReviewComment.as_view(),
        name="api-review-comment",
    ),
    path(
        f"{_REVIEW}/comments/<id:comment_id>/replies",
        review_talk_api.ReviewReplies.as_view(),
        name="api-review-replies",
    ),
    path("proposals", proposal_api.Proposals.as_view(), name="api-proposals"),
    path(_PROPOSAL, proposal_api.ProposalDetail.as_view(), name="api-proposal"),
    path(f"{_PROPOSAL}/send", proposal_api.ProposalSending.as_view(), name="api-proposal-send"),
    path(f"{_PROPOSAL}/withdraw", proposal_api.ProposalWithdrawal.as_view(), name="api-proposal-withdraw"),
    path(f"{_PROPOSAL}/versions", proposal_api.ProposalVersions.as_view(), name="api-proposal-versions"),
    path(f"{_PROPOSAL}/pdf", proposal_api.ProposalPaper.as_view(), name="api-proposal-pdf"),
    path(f"{_PROPOSAL}/links", proposal_api.ProposalLinks.as_view(), name="api-proposal-links"),
    path(
        f"{_PROPOSAL}/links/<id:link_id>",
        proposal_api.ProposalLinkDetail.as_view(),
        name="api-proposal-link",
    ),
    path(f"{_PROPOSAL}/lines", proposal_draft_api.ProposalLines.as_view(), name="api-proposal-lines"),
    path(
        f"{_PROPOSAL}/lines/<id:line_id>",
        proposal_draft_api.ProposalLineDetail.as_view(),
        name="api-proposal-line",
    ),
    path(
        f"{_PROPOSAL}/furniture",
        proposal_draft_api.ProposalFurniture.as_view(),
        name="api-proposal-furniture",
    ),
    path(
        f"{_PROPOSAL}/pictures", proposal_draft_api.ProposalPictures.as_view(), name="api-proposal-pictures"
    ),
    path(
        "proposal-settings", proposal_draft_api.ProposalSettingsView.as_view(), name="api-proposal-settings"
    ),
    path("proposal-settings/logo", proposal_draft_api.ProposalLogo.as_view(), name="api-proposal-logo"),
    path("export-profiles", delivery_api.ExportProfiles.as_view(), name="api-export-profiles"),
    path(
        "export-profiles/<slug:profile_id>",
        delivery_api.ExportProfileDetail.as_view(),
        name="api-export-profile",
    ),
    path("deliveries", delivery_api.Deliveries.as_view(), name="api-deliveries"),
    path(_DELIVERY, delivery_api.DeliveryDetail.as_view(), name="api-delivery"),
    path(f"{_DELIVERY}/release", delivery_api.DeliveryRelease.as_view(), name="api-delivery-release"),
    path(f"{_DELIVERY}/withdraw", delivery_api.DeliveryWithdrawal.as_view(), name="api-delivery-withdraw"),
    path(f"{_DELIVERY}/link", delivery_api.DeliveryLinkRenewal.as_view(), name="api-delivery-link"),
    path(f"{_DELIVERY}/archive", delivery_api.DeliveryArchive.as_view(), name="api-delivery-archive"),
    path(
        "pictures/<id:picture_id>/original",
        original_api.PictureOriginal.as_view(),
        name="api-picture-original",
    ),
    path("verify", original_api.Verify.as_view(), name="api-verify"),
    path("test-data", original_api.TestData.as_view(), name="api-test-data"),
]
