"""Declared documents, read and compared off the loop, and only when they have changed."""

import asyncio

from core.actions import JsonObject
from core.agents.contracts import CompareContracts, ContractReport
from core.agents.documents import parse_document
from core.agents.ports import TextFiles


class DocumentReader:
    """Remembers the last text of each path, and the last report of each pair."""

    def __init__(self, files: TextFiles, compare: CompareContracts) -> None:
        self._files = files
        self._compare = compare
        self._documents: dict[str, tuple[str, JsonObject]] = {}
        self._reports: dict[tuple[str, str], tuple[JsonObject, JsonObject, ContractReport]] = {}

    async def load(self, path: str) -> JsonObject:
        """The document; the same object while the text is the same. Raises SourceFailed."""
        text = await self._files.read_text(path)
        known = self._documents.get(path)
        if known is not None and known[0] == text:
            return known[1]
        document = await asyncio.to_thread(parse_document, text, path)
        self._documents[path] = text, document
        return document

    async def compare_paths(self, old: str, new: str) -> ContractReport:
        """What differs between the documents at two paths. Raises SourceFailed."""
        before, after = await self.load(old), await self.load(new)
        known = self._reports.get((old, new))
        if known is not None and known[0] is before and known[1] is after:
            return known[2]
        report = await self.compare(before, after)
        self._reports[old, new] = before, after, report
        return report

    async def compare(self, old: JsonObject, new: JsonObject) -> ContractReport:
        """What differs between two documents."""
        return await asyncio.to_thread(self._compare, old, new)
