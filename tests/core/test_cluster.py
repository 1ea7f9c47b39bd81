"""What can be told about a cluster without starting one; Ray itself runs in tests/engines/test_ray.py."""

from __future__ import annotations

import socket
import sys

import pytest

from crab.core import cluster
from crab.core.errors import ResourceError


def test_a_cluster_that_is_not_there_is_one_message_at_once() -> None:
    pytest.importorskip("ray", reason="Ray is not installed (extra `ray`)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ResourceError, match=rf"Ray at 127.0.0.1:{port}: nobody listens there"):
        list(cluster.ray_map(str, [1], f"127.0.0.1:{port}", 1))


def test_a_missing_package_is_an_error_with_a_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)  # what an import of an absent package meets
    with pytest.raises(ResourceError, match="pip install"):
        list(cluster.ray_map(str, [1], None, 1))
