"""Letters handed to the machine's own `sendmail`, where no mail server is set."""

from __future__ import annotations

import shutil
import subprocess
from asyncio import to_thread

from .message import Message, NotSent
from .smtp import SECONDS

PLACES = ("/usr/sbin/sendmail", "/usr/bin/sendmail", "sendmail")
"""Where the program is looked for, in this order."""


async def hand_over(message: Message, seconds: float = SECONDS) -> None:
    """Gives a letter to the program. Raises NotSent where there is none, or where it does not take the letter within `seconds`."""
    program = next((found for place in PLACES if (found := shutil.which(place))), None)
    if program is None:
        raise NotSent("failed to locate a sendmail executable path")
    mail = message.rendered()
    await to_thread(_run, program, mail.as_bytes(policy=mail.policy.clone(linesep="\n")), seconds)


def _run(program: str, letter: bytes, seconds: float) -> None:
    try:
        done = subprocess.run([program, "-i", "-t"], input=letter, capture_output=True, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotSent("sendmail could not be run, or took too long") from error
    if done.returncode:
        raise NotSent(f"sendmail ended with exit code {done.returncode}")
