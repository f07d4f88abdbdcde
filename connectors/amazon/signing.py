"""AWS Signature Version 4, as far as SQS needs it: a POST with a JSON body.

docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. The Selling Partner API itself wants
no such signature. The tests compare every signature with that of `botocore`, AWS's own library, which would otherwise
be 25 MB of other services to carry along for forty lines.
"""

import hashlib
import hmac
from datetime import datetime
from urllib.parse import quote, urlsplit

from connectors.amazon.settings import QueueSettings

_ALGORITHM, _SERVICE, _END = "AWS4-HMAC-SHA256", "sqs", "aws4_request"


def signed_headers(
    settings: QueueSettings, url: str, headers: dict[str, str], body: bytes, now: datetime
) -> dict[str, str]:
    """Return `headers` (names in lower case) with what AWS wants beside them; `url` has no query."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(url)
    signed = {**headers, "host": parts.netloc, "x-amz-date": stamp}
    if settings.session_token is not None:
        signed["x-amz-security-token"] = settings.session_token.get_secret_value()
    names = ";".join(sorted(signed))
    request = "\n".join(
        (
            "POST",
            quote(parts.path or "/", safe="/-_.~"),
            "",
            *(f"{name}:{signed[name].strip()}" for name in sorted(signed)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        )
    )
    scope = f"{stamp[:8]}/{settings.region}/{_SERVICE}/{_END}"
    to_sign = "\n".join((_ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = b"AWS4" + settings.secret_access_key.get_secret_value().encode()
    for part in (stamp[:8], settings.region, _SERVICE, _END):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"{settings.access_key_id}/{scope}"
    authorization = f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return {**signed, "authorization": authorization}
