"""`GET /v1/reports/{name}`: a report of the running engine, for its operators."""

import asyncio
import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.clock import Clock
from core.errors import ConfigError
from core.gateway.http.context import authenticate
from core.gateway.http.operations import ROUTE
from core.gateway.http.problem import Refused
from core.ids import OperatorId
from core.records import TokenKind
from core.reporting.catalog import make_report
from core.reporting.forms import Form, write_report
from core.reporting.period import read_period
from core.reporting.ports import Sources

PATH: Final = "/v1/reports/{name}"
_MEDIA: Final[Mapping[Form, str]] = {
    Form.HTML: "text/html; charset=utf-8",
    Form.MARKDOWN: "text/markdown; charset=utf-8",
    Form.PDF: "application/pdf",
    Form.JSON: "application/json",
    Form.CSV: "application/zip",
}
_SINCE: Final = "24h"


def report_routes(sources: Sources, *, clock: Clock, zone: tzinfo) -> list[Route]:
    """For `make_app(extra_routes=…)`. `?form=html|md|pdf|json|csv&since=24h&until=`; csv is a zip
    with one file a table."""
    maker = _Maker(sources, clock, zone)
    return [Route(PATH, maker.handle, methods=["GET"])]


class _Maker:
    def __init__(self, sources: Sources, clock: Clock, zone: tzinfo) -> None:
        self._sources = sources
        self._clock = clock
        self._zone = zone
        self._turn = asyncio.Lock()  # one at a time: a long trail takes its time

    async def handle(self, request: Request) -> Response:
        request.scope[ROUTE] = PATH
        token = await authenticate(request, TokenKind.OPERATOR)
        asked = request.query_params
        try:
            form = Form(asked.get("form", Form.HTML))
        except ValueError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, f"form: one of {', '.join(Form)}") from error
        now = self._clock.now()
        try:
            period = read_period(
                asked.get("since", _SINCE), asked.get("until"), now=now, zone=self._zone
            )
            async with self._turn:
                asker = OperatorId(token.bound_to or token.label)
                sources = replace(self._sources, made_by=asker)
                report = await make_report(request.path_params["name"], sources, period, now=now)
        except ConfigError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from error
        files = await asyncio.to_thread(write_report, report, form, self._zone)
        content = _zip(files) if form is Form.CSV else next(iter(files.values()))
        return Response(content, media_type=_MEDIA[form])


def _zip(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for ending, content in files.items():
            archive.writestr(ending.removeprefix("-"), content)
    return packed.getvalue()
