"""Study files: what is refused, and with which words."""

import json
from pathlib import Path

import pytest
import yaml

from sharegrid import config

ROOT = Path(__file__).parents[1]
GOOD = """
title: A market
chapter: mine
prepare:
  market: spot
  network: {reader: facts, path: networks/facts/case30}
  scenarios:
    variants: {label: "{limits}", limits: [none, 0.76]}
clear: {}
value:
  requests: [{scenarios: [variants], coalitions: removals}]
pay:
  mechanisms: {lmp: {}, vcg: {}}
"""


def read(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return config.read_study(path)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("limits: [none", "limts: [none", ["prepare.scenarios.variants.limts", "did you mean 'limits'"]),
        ("title:", "titel:", ["titel", "did you mean 'title'"]),
        ("mechanisms:", "mechansims:", ["pay.mechansims", "did you mean 'mechanisms'"]),
        ("vcg:", "vgc:", ["pay.mechanisms.vgc", "did you mean 'vcg'"]),
        ("lmp: {}", "lmp: {price: 3}", ["pay.mechanisms.lmp", "price", "unknown"]),
        ("0.76", "-0.76", ["limits", "greater than 0", "-0.76"]),
        ("0.76", "nan", ["limits"]),
        ("[{scenarios: [variants], coalitions: removals}]", "[]", ["value.requests", "at least 1"]),
        ("removals", "removels", ["value.requests.0.coalitions", "removals", "removels"]),
        ("market: spot", "market: spott", ["prepare.market", "spott", "did you mean 'spot'"]),
        ("[variants]", "[varaints]", ["'varaints' is no family", "did you mean 'variants'"]),
        ("value:\n  requests: [{scenarios: [variants], coalitions: removals}]\n", "", ["vcg", "needs the values"]),
        ("vcg: {}", "core-selecting: {}", ["core-selecting", "coalitions: core or all"]),
        ("vcg: {}", "shapley: {}", ["shapley", "needs a value request with coalitions: all or sampled"]),
        ("vcg: {}", "nash-bargaining: {}", ["nash-bargaining", "coalitions: alone or sampled"]),
        ("vcg: {}", "sharing-contribution: {}", ["sharing-contribution", "coalitions: removals and alone, or all"]),
        ("vcg: {}", "sharing-contribution: {commission: 1}", ["commission", "less than 1"]),
        ("lmp: {}", "lmp@a b: {}", ["pay.mechanisms.lmp@a b", "the label after @ is made of small letters"]),
        ("coalitions: removals", "coalitions: sampled", ["value.requests.0", "sampled needs samples"]),
        ("coalitions: removals", "coalitions: sampled, samples: 1, seed: -1", ["value.requests.0.seed", "-1"]),
        ("removals}]", "removals}]\n  scaled: {scenarios: [variant]}", ["'variant' is no family", "'variants'"]),
        ("vcg: {}}", "lmp: {}}", ["key 'lmp' stands twice, in line"]),
        ("lmp: {}, vcg: {}}", "lmp: {}}\n  deficit: {}", ["pay.deficit", "add vcg"]),
        ("  scenarios:", "  pmin: keep\n  scenarios:", ["vcg", "use pmin: zero"]),
        ("limits: [none, 0.76]", "limits: [0]", ["limits.0: ", ", or "]),
        ("chapter: mine", "chapter: 3", ["chapter", "3"]),
        ("clear: {}\n", "", ["value", "clear: {}"]),
        ("title: A market", "title: [", ["not readable as YAML"]),
        ("chapter: mine", "chapter: mine\nchapter: yours", ["key 'chapter' stands twice"]),
        (GOOD, "just a word", ["mapping"]),
        ("chapter: mine", "chapter: mine\nvoll: 3", ["voll", "unknown key"]),
    ],
)
def test_a_mistake_is_named_with_its_place_and_a_cure(tmp_path, old, new, words):
    assert old in GOOD
    with pytest.raises(config.ConfigError) as error:
        read(tmp_path, GOOD.replace(old, new))
    for word in ["mine.yaml", *words]:
        assert word in str(error.value)


def test_core_needs_linear_costs(tmp_path):
    text = GOOD.replace("removals", "core").replace("  scenarios:", "  bid_mode: quadratic\n  scenarios:")
    with pytest.raises(config.ConfigError, match="use bid_mode: blocks"):
        read(tmp_path, text)


AREAS = """
title: Areas
chapter: mine
prepare:
  market: multi-area
  areas:
    A: {load_mw: 5, units: {G: {capacity_mw: 9, linear: 20}}}
  scenarios: {base: {label: base}}
clear: {}
value:
  requests: [{scenarios: [base], coalitions: all}]
pay:
  mechanisms: {lmp: {}, vcg: {}}
"""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"linear: 20}}}": "linear: 20}}}\n  cost_model: quadratic", "coalitions: all": "coalitions: core"},
         "value: coalitions: core and least-core need linear costs; use cost_model: blocks, or coalitions: all"),
        ({"vcg: {}}": "vcg: {}}\n  deficit: {}"}, "pay.deficit: is for the spot market; .* such as area-deficit"),
        ({"scenarios: {base": "pmin: keep\n  scenarios: {base", "vcg: {}": "core-selecting: {}"},
         "pay.mechanisms.core-selecting: would pay some less than their cost.*; use pmin: zero"),
        ({"scenarios: {base": "pmin: keep\n  scenarios: {base", "coalitions: all": "coalitions: core"},
         "value: coalitions: core: the others may save by an absence; use pmin: zero, or removals"),
    ],
)  # fmt: skip
def test_what_a_market_of_areas_cannot_pay(tmp_path, changes, words):
    text = AREAS
    for old, new in changes.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    with pytest.raises(config.ConfigError, match=f"mine.yaml: {words}"):
        read(tmp_path, text)


def test_lower_limits_may_be_kept_under_vcg(tmp_path):
    text = AREAS.replace("scenarios: {base", "pmin: keep\n  scenarios: {base")
    assert read(tmp_path, text).prepare.pmin == "keep"


def transfers(dispatch: str) -> str:
    """The preparation of a study that reads the cleared market of the study `dispatch`."""
    section = yaml.safe_load((ROOT / "config/studies/ch7-transfer-capability.yaml").read_text())["prepare"]
    return yaml.safe_dump({"title": "x", "chapter": "mine", "prepare": section | {"dispatch": dispatch}})


@pytest.mark.parametrize(
    ("dispatch", "words"),
    [
        ("secures", "transfers.yaml: prepare: no other study 'secures'; did you mean 'secure'"),
        ("transfers", "transfers.yaml: prepare: no other study 'transfers'"),
        ("secure", "transfers.yaml: prepare: study 'secure' clears no market, so it has no prices to take"),
    ],
)
def test_the_study_whose_market_is_read_exists_and_clears_it(tmp_path, dispatch, words):
    without_clear = AREAS[: AREAS.index("clear:")]
    files = {"secure": without_clear, "transfers": transfers(dispatch)}
    with pytest.raises(config.ConfigError, match=words):
        load(tmp_path, files)


def test_the_study_whose_market_is_read_is_run_too(tmp_path):
    areas = AREAS[: AREAS.index("value:")]
    files = {"secure": areas, "transfers": transfers("secure"), "other": areas}
    assert list(load(tmp_path, files, studies=["transfers"]).studies) == ["secure", "transfers"]


def test_numbers_are_names_too(tmp_path):
    study = read(tmp_path, GOOD.replace("limits: [none, 0.76]", "limits: [none, 0.76], without: [3]"))
    assert study.prepare.scenarios["variants"].without == ["3"]


@pytest.mark.parametrize("pattern", ["0.7*", "none", "variants", "misreport", '"0.76|2|*"'])
def test_patterns_of_scenarios(tmp_path, pattern):
    misreport = 'misreport: {label: "{limits}|{deviator}|x{price}", limits: [none, 0.76], misreport: ' \
                '{base: "{limits}", price_multiplier: [1.1]}}'  # fmt: skip
    text = GOOD.replace("value:", f"value:  # {pattern}").replace("  scenarios:\n", f"  scenarios:\n    {misreport}\n")
    assert read(tmp_path, text.replace("[variants]", f"[{pattern}]")).stages == ["prepare", "clear", "value", "pay"]


def test_the_good_study_reads_and_gives_each_job_its_own_branch(tmp_path):
    study = read(tmp_path, GOOD)
    assert study.stages == ["prepare", "clear", "value", "pay"]
    assert study.params("prepare")["voll"] == 1000.0, "defaults are filled in"
    other = read(tmp_path, GOOD.replace("lmp: {}, ", ""))
    assert [stage for stage in study.stages if study.params(stage) != other.params(stage)] == ["pay"]
    assert "sharegrid.mechanisms.vcg" in study.plugin_modules("pay")
    assert "sharegrid.readers.facts" in study.plugin_modules("prepare")


def load(tmp_path, files, **settings):
    folder = tmp_path / "studies"
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return config.load({"studies_folder": str(folder), "resources_folder": str(ROOT / "resources")} | settings, ROOT)


def test_a_missing_raw_file_stops_the_parse(tmp_path):
    with pytest.raises(config.ConfigError, match=r"mine.*case31_bus\.csv"):
        load(tmp_path, {"mine": GOOD.replace("case30", "case31")})


@pytest.mark.parametrize(("name", "chapter"), [("prepare", "mine"), ("mine", "clear"), ("all", "mine"), ("two", "two")])
def test_names_of_targets_are_taken(tmp_path, name, chapter):
    study = GOOD.replace("chapter: mine", f"chapter: {chapter}")
    with pytest.raises(config.ConfigError, match="name"):
        load(tmp_path, {name: study, "one": study})


def test_an_unknown_study_is_named(tmp_path):
    with pytest.raises(config.ConfigError, match="no study 'mien'.*did you mean 'mine'"):
        load(tmp_path, {"mine": GOOD}, studies=["mien"])


def test_own_cases_of_the_reference_are_found(tmp_path):
    loaded = config.load({}, ROOT)
    files = loaded.raw_files("reference")
    assert "networks/pglib/pglib_opf_case118_ieee.m" in files
    assert len(files) == len(list((ROOT / "resources/networks/pglib").glob("*.m"))) + 1


def test_schema_for_editors_is_in_step():
    stored = json.loads((ROOT / "config/study.schema.json").read_text())
    assert stored == json.loads(json.dumps(config.json_schema())), "run `make schema`"


def test_every_study_names_the_schema():
    for path in sorted((ROOT / "config/studies").glob("*.yaml")):
        text = path.read_text()
        assert text.startswith("# yaml-language-server: $schema=../study.schema.json"), path.name
        assert yaml.safe_load(text)["chapter"] == config.read_study(path).chapter
