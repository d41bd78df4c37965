"""Upper apps register here what they do at turns of a workspace's life: calls go up, imports never do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec

P = ParamSpec("P")


class Turn(Generic[P]):
    """A list of functions called in the order of registration, inside the caller's transaction if it has one."""

    def __init__(self) -> None:
        self._actions: list[Callable[P, object]] = []

    def register(self, action: Callable[P, object]) -> Callable[P, object]:
        """Use as a decorator, in a module imported by the app's `ready()`."""
        self._actions.append(action)
        return action

    def happened(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call everything registered."""
        for action in self._actions:
            action(*args, **kwargs)

    def gathered(self, *args: P.args, **kwargs: P.kwargs) -> list[object]:
        """Call everything registered; what each returned."""
        return [action(*args, **kwargs) for action in self._actions]


class NotYet(Exception):
    """Something of a deleted workspace is under way still; it is emptied at the next round."""


# register(action(*, user: User, organization: Organization, now: datetime)): the person's address is proven,
# and this is their first workspace.
person_verified: Turn[...] = Turn()

# register(action(*, tally: secrets.Rotation)): seal again with the first key of the ring, row by row in transactions
# of its own, whatever `secrets.needs_resealing`, and count it in the tally.
secrets_rotated: Turn[...] = Turn()

# register(action(*, organization: Organization, now: datetime) -> list[str]): what the deletion of this workspace
# would mean, in sentences; asked inside the workspace, for the page that its owner reads before.
deletion_explained: Turn[...] = Turn()

# register(action(*, organization: Organization, now: datetime)): nobody can enter it any more; remove what the app
# has of it, in transactions of its own and so that it can be called again. Raises NotYet while something of it runs.
workspace_deleted: Turn[...] = Turn()

# register(action(*, organization: Organization, archive: archive.Archive)): write what the app has of the workspace;
# not inside a transaction, and never copying files inside one.
workspace_exported: Turn[...] = Turn()

# register(action(*, user: User, organizations: list[Organization], archive: archive.Archive)): the same of a person,
# who belongs to these workspaces.
person_exported: Turn[...] = Turn()

# register(action(*, event: Event)): something has happened in a workspace, and its row is written; inside the
# transaction in which it did, and inside the workspace.
event_recorded: Turn[...] = Turn()

# register(action(*, api_key: ApiKey, cap: int | None, by_user: User, now: datetime)): the key may use so many credits
# in a calendar month; None: it was revoked, and nothing has to be counted any more. Inside the workspace.
api_key_capped: Turn[...] = Turn()

# register(action(*, organization: Organization, now: datetime) -> dict[str, tuple[int, int]]): what keys may use in
# this month and have used, by their public ids; asked inside the workspace.
api_key_caps: Turn[...] = Turn()
