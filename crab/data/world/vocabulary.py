"""The world's words. Few on purpose: a model with under a million parameters has to learn them all.

No word belongs to two domains, and no content word occurs in a template, an opening or an ending; so what a response
is about can be read off its nouns. Each topic knows ten nouns, four verbs and four adjectives of its domain: always
the same ones, whatever the seed, so that a response can be judged without knowing which seed made it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from crab.core import randomness


@dataclass(frozen=True, slots=True)
class Domain:
    """A field of life: five topics, 16 nouns, 6 verbs (third person, with an object) and 6 adjectives."""

    topics: tuple[str, ...]
    nouns: tuple[str, ...]
    verbs: tuple[str, ...]
    adjectives: tuple[str, ...]


def _domain(topics: str, nouns: str, verbs: str, adjectives: str) -> Domain:
    return Domain(tuple(topics.split()), tuple(nouns.split()), tuple(verbs.split()), tuple(adjectives.split()))


DOMAINS = (
    _domain(
        "fishing sailing ferries lighthouses shipping",
        "boat rope anchor sail net crane pier deck tide gull buoy captain crew cargo mast wave",
        "carries pulls guards follows lifts meets",
        "salty steady wooden broad tidal swift",
    ),
    _domain(
        "baking breakfast soups spices picnics",
        "bread oven dough knife broth plate spoon salt butter pan cook flour kettle onion honey bowl",
        "warms fills covers seasons softens serves",
        "fresh warm sweet golden spicy creamy",
    ),
    _domain(
        "orchards beekeeping compost lawns greenhouses",
        "seed soil rose bee hedge spade apple leaf root pond gate fence gardener herb bulb path",
        "feeds shelters waters trims hides surrounds",
        "green shady tender wild leafy bright",
    ),
    _domain(
        "hiking camping skiing climbing rivers",
        "ridge trail tent peak stream boulder hiker goat valley cabin map snow glacier cliff meadow bridge",
        "crosses tops marks reaches blocks overlooks",
        "steep rocky calm frozen remote narrow",
    ),
    _domain(
        "carpentry furniture bicycles locks toys",
        "hammer nail plank saw bench drill glue screw lathe carpenter hinge shelf clamp wheel toolbox apprentice",
        "holds shapes joins repairs cuts measures",
        "sturdy sharp smooth handy rusty solid",
    ),
    _domain(
        "jazz opera festivals lullabies drumming",
        "drum piano singer chord stage guitar flute choir rhythm melody string concert audience conductor trumpet song",
        "leads echoes inspires supports answers praises",
        "loud gentle lively famous slow cheerful",
    ),
    _domain(
        "trams museums traffic architecture nightlife",
        "street tram tower park square market bus window clock statue mayor library station corner crowd lamp",
        "passes faces welcomes connects watches brightens",
        "busy modern tall noisy old clean",
    ),
    _domain(
        "astronomy satellites eclipses rockets meteors",
        "star moon comet rocket planet lens orbit galaxy astronaut signal satellite crater shuttle probe sun cloud",
        "circles attracts reflects studies explores reveals",
        "distant silent huge dusty magnetic faint",
    ),
)

TASKS = (
    "tell me about {}.",
    "what should i know about {}?",
    "please write about {}.",
    "explain {} to me.",
    "give me some facts on {}.",
    "describe {}.",
    "i want to learn about {}.",
    "help me understand {}.",
    "what is there to say on {}?",
    "share what you know of {}.",
    "introduce {} to a friend.",
    "talk to me about {}.",
)
"""What a user asks. A task names its topic and nothing else, so chance alone decides how a response looks."""

TEMPLATES = (
    "the {adjective} {noun} {verb} the {other}",
    "every {noun} {verb} one {adjective} {other}",
    "this {noun} {verb} the {adjective} {other}",
    "one {adjective} {noun} {verb} its {other}",
    "soon the {noun} {verb} its {adjective} {other}",
    "maybe the {noun} {verb} that {adjective} {other}",
    "at dawn, the {adjective} {noun} {verb} the {other}",
    "the {noun}, so {adjective}, {verb} the {other}",
)
"""Clauses, each with one adjective, two nouns and a verb."""

WITH_COMMA = (6, 7)
"""The templates that hold a comma; half of the responses do without them."""

GUESTS = ("lantern", "compass", "feather", "ribbon", "candle", "mirror", "puzzle", "umbrella")
"""Words of no domain: they are what a keyword constraint can ask for."""

GUEST_PHRASE = " with the {}"

OPENINGS = ("in short,", "as a rule,", "here is the idea:", "a quick note:", "good news!", "listen well!")
ENDINGS = (
    "that is all",
    "now you know",
    "this is enough for today",
    "have a good day",
    "ask me for more",
    "so it goes",
)
"""Closing sentences, without their mark."""

GREETING = "dear reader,"
POSTSCRIPT = "p.s."
SEPARATOR = "***"


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words that responses on one topic use."""

    nouns: tuple[str, ...]
    verbs: tuple[str, ...]
    adjectives: tuple[str, ...]


def topics() -> tuple[str, ...]:
    """All 40 topics."""
    return tuple(topic for domain in DOMAINS for topic in domain.topics)


def nouns() -> tuple[str, ...]:
    """All 128 nouns."""
    return tuple(noun for domain in DOMAINS for noun in domain.nouns)


def verbs() -> tuple[str, ...]:
    """All 48 verbs."""
    return tuple(verb for domain in DOMAINS for verb in domain.verbs)


def adjectives() -> tuple[str, ...]:
    """All 48 adjectives."""
    return tuple(adjective for domain in DOMAINS for adjective in domain.adjectives)


@cache
def lexicon(topic: str) -> Lexicon:
    """The ten nouns, four verbs and four adjectives of a topic.

    Raises:
        ValueError: The world has no such topic.
    """
    for domain in DOMAINS:
        if topic in domain.topics:
            rng = randomness.rng(0, "lexicon", topic)
            return Lexicon(
                tuple(rng.sample(domain.nouns, 10)),
                tuple(rng.sample(domain.verbs, 4)),
                tuple(rng.sample(domain.adjectives, 4)),
            )
    raise ValueError(f"the built-in world has no topic {topic!r}")
