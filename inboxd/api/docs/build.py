"""Makes page.html.gz from a release of Swagger UI. README.md beside this file says when and how."""

import base64
import gzip
import hashlib
import re
import sys
import tarfile
from pathlib import Path

INTEGRITY = "sha512-U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ=="

# Relative to wherever the page is, with or without a slash at its end, behind a proxy's path or not.
_START = """\
SwaggerUIBundle({
  url: new URL("openapi.json", location.href.replace(/\\/docs\\/?([?#].*)?$/, "/")).href,
  dom_id: "#docs", deepLinking: true, docExpansion: "none", filter: true, validatorUrl: null,
})"""
_STYLE = "body{margin:0;background:#fafafa}"
_PAGE = """\
<!DOCTYPE html>
<html lang="en"><head><meta charset="UTF-8"><meta name="viewport" content="width=device-width">\
<link rel="icon" href="data:,"><title>inboxd API</title><style>{style}</style></head>
<body><div id="docs"></div><script>{renderer}</script><script>{start}</script></body></html>
"""


def digest(text: str) -> str:
    """How a Content-Security-Policy names an inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def main(tarball: Path) -> None:
    given = "sha512-" + base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if given != INTEGRITY:
        raise SystemExit(f"{tarball} is another release: {given}")

    with tarfile.open(tarball) as package:

        def text(name: str) -> str:
            member = package.extractfile(f"package/{name}")
            if member is None:
                raise SystemExit(f"{tarball} holds no {name}")
            return member.read().decode()

        renderer, style = text("swagger-ui-bundle.js"), text("swagger-ui.css") + _STYLE
    # Comments that point to source maps, which are not here.
    renderer, style = (re.sub(r"\n(//|/\*)# sourceMappingURL=.*", "", part) for part in (renderer, style))
    if "</script" in renderer.lower() or "</style" in style.lower():
        raise SystemExit("This release cannot stand inside a page")
    page = _PAGE.format(style=style, renderer=renderer, start=_START)
    target = Path(__file__).parent / "page.html.gz"
    target.write_bytes(gzip.compress(page.encode(), 9, mtime=0))
    print("script-src", digest(renderer), digest(_START))
    print("style-src", digest(style))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
