"""Our terminal adapter on a real Jupyter server."""

from __future__ import annotations

import pytest

from ltt_collab.adapters.jupyter.terminals import JupyterTerminals
from ltt_collab.model.errors import TerminalError
from tests.integration.kernels.conftest import Bench
from tests.support.deadlines import eventually

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]


@pytest.mark.proves("terminals:read-and-written")
async def test_a_terminal_is_opened_written_read_and_closed(bench: Bench) -> None:
    terminals = JupyterTerminals(bench.address, bench.rest)
    name = await terminals.create()
    assert name in await terminals.names()
    # What is typed before the shell asks for it is echoed twice, by the terminal and by the shell.
    await eventually(lambda: terminals.read(name), what="the shell's prompt")
    await terminals.write(name, "PS1='> '; printf '\\033[31mr%s\\033[0m\\rR\\n' é; seq 3 | tac; echo $((6 * 7)).\r")

    async def screen() -> list[str]:
        lines = (await terminals.read(name)).splitlines()
        return lines if "42." in lines else []

    lines = await eventually(screen)
    end = lines.index("42.")
    assert lines[end - 4 : end + 2] == ["Ré", "3", "2", "1", "42.", ">"]
    await terminals.close(name)
    assert name not in await terminals.names()
    for act in (terminals.read(name), terminals.write(name, "x"), terminals.close(name)):
        with pytest.raises(TerminalError) as gone:
            await act
        assert gone.value.name == name


async def test_a_long_history_is_read_from_its_end(bench: Bench) -> None:
    terminals = JupyterTerminals(bench.address, bench.rest)
    name = await terminals.create()
    await terminals.write(name, "seq 1 30000; echo done.\r")

    async def text() -> str:
        said = await terminals.read(name)
        return said if "\ndone." in said else ""

    said = await eventually(text, within=20)
    assert "\n30000\n" in said
    assert len(said) < 20_001
    await terminals.close(name)


async def test_a_server_that_cannot_be_reached_is_a_terminal_error(bench: Bench, unused_tcp_port: int) -> None:
    nowhere = JupyterTerminals(type(bench.address).parse(f"http://127.0.0.1:{unused_tcp_port}/", "secret"), bench.rest)
    with pytest.raises(TerminalError) as lost:
        await nowhere.read("1")
    assert "secret" not in str(lost.value)
