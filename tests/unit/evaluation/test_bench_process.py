"""An arm's process that dies, hangs, refuses or behaves."""

from pathlib import Path

import pytest

from evaluation.bench.process import arm_process
from evaluation.errors import NoAnswerError, RequestFailedError, ServerExitedError
from tests.unit.evaluation.bench_fakes import COMMAND, PROMPT, options

LONG_S = 60.0
SOON_S = 0.2


async def test_requests_are_answered_in_turn_and_the_arm_ends_with_its_input(
    tmp_path: Path,
) -> None:
    log = tmp_path / "arm.log"
    async with arm_process("an arm", log, command=COMMAND) as arm:
        await arm.load(options())
        timing = await arm.follow(PROMPT, PROMPT, 8, LONG_S)
        assert (timing.update_ms, timing.line_tokens) == (2.0, 8)
        assert await arm.read(PROMPT, LONG_S) == 5.0
        writing = await arm.write(PROMPT, 11, LONG_S, drafts=True)
        assert writing.tokens_per_s == 20.0
        memory = await arm.memory()
        assert memory.cache_mb == 1.0
        assert all(size > 1 for size in memory.by_state().values())
    assert log.read_text() == "closed\n"


async def test_an_arm_that_dies_is_named_with_its_last_words(tmp_path: Path) -> None:
    async with arm_process("an arm", tmp_path / "log", command=COMMAND) as arm:
        await arm.load(options(fault="die-follow"))
        with pytest.raises(ServerExitedError, match=r"an arm .*code 3.*the last words"):
            await arm.follow(PROMPT, PROMPT, 8, LONG_S)
        with pytest.raises(ServerExitedError):  # and stays dead
            await arm.read(PROMPT, LONG_S)


async def test_an_arm_that_hangs_is_ended(tmp_path: Path) -> None:
    async with arm_process("an arm", tmp_path / "log", command=COMMAND) as arm:
        await arm.load(options(fault="hang-read"))
        with pytest.raises(NoAnswerError, match="an arm did not answer 'read' within"):
            await arm.read(PROMPT, SOON_S)
    assert (tmp_path / "log").read_text() == ""  # it was killed, not asked


async def test_an_arm_that_cannot_load_says_why(tmp_path: Path) -> None:
    async with arm_process("an arm", tmp_path / "log", command=COMMAND) as arm:
        with pytest.raises(RequestFailedError, match=r"could not load: ValueError: it is too"):
            await arm.load(options(fault="refuse-load"))
