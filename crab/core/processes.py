"""Whether a process that left its number somewhere is still at work."""

from __future__ import annotations

import psutil


def at_work(number: int, since: float) -> bool:
    """Whether process `number`, seen at work at the time `since` (seconds since the epoch), is so still.

    One that began later has only inherited the number, and a zombie, which nobody waits for, does nothing any more.
    """
    try:
        process = psutil.Process(number)
        return bool(process.create_time() <= since + 1 and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
