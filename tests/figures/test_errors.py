"""Figures that cannot be drawn: the error names the figure, the option, the label and what is known or to be added."""

import re

import pytest

from sharegrid.stages import present

LABELS = [
    ("network", "allocation", {"scenario": "0.5"}, "option scenario: no '0.5'; "),
    (
        "network",
        "allocation",
        {"scenario": "0.8", "rules": ["enrgy"]},
        "option rules: no 'enrgy'; did you mean 'energy'",
    ),
    ("network", "best-response", {"variants": ["1"]}, "option variants: no '1'; known: none, 0.8"),
    (
        "network",
        "best-response",
        {"variants": ["none"], "mechanisms": ["lpm"]},
        "option mechanisms: no 'lpm'; did you mean",
    ),
    (
        "network",
        "best-response",
        {"variants": ["none"], "families": ["fine"]},
        "option families: no 'fine'; known: best",
    ),
    (
        "network",
        "congestion",
        {"variants": ["none"]},
        "option variants: none of these is a factor on the line limits; add",
    ),
    ("network", "congestion", {"variants": ["0.7"]}, "option variants: no '0.7'; "),
    ("network", "misreport", {"bases": ["0.9"]}, "option bases: no '0.9'; "),
    ("network", "misreport", {"fine_family": "fine"}, "option families: no 'fine'; known: best-response"),
    (
        "network",
        "misreport",
        {"mechanisms": ["core-selecting"]},
        "option mechanisms: no 'core-selecting'; known: pay-as-bid",
    ),
    ("network", "premium-share", {"variants": ["2"]}, "option variants: no '2'; known: none, 1"),
    ("network", "runtime", {"variants": ["0.8"]}, "option variants: no '0.8'; known: none, 1"),
    ("network", "sorted-premium", {"variants": ["2"]}, "option variants: no '2'; known: none, 1"),
    ("network", "sorted-prices", {"variants": ["2"]}, "option variants: no '2'; known: none, 1"),
    ("network", "unit-price", {"variants": ["2"]}, "option variants: no '2'; known: none, 1"),
    ("network", "unit-price", {"mechanisms": ["lpm"]}, "option mechanisms: no 'lpm'; did you mean 'lmp'"),
    ("network", "demand-sweep", {}, "option families: no 'demand'; known: best-response"),
    ("wholesale", "voll-sweep", {"participant": "6"}, "option participant: no '6'; known: 1, 2, 3, 4, 5"),
]
NEEDED = [
    ("network", "best-response", {"variants": ["none"]}),
    ("network", "congestion", {}),
    ("network", "misreport", {}),
    ("network", "premium-share", {"variants": ["none"]}),
    ("network", "sorted-premium", {}),
    ("network", "unit-price", {}),
    ("network", "allocation", {"scenario": "0.8"}),
    ("wholesale", "demand-sweep", {}),
    ("wholesale", "voll-sweep", {"participant": "5"}),
]


def told(results, kind, options):
    config = {"figures": {"stem_of_it": {"kind": kind, "title": "", "options": options}}}
    with pytest.raises(ValueError) as caught:
        list(present.figures(results, config))
    assert caught.value.__notes__ == [f"while making the figure 'stem_of_it' (kind {kind})"]
    return str(caught.value)


@pytest.mark.parametrize(("results", "kind", "options", "text"), LABELS)
def test_a_label_that_the_study_does_not_have(request, results, kind, options, text):
    assert text in told(request.getfixturevalue(results), kind, options)


@pytest.mark.parametrize(("results", "kind", "options"), NEEDED)
def test_a_study_that_does_not_pay_is_told_to(request, results, kind, options):
    parts = {name: part for name, part in request.getfixturevalue(results).items() if name != "payments"}
    assert "no payments in this study; add the stage pay, pay:" in told(parts, kind, options)


def test_runtime_without_a_comparison(network):
    values = network["values"].drop_dims("engine")
    text = told(network | {"values": values}, "runtime", {})
    assert re.search(r"add value: \{compare: \{scenarios: .*\}\} to the study", text)


def test_best_responses_without_their_check(network):
    text = told(
        network | {"payments": network["payments"].drop_vars("best_multiplier")},
        "best-response",
        {"variants": ["none"]},
    )
    assert "add pay: {checks: {best-responses: {}}} to the study" in text
