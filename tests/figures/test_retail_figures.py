"""Figures of the study ch2-retail: what is drawn are the numbers of the study, and the findings are true of them."""

import numpy as np
import pytest

from sharegrid.figures import retail_net_load, retail_price, retail_pv_sweep, retail_withholding, style
from sharegrid.stages import present
from whole_study import results, study

STEMS = ["fig_2_retail_net_load", "fig_2_retail_price", "fig_2_retail_pv_sweep", "fig_2_retail_withholding"]


@pytest.fixture(scope="module")
def figures() -> dict:
    return dict(present.figures(results("ch2-retail"), study("ch2-retail").params("present")))


def text_of(figure) -> str:
    """The line of evidence below the headline."""
    return figure.subfigs[0]._suptitle.get_text().replace("\n", " ").replace("\u00a0", " ")


def test_the_study_has_its_figures(figures):
    assert list(figures) == STEMS
    for figure in figures.values():
        for axes in figure.axes:
            assert axes.get_xlabel()
        assert figure.axes[0].get_ylabel().endswith("]")


def test_bars_of_the_net_load_are_deficit_surplus_and_twice_the_matched_part(figures):
    axes = figures["fig_2_retail_net_load"].axes[0]
    deficit, surplus, matched = ([bar.get_height() for bar in bars] for bars in axes.containers)
    net_load = results("ch2-retail")["data"]["net_load"].sel(scenario="toy").sum("participant").values
    np.testing.assert_allclose(np.add(deficit, surplus), net_load, atol=1e-12)
    np.testing.assert_allclose(matched, 2 * np.minimum(deficit, np.negative(surplus)), atol=1e-12)
    np.testing.assert_allclose(axes.lines[0].get_ydata(), net_load, atol=1e-12)
    hours = np.flatnonzero(net_load < 0)
    assert (hours[0], hours[-1] + 1) == (8, 15)  # the headline
    assert text_of(figures["fig_2_retail_net_load"]).startswith("6 users buy 102.5 kWh and sell 47.69 kWh")


def test_price_of_a_matched_kwh_is_between_feed_in_price_and_tariff(figures):
    made = results("ch2-retail")
    price = retail_price.rate_price(made, "toy")
    shared, data = np.flatnonzero(~np.isnan(price)), made["data"].sel(scenario="toy")
    assert shared.tolist() == list(range(7, 17))
    assert (price >= data["tariff_feed_in"].values - 1e-12)[shared].all()
    assert (price <= data["tariff_buy"].values + 1e-12)[shared].all()
    assert price[9:13] == pytest.approx(0.05) and price[16] == pytest.approx(0.18)  # the headline
    gain = made["payments"]["share_by_time"].sel(scenario="toy")
    matched = np.minimum(*(np.maximum(sign * data["net_load"], 0).sum("participant") for sign in (1, -1))).values
    sellers = gain.where(data["net_load"] < 0, 0.0).sum("participant").values
    np.testing.assert_allclose(((price - 0.05) * matched)[shared], sellers[shared], atol=1e-12)
    drawn = {line.get_label(): line.get_ydata() for line in figures["fig_2_retail_price"].axes[0].lines}
    np.testing.assert_array_equal(drawn["SCR"], price[shared])
    np.testing.assert_array_equal(drawn["dual price"], made["cleared"]["price"].sel(scenario="toy").values[shared])


def test_sweep_of_pv_shows_the_published_numbers(figures):
    value, ratio, sellers = ({line.get_label(): line for line in axes.lines} for axes in figures[STEMS[2]].axes)
    july, january = "2020-07-15", "2020-01-15"
    assert value[july].get_xdata().tolist() == [1, 2, 3, 5, 8, 12, 20]
    wanted = [0, 0.346904, 1.997806, 9.762148, 23.841868, 32.266149, 36.418409]
    np.testing.assert_allclose(value[july].get_ydata(), wanted, atol=5e-7)
    np.testing.assert_allclose(sellers[july].get_ydata()[1:], [1, 1, 1, 0.933, 0.213, 0.086], atol=5e-4)
    np.testing.assert_allclose(sellers[january].get_ydata()[2:], 1, atol=1e-9)
    assert np.isnan(sellers[january].get_ydata()[:2]).all()
    known = ratio[july].get_ydata()[1:]
    assert (known >= 1 - 1e-9).all() and known.argmax() == 4
    assert "sellers get 100% at first and 9% at last" in text_of(figures[STEMS[2]])


def test_withholding_pays_one_seller_under_scr_only(figures):
    one, toy = (retail_withholding.swept(results("ch2-retail"), name) for name in ("withholding", "withholding-toy"))
    best = one.income["sharing-contribution"].argmax()
    assert one.surplus[best] == pytest.approx(8) and one.surplus[-1] == pytest.approx(12.5)
    np.testing.assert_allclose(one.income["vcg"], 0.05 * one.surplus + 0.13 * np.minimum(one.surplus, 10), atol=1e-9)
    assert one.income["sharing-contribution"][best] == pytest.approx(8 * 0.18)
    for sweep in (one, toy):
        assert (np.diff(sweep.income["vcg"]) > 0).all()
        assert (np.diff(sweep.surplus) > 0).all()
    assert (np.diff(toy.income["sharing-contribution"]) > 0).all()
    told = text_of(figures["fig_2_retail_withholding"])
    assert "earns 1.27 $/day with 12.50 kWh under SCR, but 1.44 $/day with 8 kWh" in told
    assert told.endswith("more than with any smaller surplus.")


def test_nothing_to_share_is_drawn_without_a_price():
    figure = retail_price.draw(results("ch2-retail"), scenario="2020-07-15|1")
    assert text_of(figure) == "Nothing is shared."
    assert style.amount(0.0) == "0"


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda r: retail_net_load.draw(r, scenario="toys"), "option scenario: no 'toys'; did you mean 'toy'"),
        (lambda r: retail_price.draw(r, scenario="x"), "option scenario: no 'x'"),
        (
            lambda r: retail_price.draw(r | {"payments": r["payments"][["payment"]]}),
            "there is no 'value_by_time' among the payments of this study",
        ),
        (lambda r: retail_pv_sweep.draw(r, families=["day"]), "option families: no 'day'; did you mean 'days'"),
        (lambda r: retail_withholding.draw(r, families=["days"]), "'days' has no seller; give the family seller: "),
        (lambda r: retail_withholding.draw(two_sellers(r), families=["withholding"]), "'withholding' has 2 sellers"),
        (
            lambda r: retail_withholding.draw(r | {"payments": r["payments"].drop_sel(mechanism="vcg")}),
            "option mechanisms: no 'vcg'",
        ),
    ],
)
def test_errors_name_option_and_label(draw, words):
    with pytest.raises(ValueError, match=words):
        draw(results("ch2-retail"))


def two_sellers(made: dict) -> dict:
    data = made["data"].copy()
    seller = data["seller"].values.astype(object)
    seller[np.flatnonzero(data["family"] == "withholding")[0]] = "2"
    return made | {"data": data.assign_coords(seller=("scenario", seller))}
