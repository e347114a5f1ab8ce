"""For receivers of webhooks in Python: whether a call comes from us and is fresh. Standard library only.

The form is that of Standard Webhooks: https://www.standardwebhooks.com
"""

import base64
import hashlib
import hmac
import time


class WebhookVerificationError(Exception):
    """The call is not to be believed."""


def verify_webhook(secrets, headers, body, tolerance_seconds=300, now=None):
    """Gives the id of the message: the same for a repetition, which is to be passed over.

    secrets: "whsec_...", or a list of several while one is being replaced.
    headers: a mapping of lower-case names to values.
    body: the bytes exactly as they came; parse them afterwards.
    """
    message_id = headers.get("webhook-id")
    timestamp = headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")
    if not message_id or not timestamp or not signatures:
        raise WebhookVerificationError("the three webhook headers are not all there")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise WebhookVerificationError("webhook-timestamp is no Unix time")
    if abs((time.time() if now is None else now) - int(timestamp)) > tolerance_seconds:
        raise WebhookVerificationError("an old call, or a wrong clock")
    signed = f"{message_id}.{timestamp}.".encode() + body
    given = [one[3:].encode() for one in signatures.split(" ")[:10] if one.startswith("v1,")]
    for secret in [secrets] if isinstance(secrets, str) else secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
        if any(hmac.compare_digest(expected, signature) for signature in given):
            return message_id
    raise WebhookVerificationError("no signature is by one of the secrets")
