"""Words that markdown sets off."""

from __future__ import annotations

from crab.constraints.quantity import AT_LEAST, EXACTLY, amounts, counted

highlighted = counted(
    paper="Key formatting",
    meaning="The number of spans in markdown italics or bold stands in the relation to n.",
    one="highlighted span",
    many="highlighted spans",
    counts={
        "markdown": lambda m: m.markdown.emphasis + m.markdown.strong,
        "starred": lambda m: m.starred,
    },
    prefer=(AT_LEAST, AT_LEAST, EXACTLY),
    fewest=1,
    ifeval="detectable_format:number_highlighted_sections",
    forms=amounts(
        "span",
        "spans",
        relations=(AT_LEAST, EXACTLY),
        own={
            AT_LEAST: (
                "Highlight at least {n} [word or phrase|words or phrases] with asterisks, *like this*.",
                "Set at least {n} [expression|expressions] in *italics* or **bold**.",
                "There should be {n} or more *highlighted* [part|parts].",
                "Mark no fewer than {n} [passage|passages] with markdown emphasis.",
                "Emphasise at least {n:word} [word or phrase|words or phrases] in markdown.",
                "Use *asterisks* to bring out at least {n} [term|terms].",
            ),
            EXACTLY: (
                "Highlight exactly {n} [word or phrase|words or phrases] with asterisks, *like this*.",
                "Set exactly {n} [expression|expressions] in *italics* or **bold**.",
                "There should be exactly {n} *highlighted* [part|parts].",
                "Mark {n} [passage|passages], no more and no fewer, with markdown emphasis.",
                "Emphasise exactly {n:word} [word or phrase|words or phrases] in markdown.",
                "Use *asterisks* to bring out exactly {n} [term|terms].",
            ),
        },
        also_called=(("highlighted section", "highlighted sections"), ("highlighted word", "highlighted words")),
        heard={
            AT_LEAST: (
                "highlight at least {n} [section|sections](| with markdown)(|, i.e. *highlighted section*)",
                "highlight at least {n} [section|sections] in the response with markdown, i.e. *highlighted section*",
                "highlight at least {n} (words|phrases|parts|terms)",
            ),
            EXACTLY: ("highlight exactly {n} [section|sections](| with markdown)",),
        },
    ),
)
