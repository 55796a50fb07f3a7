"""Who comes when many do."""

from __future__ import annotations

import asyncio

from pbtornado.realtime.pace import PATIENCE, Arrivals


async def arriving(arrivals: Arrivals, count: int) -> tuple[list[int], list[asyncio.Task[None]]]:
    """So many come at once: the numbers of those that were let in, as they are, and what they wait in."""
    entered: list[int] = []

    async def enter(number: int) -> None:
        await arrivals.admitted()
        entered.append(number)

    tasks = [asyncio.create_task(enter(number)) for number in range(count)]
    await asyncio.sleep(0)
    return entered, tasks


async def test_alone() -> None:
    """Who comes alone does not wait."""
    entered, _ = await arriving(Arrivals(), 1)
    assert entered == [0]


async def test_order() -> None:
    """Of those that come at once only one is let in at once, and the others in their order."""
    entered, tasks = await arriving(Arrivals(), 20)
    assert entered == [0]
    await asyncio.gather(*tasks)
    assert entered == list(range(20))


async def test_crowd() -> None:
    """The more wait, the more are let in together."""
    entered, tasks = await arriving(Arrivals(), 3 * PATIENCE)
    while len(entered) == 1:
        await asyncio.sleep(0)
    assert len(entered) == 1 + 3
    await asyncio.gather(*tasks)


async def test_gone() -> None:
    """Who gives up keeps nobody waiting."""
    entered, tasks = await arriving(Arrivals(), 3)
    tasks[1].cancel()
    await asyncio.wait(tasks)
    assert entered == [0, 2]
