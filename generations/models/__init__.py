"""Rows of the app, split by concept."""

from generations.models.generation import ENDED, Generation, GenerationReference, State, UpstreamCall
from generations.models.picture import Picture

__all__ = ["ENDED", "Generation", "GenerationReference", "Picture", "State", "UpstreamCall"]
