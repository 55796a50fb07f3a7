"""A process that writes notes until it has written enough or is killed; prints each answered key.

python writing.py DIRECTORY NAME COUNT WRITERS
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.store.notes import note, opened


async def main(directory: Path, name: str, count: int, writers: int) -> None:
    """Writes `count` notes by `writers` concurrent writers."""
    keys = iter([f"{name}{number:06d}" for number in range(count)])
    async with opened(directory) as store:
        os.write(1, b"ready\n")
        sys.stdin.readline()

        async def write() -> None:
            for key in keys:
                seq = await store.write(note(key, "x" * 100))
                os.write(1, f"{key} {seq}\n".encode())

        await asyncio.gather(*[write() for _ in range(writers)])


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
