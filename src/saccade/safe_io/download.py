"""Bytes from the web, for addresses that the caller typed: http and https alone, and never more than a limit."""

import time
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from saccade import __version__
from saccade.core.errors import DataError
from saccade.safe_io.limits import DOWNLOAD_PAUSE, DOWNLOAD_SECONDS

SCHEMES = ("http", "https")
_PIECE = 2**16
NO_NETWORK = (
    "see that this machine has a network (HTTPS_PROXY names a proxy), or download it elsewhere and give the file"
)


def is_url(text: str) -> bool:
    """Whether a text is an address of the web."""
    return text.lower().startswith(tuple(f"{scheme}://" for scheme in SCHEMES))


def download(url: str, limit: int, seconds: float = DOWNLOAD_SECONDS) -> bytes:
    """What lies at an address; nothing is kept on the disk.

    A redirection is followed to the web alone, and from https to https alone.

    Args:
        url: The address, http or https.
        limit: Greatest number of bytes.
        seconds: How long it may take in all.

    Raises:
        DataError: There is no network or no such address, the answer is no success, is cut short or larger than
            `limit`, or takes too long.
    """
    until = time.monotonic() + seconds
    request = Request(url, headers={"User-Agent": f"saccade/{__version__}"})
    try:
        with build_opener(_Redirections()).open(request, timeout=min(DOWNLOAD_PAUSE, seconds)) as answer:
            declared = answer.headers.get("Content-Length", "")
            if declared.isdecimal() and int(declared) > limit:
                raise _too_large(url, limit, declared)
            found = _read(answer, url, limit, until)
            if declared.isdecimal() and len(found) < int(declared):
                raise OSError(f"{len(found)} of {declared} bytes")
            return found
    except HTTPError as error:
        error.close()
        raise DataError("a picture at this address", f"{error.code} {error.reason}", path=url) from error
    except URLError as error:
        raise DataError("an address that answers", str(error.reason), path=url, cure=NO_NETWORK) from error
    except (OSError, HTTPException, ValueError) as error:
        found = str(error) or type(error).__name__
        raise DataError("a whole download", found, path=url, cure="try again, or give the file") from error


def _read(answer: HTTPResponse, url: str, limit: int, until: float) -> bytes:
    found = bytearray()
    while piece := answer.read1(_PIECE):  # what has come, so that the time is looked at also where little comes
        found += piece
        if len(found) > limit:
            raise _too_large(url, limit, f"{len(found)} and more")
        if time.monotonic() > until:
            raise DataError(
                "a download in time", f"{len(found)} bytes", path=url, cure="download it, and give the file"
            )
    return bytes(found)


def _too_large(url: str, limit: int, found: str) -> DataError:
    return DataError(f"at most {limit} bytes", found, path=url, cure="download it, and give the file")


class _Redirections(HTTPRedirectHandler):
    """Redirections that stay within the web, and within https where they begin there."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """The next request, or an error where the address leads elsewhere."""
        allowed = SCHEMES[1:] if req.type == "https" else SCHEMES
        if urlsplit(newurl).scheme.lower() not in allowed:
            fp.close()
            raise DataError(f"a redirection to {' or '.join(allowed)}", newurl, path=req.full_url)
        return super().redirect_request(req, fp, code, msg, headers, newurl)
