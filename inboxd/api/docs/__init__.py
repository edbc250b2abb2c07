"""The API described: as OpenAPI, and as a page for people that renders it."""

import gzip
from functools import lru_cache
from pathlib import Path
from typing import Any

from inboxd.api.web import Call, Response
from inboxd.wire import jsons

_PAGE = Path(__file__).parent / "page.html.gz"
# Everything is in the page, so nothing else may run or load: `build` prints these hashes.
POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; script-src 'sha256-5qiYaS8tdo6AfDukYmBopposXdlg3Wx28+TTo94YCvI=' "
    "'sha256-0pcGVKRewi6GVqx1khUOf5ZEgrX8jdTZhQWtePsJzDs='; "
    "style-src 'sha256-PoYHK+mNW4tgkPUc0Ke7ja/o8WXyAbhl+pF9QBT8SOU='"
)


def description(call: Call) -> Any:
    return Response(text=_description(), headers={"Cache-Control": "no-cache"})


@lru_cache(maxsize=1)
def _description() -> str:
    # Loaded and made when somebody asks: most servers are never asked.
    from inboxd.api.openapi import document
    from inboxd.api.routes import ROUTES

    return jsons.dumps(document(ROUTES))


def page(call: Call) -> Any:
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": POLICY,
        "Cache-Control": "public, max-age=604800",
        "Vary": "Accept-Encoding",
    }
    if "gzip" not in call.request.headers.get("accept-encoding", ""):
        text = gzip.decompress(_PAGE.read_bytes()).decode()
        return Response(text=text, headers=headers)
    size = str(_PAGE.stat().st_size)
    return Response(file=_PAGE, headers={**headers, "Content-Encoding": "gzip", "Content-Length": size})
