"""Figures of the study ch2-retail: what is drawn are the numbers of the study, and the findings are true of them."""

import numpy as np
import pytest

from retail import made_up, rate_gain, retail_market, settled, toy_prices
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
    hour, sellers, buyers = retail_price.matched_prices(made, "toy")
    assert hour.tolist() == list(range(7, 17))
    net_load, prices = retail_market()["net_load"].isel(scenario=0).values, toy_prices()
    gain = rate_gain(net_load, *prices)
    for k, t in enumerate(hour):
        matched = min(np.maximum(net_load[:, t], 0).sum(), np.maximum(-net_load[:, t], 0).sum())
        assert sellers[k] == pytest.approx(0.05 + gain[net_load[:, t] < 0, t].sum() / matched, abs=1e-9)
    np.testing.assert_allclose(sellers, buyers, atol=1e-9)  # without a commission
    assert (buyers <= prices[0][hour] + 1e-12).all() and (sellers >= 0.05 - 1e-12).all()
    assert buyers[2:6] == pytest.approx(0.05) and buyers[-1] == pytest.approx(0.18)  # the headline
    axes = figures["fig_2_retail_price"].axes[0]
    drawn = {line.get_label(): line.get_ydata() for line in axes.lines}
    np.testing.assert_array_equal(drawn["SCR"], buyers)
    np.testing.assert_array_equal(drawn["dual price"], made["cleared"]["price"].sel(scenario="toy").values[hour])
    assert [bars.get_label() for bars in axes.containers] == ["sellers' gain (SCR)", "buyers' gain (SCR)"]


def test_what_the_agent_keeps_of_a_matched_kwh_is_apart():
    """One hour: two sellers, two buyers, a spread of 0.2 $/kWh; by what users really pay and get."""
    made = settled(made_up([[[-3.0], [-2.0], [3.0], [5.0]]], 0.3, 0.1), commission=0.25)
    hour, sellers, buyers = retail_price.matched_prices(made, "s0")
    paid = made["payments"]["payment"].sel(scenario="s0", mechanism="sharing-contribution").values
    assert hour.tolist() == [0]
    assert sellers[0] == pytest.approx(paid[:2].sum() / 5)
    assert buyers[0] == pytest.approx((-paid[2:].sum() - 3 * 0.3) / 5)  # 3 of 8 kWh are bought from the grid
    assert buyers[0] - sellers[0] == pytest.approx(0.25 * 0.2)
    figure = retail_price.draw(made, scenario="s0")
    bars = {each.get_label(): each[0] for each in figure.axes[0].containers}
    for name, low, high in (("sellers' gain (SCR)", 0.1, sellers[0]), ("buyers' gain (SCR)", buyers[0], 0.3),
                            ("commission", sellers[0], buyers[0])):  # fmt: skip
        assert (bars[name].get_y(), bars[name].get_height()) == pytest.approx((low, high - low))
    assert text_of(figure).endswith("The agent keeps 0.0500 to 0.0500 $/kWh of it.")


def test_hours_in_which_nothing_is_matched_have_no_price():
    """Without sellers, the better price of the agent is worth something, but no energy is matched."""
    made = settled(made_up([[[1.0, -1.0], [2.0, 2.0]]], [[0.3, 0.3]], 0.1, [[0.2, 0.3]], 0.1))
    assert made["payments"]["value_by_time"].values[0] == pytest.approx([0.3, 0.2])
    hour, sellers, buyers = retail_price.matched_prices(made, "s0")
    assert hour.tolist() == [1] and sellers == pytest.approx(buyers)
    assert retail_price.draw(made, scenario="s0").axes[0].containers[0].patches[0].get_center()[0] == 1


def test_with_other_prices_of_the_agent_a_matched_kwh_has_no_price():
    made = settled(made_up([[[-1.0], [3.0]]], 0.3, 0.1, 0.2, 0.1))
    with pytest.raises(ValueError, match=r"scenario: 's0': the agent trades at other prices .*hour 0.*equal prices"):
        retail_price.draw(made, scenario="s0")


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
            "there is no 'share_by_time' among the payments of this study",
        ),
        (lambda r: retail_price.draw(r, scenario="X6"), "'X6': with flexible resources or a base load nothing tells"),
        (
            lambda r: retail_price.draw(r | {"payments": r["payments"].drop_sel(mechanism="sharing-contribution")}),
            "option mechanisms: no 'sharing-contribution'",
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
