"""Work that is done once."""

from __future__ import annotations

from pbtornado.records.remembered import remembered


class Thing:
    pass


def test_objects_count_by_identity_and_texts_by_value() -> None:
    """The same object or an equal text is answered from memory."""
    asked: list[str] = []

    @remembered
    def work(thing: Thing, name: str) -> int:
        asked.append(name)
        return len(asked)

    one, two = Thing(), Thing()
    assert [work(one, "a"), work(one, "".join("a")), work(two, "a"), work(one, "b")] == [1, 1, 2, 3]


def test_memory_is_bounded() -> None:
    """Beyond its limit everything is forgotten, and answered anew."""
    asked: list[Thing] = []

    def work(thing: Thing) -> int:
        asked.append(thing)
        return len(asked)

    things = [Thing() for _ in range(3)]
    ask = remembered(work, limit=2)
    assert [ask(thing) for thing in (*things, things[0])] == [1, 2, 3, 4]
