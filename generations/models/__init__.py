"""Rows of the app, split by concept."""

from generations.models.delivery import Delivery, DeliveryItem, ExportProfile, OriginalPage
from generations.models.generation import ENDED, Generation, GenerationReference, State
from generations.models.looking import PromptWord, Rendition, ShareLink
from generations.models.picture import Picture, Signature
from generations.models.proposal import (
    Proposal,
    ProposalAnswer,
    ProposalLine,
    ProposalLink,
    ProposalPicture,
    ProposalSettings,
)
from generations.models.review import Comment, Decision, ReviewItem, ReviewLink, ReviewRoom
from generations.models.room_set import RoomSet
from generations.models.upstream import EngineTiming, UpstreamCall, UpstreamGate, UpstreamKey, UpstreamTurn

__all__ = [
    "ENDED",
    "Comment",
    "Decision",
    "Delivery",
    "DeliveryItem",
    "EngineTiming",
    "ExportProfile",
    "Generation",
    "GenerationReference",
    "OriginalPage",
    "Picture",
    "PromptWord",
    "Proposal",
    "ProposalAnswer",
    "ProposalLine",
    "ProposalLink",
    "ProposalPicture",
    "ProposalSettings",
    "Rendition",
    "ReviewItem",
    "ReviewLink",
    "ReviewRoom",
    "RoomSet",
    "ShareLink",
    "Signature",
    "State",
    "UpstreamCall",
    "UpstreamGate",
    "UpstreamKey",
    "UpstreamTurn",
]
