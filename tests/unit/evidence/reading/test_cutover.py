"""When a stream is left for asking one by one."""

import asyncio

from lastseen.evidence.reading.cutover import Cutover
from lastseen.evidence.reading.request_cost import Search


class Left:
    """A reading that finds nobody, and what the portal says about the rest of it."""

    def __init__(self, *, stream_is_cheaper):
        self.search = Search(f"p{n}" for n in range(100))
        self.asked = 0
        self._stream_is_cheaper = stream_is_cheaper

    async def is_stream_cheaper(self):
        self.asked += 1
        await asyncio.sleep(0)
        return self._stream_is_cheaper

    async def after_pages(self, pages):
        cutover = Cutover(self.search, self.is_stream_cheaper)
        left_after = None
        for page in range(pages):
            self.search.page([])
            if cutover.is_due() and left_after is None:
                left_after = page
            await asyncio.sleep(0)
        await cutover.close()
        return left_after


def test_a_stream_that_finds_nobody_is_left_where_asking_costs_less():
    left = Left(stream_is_cheaper=False)
    assert asyncio.run(left.after_pages(20)) in range(2, 10)
    assert left.asked == 1


def test_it_is_read_on_where_the_rest_is_short_and_that_is_asked_once():
    left = Left(stream_is_cheaper=True)
    assert asyncio.run(left.after_pages(20)) is None
    assert left.asked == 1


def test_once_the_rest_is_known_to_be_short_the_stream_is_read_as_fast_as_any():
    async def is_ruled_out(stream_is_cheaper):
        left = Left(stream_is_cheaper=stream_is_cheaper)
        cutover = Cutover(left.search, left.is_stream_cheaper)
        before = cutover.is_ruled_out
        for _ in range(20):
            left.search.page([])
            cutover.is_due()
            await asyncio.sleep(0)
        return before, cutover.is_ruled_out

    assert asyncio.run(is_ruled_out(True)) == (False, True)
    assert asyncio.run(is_ruled_out(False)) == (False, False)


def test_nothing_is_asked_while_every_page_finds_people():
    left = Left(stream_is_cheaper=False)

    async def finding():
        cutover = Cutover(left.search, left.is_stream_cheaper)
        for first in range(0, 100, 10):
            left.search.page([f"p{n}" for n in range(first, first + 10)])
            assert not cutover.is_due()
        await cutover.close()

    asyncio.run(finding())
    assert left.asked == 0
