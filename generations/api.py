"""The REST API of pictures: the MeltFlex-compatible call, and generations as a resource."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from typing import Any, cast

from django.conf import settings
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services as accounts
from accounts.errors import Refusal
from accounts.managing import WorkingView
from accounts.rest import NewestFirst
from accounts.tenancy import enter, release_connection
from generations import asking, contract, outcomes, prefer, removal, services, timing
from generations import asking_shapes as shapes
from generations.api_filters import GenerationFilters, generations_wanted, parameters_of
from generations.deadline import read_deadline
from generations.models import Generation, State
from generations.outage import through
from generations.picture_answer import picture_response
from generations.serializers import generation_data
from projects import turnstile

# What a synchronous caller is answered when a generation failed, by its error code; any other is a 500.
_STATUS_OF_FAILURE = {
    "bad_source": 400,
    "deadline_passed": 504,
    "canceled": 409,
    "busy": 429,
    "not_started_in_time": 429,
}
_KEY = re.compile(r"[\x20-\x7e]{0,250}")
_PREFER = OpenApiParameter(
    "Prefer",
    location=OpenApiParameter.HEADER,
    description="`wait=N`: answer when it has ended, after N seconds (0 to 60) at the latest. `respond-async`: now.",
)
_IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    location=OpenApiParameter.HEADER,
    description="The same key and body give the same generation, however often they are sent.",
)


class LengthNeeded(Refusal):
    """The request came in chunks of unknown length. Send it whole, with a Content-Length header."""

    code, title, status = "length_required", "Length required", 411


class GenerationFailed(Refusal):
    """The picture could not be made. Your credits are back."""

    code, title, status = "generation_failed", "Generation failed", 500

    def __init__(self, generation: Generation) -> None:
        facts: dict[str, Any] = {"generation": generation.public_id, "reason": generation.error_code}
        status = _STATUS_OF_FAILURE.get(generation.error_code, 500)
        if status == 429:
            facts["retry_after"] = 30
        super().__init__(generation.error_message, **facts)
        self.status = status  # type: ignore[misc]  # a fact of this one failure, not of the class


class SpendingView(WorkingView):
    """What the two endpoints that spend have in common: limits first, then the body, then the work."""

    in_transaction = False
    is_replay = False

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Says of every answer to a repeated request that it is one, refusals too."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.is_replay:
            response["Idempotent-Replayed"] = "true"
        return response

    @contextmanager
    def turn(self, request: Request) -> Iterator[None]:
        """Count the request and take its whole body in; inside, it is one of the few that are decoded and accepted."""
        if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
            raise LengthNeeded
        self.count_spending(timezone.now())
        _ = request._request.body  # a slow sender shall not keep others waiting
        with turnstile.turn():
            yield

    def read(self, request: Request) -> object:
        """The decoded body; refusals in the contract's order, none of which charges anything."""
        try:
            raw: object = request.data
        except ParseError as error:
            raise contract.InvalidRequest(str(error.detail)) from error
        except UnsupportedMediaType as error:
            raise UnsupportedMediaType(
                error.args[0], "Send the body as JSON: Content-Type: application/json."
            ) from error
        return raw

    def count_spending(self, now: datetime) -> None:
        """Against the limit of the key, or of the app's session."""
        if self.api_key is not None:
            self.rates.append(accounts.count_request(api_key=self.api_key, now=now))
        elif self.device is not None:
            self.count({"generate": f"app:{self.device.row.pk}"}, now)

    def idempotency_key(self, request: Request) -> str:
        """The caller's, live and test keys apart; "" without one. Raises InvalidRequest."""
        key = request.headers.get("Idempotency-Key", "")
        if not _KEY.fullmatch(key):
            raise contract.InvalidRequest(
                "`Idempotency-Key` may have at most 250 characters, all of them ASCII."
            )
        is_test = self.api_key is not None and not self.api_key.is_live
        return f"{'test' if is_test else 'live'}:{key}" if key else ""

    def accept(
        self,
        request: Request,
        ask: services.Ask,
        raw: dict[str, Any],
        *,
        now: datetime,
        deadline: datetime | None,
        is_awaited: bool,
    ) -> Generation:
        """Accepted and held, or the refusal; notes whether it is a repeated request."""
        key = self.idempotency_key(request)
        generation, is_new = services.request_generation(
            organization=self.organization,
            ask=ask,
            by_user=self.person,
            api_key=self.api_key,
            idempotency_key=key,
            request_sha256=contract.sha256(raw) if key else "",
            now=now,
            deadline=deadline,
            is_awaited=is_awaited,
        )
        self.is_replay = not is_new
        raw.clear()
        _forget_body(request)
        return generation


def _forget_body(request: Request) -> None:
    """Let go of what Django and DRF keep for a second reader: hundreds of callers may wait, with 8 MB each."""
    inner: Any = request._request
    inner._body, inner._stream = b"", BytesIO()
    request._stream = inner._stream


class Generate(SpendingView):
    """The MeltFlex call: waits for the picture and answers with it."""

    takes_any_query = True
    errors = {"POST": (402, 404, 410, 411, 500, 504)}

    @extend_schema(
        summary="Redesign a room and wait for the picture",
        parameters=[_IDEMPOTENCY_KEY],
        request=shapes.GenerateBody,
        responses={200: shapes.GeneratedData},
    )
    def post(self, request: Request) -> HttpResponseBase:
        """The same job as `POST /api/v1/generations`, awaited."""
        with ExitStack() as waiting:
            with self.turn(request):
                body = contract.parse(raw := self.read(request))
                sent = cast("dict[str, Any]", raw)  # parse() takes nothing but an object
                ask = asking.ask_of(body, room=asking.room_of(sent, self.organization))
                now = timezone.now()  # a slow upload shall not eat the time for the picture
                until = now + timedelta(seconds=settings.SYNC_DEADLINE)
                waiting.enter_context(outcomes.waiting_slot())
                generation = self.accept(request, ask, sent, now=now, deadline=until, is_awaited=True)
                with_list = bool(body.extensions_sent)
                del ask, body  # which hold the picture; see `accept`
            ended = services.await_end(
                generation=generation,
                start_by=now + timedelta(seconds=settings.SYNC_START_WITHIN),
                until=until,
            )
        if ended.state != State.SUCCEEDED:
            raise GenerationFailed(ended)
        if any(picture.removed_at for picture in ended.pictures.all()):
            raise services.PictureRemoved(generation=ended.public_id)
        release_connection()  # a slow reader of a large answer shall hold a thread, not a connection
        try:
            return picture_response(ended, with_list=with_list)
        except FileNotFoundError as error:  # deleted in this moment
            raise services.PictureRemoved(generation=ended.public_id) from error


def _preferences(request: Request) -> prefer.Preferences:
    return prefer.parse(request.headers.get("Prefer", ""))


def _followed(generation: Generation, wanted: prefer.Preferences) -> tuple[Generation, bool]:
    """The generation after the wait that was asked for, and whether there was one: not when all places are taken."""
    if wanted.wait is None:
        return services.reload(generation), False
    try:
        with outcomes.waiting_slot():
            until = timezone.now() + timedelta(seconds=wanted.wait)
            return services.watch(generation=generation, until=until), True
    except outcomes.TooManyWaiting:
        return services.reload(generation), False


def _answer(generation: Generation, request: Request, *, applied: Sequence[str] = ()) -> Response:
    """The generation with its place in the line, and what the caller's program needs to go on."""
    estimate = through(partial(timing.estimate, generation, now=timezone.now()))
    response = Response(generation_data(generation, request._request, estimate))
    if not generation.has_ended:
        response["Retry-After"] = str(estimate.retry_after if estimate else 1)
    if applied:
        response["Preference-Applied"] = ", ".join(applied)
    return response


class GenerationPages(NewestFirst):
    """Fewer at once: each carries its pictures."""

    page_size = 20


class GenerationCollection(SpendingView):
    """Every generation of the workspace, whichever way it was asked for."""

    errors = {"POST": (402, 411)}

    @extend_schema(
        summary="Start a generation",
        parameters=[_PREFER, _IDEMPOTENCY_KEY],
        request=shapes.GenerationBody,
        responses={200: shapes.GenerationData, 202: shapes.GenerationData},
    )
    def post(self, request: Request) -> Response:
        """The body of `/generate`, and optionally `room`, `deadline` and what can be chosen in the studio.

        202, and the result later under `Location`; 200 with `Prefer: wait=N` when it has ended by then. A repeated
        request goes by the same rule: 200 only if its generation has ended.
        """
        with self.turn(request):
            raw = asking.object_of(self.read(request))
            generation = self.taken(request, asking.read(raw, organization=self.organization), raw)
        return self.started(request, generation)

    def taken(self, request: Request, ask: services.Ask, raw: dict[str, Any]) -> Generation:
        """Accepted for nobody who waits."""
        now = timezone.now()
        deadline = read_deadline(raw.get("deadline"), now=now)
        return self.accept(request, ask, raw, now=now, deadline=deadline, is_awaited=False)

    def started(self, request: Request, generation: Generation) -> Response:
        """Answered as this endpoint answers, when it has been accepted."""
        wanted = _preferences(request)
        current, waited = _followed(generation, wanted)
        applied = [f"wait={wanted.wait}"] if waited else []
        if wanted.respond_async and not current.has_ended:
            applied.append("respond-async")
        response = _answer(current, request, applied=applied)
        response.status_code = 200 if current.has_ended else 202
        response["Location"] = response.data["url"]
        return response

    @extend_schema(
        summary="List generations",
        parameters=[
            *parameters_of(GenerationFilters),
        ],
        responses={200: shapes.GenerationPage},
    )
    def get(self, request: Request) -> Response:
        """By cursor, newest first; the filters are those of the history."""
        asked = self.filters(GenerationFilters)
        with enter(self.organization):
            generations = Generation.objects.of(self.organization).kept().prefetch_related("pictures")
            generations = generations.select_related("organization", "room")
            generations = generations_wanted(generations, self.organization, asked)
            pages = GenerationPages()
            page = pages.paginate_queryset(generations, request, view=self) or []
            found = timing.estimates(page, organization=self.organization, now=timezone.now())
            return pages.get_paginated_response(
                [generation_data(row, request._request, found.get(row.pk)) for row in page]
            )


class GenerationDetail(WorkingView):
    """One generation."""

    in_transaction = False

    @extend_schema(summary="Read a generation", parameters=[_PREFER], responses={200: shapes.GenerationData})
    def get(self, request: Request, generation_id: str) -> Response:
        """Always 200, whatever its state; with `Prefer: wait=N`, as soon as it has ended or N seconds have passed."""
        current, waited = self.find(generation_id), False
        wanted = _preferences(request)
        if wanted.wait is not None:
            current, waited = _followed(current, wanted)
        return _answer(current, request, applied=[f"wait={wanted.wait}"] if waited else [])

    @extend_schema(summary="Delete a generation and its pictures", responses={204: None})
    def delete(self, request: Request, generation_id: str) -> Response:
        """For good, files too; nothing is paid back. 409 while it, or a version of it, is being made."""
        removal.delete_generation(
            generation=self.find(generation_id), by_user=self.person, now=timezone.now()
        )
        return Response(status=204)

    def find(self, generation_id: str) -> Generation:
        """The generation of this workspace, else 404."""
        with enter(self.organization):
            rows = Generation.objects.of(self.organization).kept().select_related("organization", "room")
            found: Generation = get_object_or_404(rows.prefetch_related("pictures"), public_id=generation_id)
        return found


class GenerationCancellation(GenerationDetail):
    """Canceling, as a thing that is made."""

    http_method_names = ("post", "options")

    @extend_schema(summary="Cancel a generation", request=None, responses={200: shapes.GenerationData})
    def post(self, request: Request, generation_id: str) -> Response:
        """Free while no engine works on it; then, and when it has ended, 409 with what comes of it."""
        canceled = services.cancel(
            generation=self.find(generation_id), by_user=self.person, now=timezone.now()
        )
        return _answer(canceled, request)
