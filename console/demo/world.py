"""The demo's world: a table of pieces, made, started and ended together.

A new engine brings its piece: a module of its own in this package, and a row in `PIECES`.
"""

import asyncio
import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Final

from console.demo.documents import prepare_documents, prepare_sources
from console.demo.measures import (
    caller_settings,
    crew_settings,
    payment_settings,
    shop_settings,
    source_settings,
)
from console.demo.piece import Ground, Piece, argv
from console.demo.sales import prepare_database
from core.adapters.home import mark_demo
from core.bootstrap import Engine
from core.errors import OperationFailed
from core.records import TokenKind

PIECES: Final = (
    Piece(
        name="shop",
        prepare=prepare_database,
        modules={"shop": "console.demo.shop", "visitors": "console.demo.visitors"},
        settings=shop_settings,
    ),
    Piece(name="sources", prepare=prepare_sources, settings=source_settings),
    Piece(name="crew", prepare=prepare_documents, settings=crew_settings),
    Piece(name="coder", modules={"demo-coder": "console.demo.coder"}, agents=("demo-coder",)),
    Piece(
        name="support", modules={"demo-support": "console.demo.support"}, agents=("demo-support",)
    ),
    Piece(
        name="bookkeeper",
        modules={"demo-bookkeeper": "console.demo.bookkeeper"},
        agents=("demo-bookkeeper",),
        settings=payment_settings,
    ),
    Piece(
        name="caller",
        modules={"demo-caller": "console.demo.caller"},
        agents=("demo-caller",),
        settings=caller_settings,
    ),
)
_START_S: Final = 30.0
_END_S: Final = 15.0
_LOOK_S: Final = 0.1
_HEAD: Final = "# Settings of a demo. This folder is removed when the demo ends.\n"


@contextlib.asynccontextmanager
async def open_world() -> AsyncGenerator[Ground]:
    """A world that runs, with its settings in `home/maestro.toml`; gone when the block ends.

    Raises OperationFailed when the shop does not start.
    """
    ground = Ground(await asyncio.to_thread(_make_folder))
    try:
        await asyncio.to_thread(_prepare, ground)
        with _keeping(ground):
            await _wait_for_shop(ground)
            settings = _HEAD + "".join(piece.settings(ground) for piece in PIECES)
            config = ground.home / "maestro.toml"
            config.write_text(settings, encoding="utf-8")
            config.chmod(0o600)
            yield ground
    finally:
        shutil.rmtree(ground.folder, ignore_errors=True)


async def give_tokens(ground: Ground, engine: Engine) -> None:
    """Each agent gets a token that is bound to its name; they begin when theirs is there."""
    for agent in (name for piece in PIECES for name in piece.agents):
        _, secret = await engine.tokens.make(TokenKind.AGENT, agent, bound_to=agent)
        path = ground.token_file(agent)
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(secret, encoding="utf-8")
        draft.replace(path)


def _make_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="maestro-demo-")).resolve()  # mode 0700


def _prepare(ground: Ground) -> None:
    for folder in (ground.home, ground.token_file("x").parent):
        folder.mkdir(mode=0o700)
    mark_demo(ground.home)
    for piece in PIECES:
        piece.prepare(ground)
    plan = {
        name: argv(module, str(ground.folder))
        for piece in PIECES
        for name, module in (piece.modules or {}).items()
    }
    (ground.folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")


@contextlib.contextmanager
def _keeping(ground: Ground) -> Generator[None]:
    """The keeper ends when this closes its standard input; a killed console closes it too."""
    keeper = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "console.demo.keeper", str(ground.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).resolve().parents[2],
        start_new_session=True,  # ctrl+c and a closed terminal are the console's business
    )
    try:
        yield
    finally:
        try:
            keeper.communicate(timeout=_END_S)
        except subprocess.TimeoutExpired:
            keeper.kill()  # what it started ends with it
            keeper.communicate()


async def _wait_for_shop(ground: Ground) -> None:
    try:
        async with asyncio.timeout(_START_S):
            while not ground.is_open():  # noqa: ASYNC110 - other processes make it so
                await asyncio.sleep(_LOOK_S)
    except TimeoutError as error:
        raise OperationFailed("the demo's shop did not start within 30 s") from error
