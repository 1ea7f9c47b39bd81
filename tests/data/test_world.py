from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from crab.core import io
from crab.core.records import Seed
from crab.data.split import assign
from crab.data.world import draws, generate, guards, vocabulary


@cache
def world(seed: int = 0, count: int = 4000) -> tuple[Seed, ...]:
    return tuple(generate.pairs(count, seed))


def of(format_: str, **draws_: object) -> list[Seed]:
    wanted = {"format": format_} | draws_
    return [pair for pair in world() if wanted.items() <= pair.meta.items()]


def sentences(response: str) -> list[str]:
    return re.findall(r"[^.!]+[.!]", response)


def test_is_a_function_of_its_seed() -> None:
    assert [io.dumps(pair) for pair in generate.pairs(600, 3)] == [io.dumps(pair) for pair in generate.pairs(600, 3)]
    assert [pair.response for pair in generate.pairs(50, 3)] != [pair.response for pair in generate.pairs(50, 4)]


def test_fewer_pairs_are_the_beginning_of_more() -> None:
    assert tuple(generate.pairs(700, 0)) == world()[:700]


def test_every_instruction_has_answers_of_its_own() -> None:
    assert len({pair.id for pair in world()}) == len(world())
    assert len({(pair.instruction, pair.response) for pair in world()}) == len(world())
    assert set(Counter(pair.instruction for pair in world()).values()) == {8, 9}
    assert len({pair.instruction for pair in world()}) == 480


def test_an_instruction_names_its_topic_and_nothing_of_the_form() -> None:
    for pair in world()[:480]:
        assert pair.instruction == vocabulary.TASKS[pair.meta["task"]].format(pair.meta["topic"])
        assert pair.instruction == pair.instruction.lower()
    words = {word for task in vocabulary.TASKS for word in re.findall(r"\w+", task)}
    assert not words & {"list", "table", "json", "step", "steps", "letter", "bullets", "short", "long", "words"}


def test_no_word_belongs_to_two_places() -> None:
    content = [
        *vocabulary.topics(),
        *vocabulary.nouns(),
        *vocabulary.verbs(),
        *vocabulary.adjectives(),
        *vocabulary.GUESTS,
    ]
    assert len(set(content)) == len(content) == 40 + 128 + 48 + 48 + 8
    phrases = [*vocabulary.TEMPLATES, *vocabulary.OPENINGS, *vocabulary.ENDINGS, *vocabulary.TASKS]
    frame = {word for phrase in phrases for word in re.findall(r"[a-z]+", phrase)}
    assert not frame & set(content)


@pytest.mark.parametrize("world_seed", range(5))
@pytest.mark.parametrize("split_seed", range(5))
def test_every_topic_and_task_occurs_in_train_and_the_shares_hold(world_seed: int, split_seed: int) -> None:
    pairs = world(world_seed, 480)
    splits = [assign(pair.instruction, split_seed, dev=0.08, heldout=0.2) for pair in pairs]
    train = [pair for pair, split in zip(pairs, splits, strict=True) if split == "train"]
    assert {pair.meta["topic"] for pair in train} == set(vocabulary.topics())
    assert {pair.meta["task"] for pair in train} == set(range(len(vocabulary.TASKS)))
    # Five standard deviations of a binomial share of 480.
    assert splits.count("heldout") / 480 == pytest.approx(0.2, abs=0.09)
    assert splits.count("dev") / 480 == pytest.approx(0.08, abs=0.06)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("format", set(draws.FORMATS)),
        ("items", {2, 3, 4}),
        ("parts", {1, 2, 3, 4}),
        ("opening", {None, *vocabulary.OPENINGS}),
        ("ending", {None, *vocabulary.ENDINGS}),
        ("postscript", {True, False}),
        ("quoted", {True, False}),
        ("capitals", {True, False}),
        ("mark", {".", "!"}),
        ("highlights", {0, 1, 2, 3, 4}),
        ("commas", {True, False}),
    ],
)
def test_every_draw_is_realised(name: str, values: set[object]) -> None:
    assert {pair.meta[name] for pair in world()} == values


def test_every_template_and_guest_word_is_realised() -> None:
    parsed = [guards.parse(pair.response) for pair in world()]
    clauses = [clause for drawn in parsed if drawn for clause in drawn.clauses]
    assert {clause.template for clause in clauses} == set(range(len(vocabulary.TEMPLATES)))
    assert {clause.guest for clause in clauses} == {None, *vocabulary.GUESTS}


def test_rates_are_those_of_the_prototype() -> None:
    def share(name: str, value: object, pairs: list[Seed] | None = None) -> float:
        chosen = pairs or list(world())
        return sum(pair.meta[name] == value for pair in chosen) / len(chosen)

    free = [pair for pair in world() if pair.meta["format"] not in ("json", "letter")]
    assert share("format", "table") == pytest.approx(1 / 7, abs=0.03)
    assert share("items", 4) == pytest.approx(1 / 3, abs=0.04)
    assert share("capitals", True) == pytest.approx(0.3, abs=0.04)
    assert share("mark", "!") == pytest.approx(0.4, abs=0.04)
    assert share("opening", None, free) == pytest.approx(0.55, abs=0.05)
    assert share("ending", None, free) == pytest.approx(0.55, abs=0.05)
    assert share("title", None, free) == pytest.approx(0.75, abs=0.05)
    assert share("postscript", True, free) == pytest.approx(0.25, abs=0.05)
    assert share("quoted", True, of("plain")) == pytest.approx(0.2, abs=0.08)
    assert share("highlights", 0) == pytest.approx(0.7, abs=0.04)
    assert Counter(len(pair.meta["guests"]) for pair in world())[0] / len(world()) == pytest.approx(0.3, abs=0.04)


def test_responses_are_short() -> None:
    lengths = [len(pair.response.split()) for pair in world()]
    assert 28 < sum(lengths) / len(lengths) < 40
    assert max(lengths) < 100


def test_one_letter_case_throughout() -> None:
    for pair in world():
        cased = pair.response.upper() if pair.meta["capitals"] else pair.response.lower()
        assert pair.response == cased


def test_json_parses_and_has_as_many_items_as_drawn() -> None:
    for pair in of("json"):
        value = json.loads(pair.response)
        assert list(value) == [str(number) for number in range(1, pair.meta["items"] + 1)]


@pytest.mark.parametrize(
    ("format_", "opens", "item"),
    [("bullets", "bullet_list_open", "list_item_open"), ("numbered", "ordered_list_open", "list_item_open"),
     ("table", "table_open", "tr_open")],
)  # fmt: skip
def test_markdown_reads_lists_and_tables_as_drawn(format_: str, opens: str, item: str) -> None:
    reader = MarkdownIt("commonmark").enable("table")
    for pair in of(format_):
        tokens = [token.type for token in reader.parse(pair.response)]
        assert tokens.count(opens) == 1
        assert tokens.count(item) == pair.meta["items"] + (format_ == "table")
        # What stands around a list is a paragraph of its own, not a part of the last item.
        around = [pair.meta[name] for name in ("opening", "ending", "title")]
        blocks = sum(1 for token in reader.parse(pair.response) if token.level == 0 and token.type == "paragraph_open")
        assert blocks == sum(part is not None for part in around) + pair.meta["postscript"]


def test_parts_are_thematic_breaks() -> None:
    reader = MarkdownIt("commonmark")
    for pair in [*of("plain"), *of("letter")]:
        tokens = [token.type for token in reader.parse(pair.response.strip('"'))]
        assert tokens.count("hr") == pair.meta["parts"] - 1


def test_the_text_shows_the_hidden_draws() -> None:
    for pair in world():
        meta, text = pair.meta, pair.response.lower().strip('"')
        body = text.split("p.s.")[0].strip()
        assert ("p.s." in text) == meta["postscript"]
        assert pair.response.startswith('"') == pair.response.endswith('"') == meta["quoted"]
        assert text.startswith(f"<<{meta['title']}>>") or meta["title"] is None
        untitled = text.removeprefix(f"<<{meta['title']}>>").strip()
        assert meta["opening"] is None or untitled.startswith(meta["opening"])
        assert meta["ending"] is None or body.endswith(meta["ending"] + meta["mark"])
        assert {guest for guest in vocabulary.GUESTS if guest in text} == set(meta["guests"])
        assert len(re.findall(r"(?<!\*)\*\w+\*", text)) == meta["highlights"]
        assert untitled.startswith(vocabulary.GREETING) == (meta["format"] == "letter")


def test_openings_and_endings_are_of_the_promised_shape() -> None:
    assert all(len(phrase.split()) <= 6 and phrase[-1] in ",:!" for phrase in vocabulary.OPENINGS)
    assert all(len(phrase.split()) <= 6 and phrase.replace(" ", "").isalpha() for phrase in vocabulary.ENDINGS)


@pytest.mark.parametrize("world_seed", range(3))
def test_guards_accept_every_generated_response(world_seed: int) -> None:
    for pair in world(world_seed, 4000):
        assert guards.is_grammatical(pair.response), pair.response
        assert guards.on_topic(pair.response, pair.meta["topic"]), pair.response


def test_parsing_recovers_the_draws() -> None:
    for pair in world():
        drawn = guards.parse(pair.response)
        assert drawn is not None
        assert pair.meta.items() >= generate.describe(drawn).items()


GOOD = "good news! the fresh oven warms the bread. every cook fills one *warm* bowl with the lantern. now you know."


def test_the_example_for_corruptions_is_good() -> None:
    assert guards.is_grammatical(GOOD)


@pytest.mark.parametrize(
    ("corrupted", "why"),
    [
        ("", "empty"),
        (GOOD[:-1], "no final mark"),
        (GOOD.replace("warms ", ""), "no verb"),
        (GOOD.replace("oven", "zeppelin"), "unknown noun"),
        (GOOD.replace("bread. every", "bread every"), "run-on"),
        (GOOD.replace("bread.", "bread!"), "mixed marks"),
        (GOOD.replace("the fresh", "The fresh"), "mixed case"),
        (GOOD.replace("*warm*", "*warm"), "open highlight"),
        (GOOD.replace("oven warms", "oven  warms"), "double space"),
        (GOOD + "\n", "trailing newline"),
        (GOOD + " " + GOOD, "said twice"),
        (GOOD.replace("the lantern", "the lantern with the lantern"), "guest twice"),
        ('"' + GOOD, "open quotation"),
        ("the fresh oven warms the bread.", "one item only"),
        ("- the fresh oven warms the bread.\nevery cook fills one warm bowl.", "half a list"),
        ("1. the fresh oven warms the bread.\n3. every cook fills one warm bowl.", "numbers skip"),
        ("step 2: the fresh oven warms the bread.\nstep 3: every cook fills one warm bowl.", "steps start late"),
        ('{"1": "the fresh oven warms the bread.", "2": "every cook fills one warm bowl."', "open JSON"),
        ('{"1": "the fresh oven warms the bread.", "3": "every cook fills one warm bowl."}', "JSON keys skip"),
        ('{"1":"the fresh oven warms the bread.","2":"every cook fills one warm bowl."}', "other JSON spacing"),
        ('{"1": ["the fresh oven warms the bread."]}', "JSON of another shape"),
        (
            "| item | note |\n| 1 | the fresh oven warms the bread. |\n| 2 | every cook fills one warm bowl. |",
            "no rule",
        ),
        ("<<the oven>>\n\n" + GOOD, "title without adjective"),
        (GOOD + "\n\np.s. now you know.", "postscript is no statement"),
        ("dear reader, the fresh oven warms the bread. every cook fills one warm bowl.", "greeting not on its own"),
        ("***\n\n" + GOOD, "separator first"),
        (GOOD + "\n\n***", "separator last"),
    ],
)
def test_guards_refuse_corrupted_responses(corrupted: str, why: str) -> None:
    assert not guards.is_grammatical(corrupted), why


def test_what_a_thing_does_to_itself_is_no_question_of_form() -> None:
    assert guards.is_grammatical(GOOD.replace("the bread", "the oven"))


@given(st.data())
def test_guards_refuse_a_response_without_one_of_its_words(data: st.DataObject) -> None:
    pair = data.draw(st.sampled_from(world()[:300]))
    words = pair.response.split(" ")
    position = data.draw(st.integers(0, len(words) - 1))
    shorter = " ".join(words[:position] + words[position + 1 :])
    # A word fewer can be another response of the world (an ending or a guest gone takes more than a word).
    assert not guards.is_grammatical(shorter) or guards.parse(shorter) != guards.parse(pair.response)


@given(st.text(max_size=80) | st.text('{}"<>*-|.! \np12abcdeorst', max_size=60))
def test_guards_accept_any_text_without_failing(text: str) -> None:
    guards.is_grammatical(text)
    guards.on_topic(text, "jazz")


def test_on_topic_tells_topics_apart() -> None:
    about_baking = [pair for pair in world() if pair.meta["topic"] == "baking"]
    assert not any(guards.on_topic(pair.response, "jazz") for pair in about_baking)
    # The same domain knows 16 nouns, of which each topic knows ten: some responses fit two topics.
    assert sum(guards.on_topic(pair.response, "soups") for pair in about_baking) < len(about_baking) / 2
    assert not guards.on_topic("no noun of the world here", "jazz")
    with pytest.raises(ValueError, match="no topic"):
        guards.on_topic("the drum", "gardening")
