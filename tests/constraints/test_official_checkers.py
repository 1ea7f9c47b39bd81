"""What we state must hold by another hand's code too: IFEval's official checkers, as lm-eval ships them.

Every emitted constraint that a published type says (`published`) is judged by the official code on the response that
it came from. There are no disagreements left; these were avoided by choosing margins, each as a reading of its type:

- words: NLTK takes a lone combining mark, as after some emoji, for a word ("word characters and marks");
- sentences: NLTK's Punkt ends one at "etc.", "1." and `!"`, and none at an ellipsis before a line break
  ("every end mark", "no ellipsis");
- the end of a response: an asterisk after the phrase is a part of the text to the official code ("to the letter");
- the first word of a paragraph: what stands before a space or one of six marks ("split at two line breaks");
- placeholders, bullets, highlights: whatever its patterns find ("any brackets", "lines", "starred");
- keywords: inside longer words too ("anywhere");
- a postscript's mark: with its last full stop ("to the letter");
- the language: langdetect guesses at a few words and at programs, so they are left alone.

One difference is levelled here: the official code sees no paragraphs in a text whose lines end in CRLF.
"""

import os
import random
from collections import Counter

import pytest

from crab import constraints
from crab.constraints.published import published
from tests.constraints.test_real_responses import SHARED, pairs

pytest.importorskip("lm_eval", reason="no lm-eval, whose IFEval checkers judge here")


@pytest.fixture(scope="module")
def official():
    if not (SHARED / "nltk_data").is_dir():
        pytest.skip(f"no NLTK tables at {SHARED / 'nltk_data'}; set CRAB_SHARED_DATA")
    os.environ["NLTK_DATA"] = str(SHARED / "nltk_data")
    import langdetect
    import nltk
    from lm_eval.tasks.ifeval.instructions_registry import INSTRUCTION_DICT
    from lm_eval.tasks.ifeval.instructions_util import LANGUAGE_CODES

    nltk.data.path.insert(0, str(SHARED / "nltk_data"))
    langdetect.DetectorFactory.seed = 0  # it is random otherwise

    def follows(name, arguments, response):
        if arguments.get("language", "en") not in LANGUAGE_CODES:
            return None  # it fails on languages that it has no name for
        random.seed(0)  # a missing argument would be drawn; none is missing
        checker = INSTRUCTION_DICT[name](name)
        checker.build_description(**arguments)
        return checker.check_following(response)

    return follows


@pytest.mark.skipif(not (SHARED / "seeds").is_dir(), reason=f"no real responses at {SHARED}; set CRAB_SHARED_DATA")
@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_the_official_code_agrees(official, every):
    judged, disagreed = Counter(), []
    for number, (instruction, response) in enumerate(pairs()):
        if number % every:
            continue
        for name, arguments in published(constraints.derive(response, instruction, random_seed=number)):
            verdict = official(name, arguments, response.replace("\r\n", "\n"))
            judged[name] += verdict is not None
            if verdict is False:
                disagreed.append((number, name, arguments))
    assert disagreed == []
    assert sum(judged.values()) > 15_000 / every
    assert len(judged) >= 10
