"""Small word lists of our own: words that make no keyword, and words that writers are often told to avoid."""

from __future__ import annotations

from typing import Final

_STOP_WORDS = """
a about above after again against all almost along already also although always am among an and another any anyone
anything are around as at away back be became because become been before began being below best better between both
but by called came can cannot come could did do does doing done down during each either else enough etc even ever
every everyone everything example far few first for found from full further gave general get gets getting give given
gives go goes going gone good got great had has have having he help her here hers herself him himself his how
however i if in include includes including indeed instead into is it its itself just keep kind know known last later
least less let like likely little long look made mainly make makes making many may maybe me mean means might mine
more moreover most mostly much must my myself near need needed needs neither never next no nobody none nor not
nothing now of off often on once one ones only onto or other others otherwise our ours ourselves out over overall
own part perhaps please possible put quite rather really regarding same saw say says second see seem seems seen
several shall she should show since small so some someone something sometimes soon still such sure take taken takes
tell than thank that the their theirs them themselves then there therefore these they thing things think this those
though three through throughout thus to together too toward towards two under unless until up upon us use used uses
using usually various very want wants was way ways we well went were what whatever when where whether which while
who whole whom whose why will with within without would yes yet you your yours yourself
"""
_AVOIDABLE = """
absolutely actually additionally amazing arguably awesome basically beautiful certainly clearly conclusion crucial
definitely delve essentially exciting fantastic furthermore generally honestly hopefully important incredible
interesting journey leverage literally moreover nice obviously paramount perfect personally problem quickly simply
significant stuff tapestry terrible totally truly ultimately undoubtedly unfortunately unique utilize virtually
vital wonderful
"""

STOP_WORDS: Final = frozenset(_STOP_WORDS.split())
"""Words that say little about a text by themselves."""

AVOIDABLE: Final = tuple(_AVOIDABLE.split())
"""Fillers and worn words that a style guide would strike out."""
