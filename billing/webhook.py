"""Where Stripe tells that something has happened."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.tenancy import public
from billing import inbox


@public("signed by Stripe")
@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Note it and answer at once; 400 for what is not for us, so that Stripe tries again and shows it."""
    signature = request.headers.get("Stripe-Signature", "")
    try:
        inbox.receive(body=request.body, signature=signature, now=timezone.now())
    except inbox.Refused as refused:
        return HttpResponse(str(refused), status=400, content_type="text/plain")
    return HttpResponse(status=200)
