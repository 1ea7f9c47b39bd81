"""The reverse task's question: which constraints does this response to this instruction meet."""

from __future__ import annotations

FRAMES = (
    "Which constraints does this response satisfy?\n\nInstruction: {instruction}\n\nResponse:\n{response}",
    "Instruction: {instruction}\n\nResponse:\n{response}\n\nList the constraints that the response meets.",
    "Read the exchange and name the requirements that the answer fulfils.\n\n"
    "Instruction: {instruction}\n\nAnswer:\n{response}",
)
"""Three wordings, so that the task is learnt and not one sentence."""


def ask(instruction: str, response: str, frame: int) -> str:
    """The question about one pair, in wording number `frame` (taken modulo their number)."""
    # One pass of str.replace each would touch braces inside the response; format() only reads the frame's own.
    return FRAMES[frame % len(FRAMES)].format(instruction=instruction.strip(), response=response)
