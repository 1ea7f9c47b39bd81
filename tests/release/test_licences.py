"""What a licence allows."""

from __future__ import annotations

import pytest

from crab.release import licences
from tests.tracking.toy_project import ROOT


@pytest.mark.parametrize(
    ("stated", "hub_id", "forbids"),
    [
        ("Apache-2.0", "apache-2.0", ""),
        ("MIT", "mit", ""),
        ("CC BY 4.0", "cc-by-4.0", ""),
        ("CC BY-SA 3.0", "cc-by-sa-3.0", ""),
        ("CC BY-NC 4.0", "cc-by-nc-4.0", "forbids commercial use"),
        ("cc_by_nc_sa_4.0", "cc-by-nc-sa-4.0", "forbids commercial use"),
        ("CC-BY-ND-4.0", "cc-by-nd-4.0", "forbids passing on"),
        ("CC BY-NC-ND 4.0", "cc-by-nc-nd-4.0", "commercial use and forbids passing on"),
        ("ODC-By 1.0", "odc-by", ""),
        ("My own terms", None, ""),
        ("CC BY", None, ""),
        ("", None, ""),
    ],
)
def test_terms(stated: str, hub_id: str | None, forbids: str) -> None:
    found = licences.terms(stated)
    if hub_id is None:
        assert found is None
    else:
        assert found is not None
        assert found.hub_id == hub_id
        assert forbids in found.forbids if forbids else not found.forbids


def test_what_is_not_known_is_left_out() -> None:
    stated = {"free": "MIT", "study": "CC BY-NC 4.0", "odd": "My own terms"}
    decided = licences.decide(["free", "odd", "silent", "study"], stated, include_restricted=False)
    assert [source.name for source in decided.values() if source.included] == ["free"]
    assert "not stated" in decided["silent"].forbids
    assert "not known" in decided["odd"].forbids
    assert all(one.included for one in licences.decide(["odd", "study"], stated, include_restricted=True).values())
    assert licences.together([decided["free"]]) == "mit"
    assert licences.together(list(decided.values())) == "other"


def test_every_licence_that_conf_states_is_known() -> None:
    from ruamel.yaml import YAML

    for file in (ROOT / "conf/seed").glob("*.yaml"):
        values = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
        stated = [*(values.get("licences") or {}).values()]
        stated += [one["licence"] for one in (values.get("sources") or {}).values()]
        assert all(licences.terms(licence) for licence in stated), file.name
