"""Signs requests to BRAiN EventStream: HTTP Message Signatures (RFC 9421) with hmac-sha256. Standard library only.

Each attempt needs a signature of its own: one is taken once, and within five minutes.
"""

import base64
import hashlib
import hmac
import re
import secrets
import time
from urllib.parse import urlsplit

_FIELDS = ("content-type", "content-digest", "idempotency-key", "x-actor-id")


def sign_request(key, method, url, body=b"", headers=None):
    """Returns the headers to send.

    key: brs_<id>_<secret>, as POST /api/keys gave it.
    url: as it is sent, path and query percent-encoded; a fragment is left out.
    """
    match = re.fullmatch(r"brs_([a-z0-9]{16})_([A-Za-z0-9_-]{43})", key)
    if match is None:
        raise ValueError("The key is no signing key. Expected brs_<id>_<secret>.")
    key_id, secret = match.groups()
    sent = {name.lower(): value.strip() for name, value in (headers or {}).items()}
    if body:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        sent["content-digest"] = f"sha-256=:{digest}:"
    parts = urlsplit(url)
    values = {"@method": method, "@path": parts.path or "/", "@query": f"?{parts.query}"}
    values.update({name: sent[name] for name in _FIELDS if name in sent})
    names = " ".join(f'"{name}"' for name in values)
    nonce = secrets.token_urlsafe(18)
    parameters = f'({names});created={int(time.time())};keyid="{key_id}";nonce="{nonce}";alg="hmac-sha256"'
    lines = [f'"{name}": {value}' for name, value in values.items()]
    base = "\n".join([*lines, f'"@signature-params": {parameters}'])
    signature = hmac.new(secret.encode(), base.encode(), hashlib.sha256).digest()
    sent["signature-input"] = f"brain={parameters}"
    sent["signature"] = f"brain=:{base64.b64encode(signature).decode()}:"
    return sent
