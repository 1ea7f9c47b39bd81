"""The place where answers are kept: an LMDB file that several processes share, JSON in and JSON out.

LMDB, because it is kept up, survives a kill at any moment without repair, and knows nothing but bytes: whatever
somebody puts into the file, reading it runs no code. (diskcache would unpickle what a row of its file says is pickled.)
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from weakref import WeakValueDictionary

import lmdb
from pydantic import ValidationError

from crab.core import io
from crab.core.errors import DataError, Problem
from crab.engines.base import Request, Response

SIZE_LIMIT = 20 * 2**30
"""Bytes that answers may take before the oldest go: some million of them."""
_MAP = 256 * 2**30  # address space, not memory or disk; the same for all who open the file, as LMDB wants it
_SLOTS = 2**14  # claims are told apart by this much; bounds the locks that the kernel has to keep for one process
_SHRINK_TO = 0.9


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer, with what was asked and of whom."""

    saved: float
    """Unix time, in seconds."""
    identity: dict[str, str]
    request: Request
    response: Response


@dataclass(frozen=True, slots=True)
class Stats:
    """What a store holds."""

    answers: int
    used_bytes: int
    file_bytes: int
    """Of the file, which keeps its size when answers go, and fills the holes later."""
    oldest: float | None
    newest: float | None
    """Unix times, in seconds."""


class Store:
    """Answers by key. Every method may be called from any thread; see `open_store`."""

    def __init__(self, place: Path, size_limit: int) -> None:
        place.mkdir(parents=True, exist_ok=True)
        self.size_limit = size_limit
        self._claims = open(place / "claims.lock", "a+b")  # noqa: SIM115 (open as long as the store)
        self._in_use = _hold(place, fcntl.LOCK_SH)
        try:
            self._env = lmdb.open(str(place), map_size=_MAP, max_dbs=2, max_readers=512)
        except lmdb.Error as error:
            raise DataError(
                Problem(str(place), f"no store of answers: {error}", "move it away; a new one is made")
            ) from None
        self._env.reader_check()  # slots of killed processes
        self._answers = self._env.open_db(b"answers")
        self._ages = self._env.open_db(b"ages")
        self._file = place / "data.mdb"
        self._held: Counter[int] = Counter()
        self._lock = threading.Lock()

    def get(self, key: bytes) -> Entry | None:
        """The entry of a key; None where there is none, or what stands there is none."""
        with self._env.begin(self._answers, buffers=True) as transaction:
            return _read(transaction.get(key))

    def put(self, key: bytes, entry: Entry) -> None:
        """Keep an answer; when this returns, it outlives the process and the machine. The first of a key stays."""
        value = io.dumps(entry).encode("utf-8")
        with self._env.begin(write=True) as transaction:
            if _read(transaction.get(key, db=self._answers)) is not None:
                return
            transaction.put(key, value, db=self._answers)
            transaction.put(struct.pack(">d", entry.saved) + key, b"", db=self._ages)
        if self.used_bytes() > self.size_limit:
            self.evict(int(self.size_limit * _SHRINK_TO))

    def entries(self, prefix: str = "") -> Iterator[tuple[str, Entry]]:
        """Keys in hexadecimal with their entries, in the order of the keys."""
        start = bytes.fromhex(prefix[: len(prefix) // 2 * 2])
        with self._env.begin(self._answers, buffers=True) as transaction:
            cursor = transaction.cursor()
            if not cursor.set_range(start or b"\0"):
                return
            for key, value in cursor:
                if not (name := bytes(key).hex()).startswith(prefix):
                    return
                if (entry := _read(value)) is not None:
                    yield name, entry

    def evict(self, to_bytes: int | None = None, saved_before: float = 0.0) -> int:
        """Drop the oldest answers until at most `to_bytes` are used, and all saved before a time; returns how many."""
        dropped = 0
        while True:
            with self._env.begin(write=True) as transaction:  # in pieces: a large transaction holds others up
                cursor = transaction.cursor(self._ages)
                count = 0
                while count < 100 and cursor.first():
                    age = cursor.key()
                    over = to_bytes is not None and self._used(transaction) > to_bytes
                    if not over and struct.unpack(">d", age[:8])[0] >= saved_before:
                        break
                    cursor.delete()
                    transaction.delete(age[8:], db=self._answers)
                    count += 1
            dropped += count
            if count < 100:
                return dropped

    def used_bytes(self) -> int:
        """Pages that hold answers, in bytes."""
        with self._env.begin() as transaction:
            return self._used(transaction)

    def stats(self) -> Stats:
        with self._env.begin() as transaction:
            cursor = transaction.cursor(self._ages)
            times = [struct.unpack(">d", cursor.key()[:8])[0] for go in (cursor.first, cursor.last) if go()]
            answers = transaction.stat(self._answers)["entries"]
            used = self._used(transaction)
        return Stats(answers, used, self._file.stat().st_size, *(times or (None, None)))

    def claim(self, key: bytes) -> bool:
        """Announce to other processes that this one is about to ask; False where another one is.

        The kernel keeps the claim, and drops it when the process dies, however it dies.
        """
        slot = _slot(key)
        with self._lock:
            if not self._held[slot]:
                try:
                    fcntl.lockf(self._claims, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
                except OSError:
                    return False
            self._held[slot] += 1
            return True

    def release(self, key: bytes) -> None:
        """Take back a claim."""
        slot = _slot(key)
        with self._lock:
            self._held[slot] -= 1
            if not self._held[slot]:
                fcntl.lockf(self._claims, fcntl.LOCK_UN, 1, slot)

    def _used(self, transaction: lmdb.Transaction) -> int:
        found = [transaction.stat(db) for db in (self._answers, self._ages)]
        return sum(s["psize"] * (s["branch_pages"] + s["leaf_pages"] + s["overflow_pages"]) for s in found)


def open_store(place: Path, size_limit: int = SIZE_LIMIT) -> Store:
    """The store in a folder, made where there is none; the same object for all of this process that ask for it."""
    where = (os.getpid(), place.resolve())
    with _opening:
        if (store := _opened.get(where)) is None:
            store = _opened[where] = Store(place, size_limit)
        store.size_limit = size_limit
        return store


_opened: WeakValueDictionary[tuple[int, Path], Store] = WeakValueDictionary()  # LMDB files open once per process
_opening = threading.Lock()


def compact(place: Path) -> bool:
    """Give the room of dropped answers back to the disk; False, and nothing done, while anybody has the store open."""
    try:
        in_use = _hold(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    with in_use, tempfile.TemporaryDirectory(dir=place) as copy:
        env = lmdb.open(str(place), map_size=_MAP, max_dbs=2)
        env.copy(copy, compact=True)
        env.close()
        shutil.copymode(place / "data.mdb", Path(copy) / "data.mdb")
        os.replace(Path(copy) / "data.mdb", place / "data.mdb")
        (place / "lock.mdb").unlink(missing_ok=True)
    return True


def now() -> float:
    """The time for a new entry."""
    return time.time()


def _hold(place: Path, how: int) -> IO[bytes]:
    file = open(place / "in-use.lock", "a+b")  # noqa: SIM115 (the lock lasts as long as the file)
    try:
        fcntl.flock(file, how)
    except BaseException:
        file.close()
        raise
    return file


def _slot(key: bytes) -> int:
    return int.from_bytes(key[:8], "big") % _SLOTS


def _read(value: bytes | memoryview | None) -> Entry | None:
    if value is not None:
        with suppress(ValidationError):
            return io.loads(Entry, bytes(value))
    return None
