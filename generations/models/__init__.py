"""Rows of the app, split by concept."""

from generations.models.generation import ENDED, Generation, GenerationReference, State
from generations.models.looking import PromptWord, Rendition, ShareLink
from generations.models.picture import Picture
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
    "EngineTiming",
    "Generation",
    "GenerationReference",
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
    "State",
    "UpstreamCall",
    "UpstreamGate",
    "UpstreamKey",
    "UpstreamTurn",
]
