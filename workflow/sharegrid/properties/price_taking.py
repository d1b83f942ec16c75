"""Check: the prices of energy and ancillary services support the schedule, balance, and are unique (chapter 7.2.1).

At the prices no unit has a schedule of its own that earns more (its price-taking program is solved), what loads pay is
what units get, and one more and one less MW of each good in each hour are worth its price. The programs here are
written down without the model of the market, so they check that model too.
"""

import numpy as np
import scipy.sparse as sp
import xarray as xr

from sharegrid.optimise.highs import LiveProgram, Program

RELATIVE = 1e-6  # of the optimal cost
STEP = 1e-2  # MW
SAME = 1e-4  # relative to the larger, at least to 1 $/MW
ENERGY = "energy"


def check(
    data: xr.Dataset, cleared: xr.Dataset, values: xr.Dataset | None, payments: xr.Dataset, *, unique: list[str]
) -> xr.Dataset:
    """deviation_gain (scenario, unit), adequacy_residual (scenario) in the money of the data, prices_support (scenario)
    1 if both are 0 within 1e-6 of the cost; price_rise, price_fall, price_unique (scenario, good, time) of the families
    `unique`.

    ValueError for an unknown family, RuntimeError where the programs here have another optimum than the market.
    """
    families = data["family"].values.astype(str)
    if unknown := [name for name in unique if name not in families]:
        known = ", ".join(dict.fromkeys(families))
        raise ValueError(f"price-taking: unique: no family '{unknown[0]}'; the study has {known}")
    labels = data["scenario"].values.astype(str).tolist()
    of = [(data.sel(scenario=name), cleared.sel(scenario=name)) for name in labels]
    gain = np.array([_gains(*one) for one in of])
    slopes = np.full((len(labels), 2, 1 + data.sizes["product"], data.sizes["time"]), np.nan)
    for k in np.flatnonzero(np.isin(families, unique)):
        slopes[k] = _slopes(*of[k])
    residual = cleared["price_revenue"].sum("participant").values
    limit = RELATIVE * np.maximum(1, np.abs(cleared["objective"].values))
    supported = (gain.max(axis=1) <= limit) & (np.abs(residual) <= limit)
    apart = np.abs(slopes[:, 0] - slopes[:, 1])
    same = (apart <= SAME * np.maximum(1, np.abs(slopes).max(axis=1))).astype(float)
    money, good = data.attrs["money"], ("scenario", "good", "time")
    texts = {
        "deviation_gain": (("scenario", "unit"), gain, money, "gain of the best own schedule at the prices"),
        "adequacy_residual": (("scenario",), residual, money, "what units get less what loads pay at the prices"),
        "prices_support": (("scenario",), supported.astype(float), "1", "1 if nobody gains and payments balance"),
        "price_rise": (good, slopes[:, 0], "$/MW", "cost of one more MW"),
        "price_fall": (good, slopes[:, 1], "$/MW", "saving by one MW less"),
        "price_unique": (good, np.where(np.isnan(apart), np.nan, same), "1", "1 if the price is unique"),
    }
    arrays = {name: (dims, array, {"units": unit, "long_name": text})
              for name, (dims, array, unit, text) in texts.items()}  # fmt: skip
    label = {"units": "1", "long_name": "energy, or a product"}
    goods = ("good", [ENERGY, *data["product"].values], label)
    return xr.Dataset(arrays, {"scenario": labels, "unit": data["unit"], "good": goods, "time": data["time"]})


class Units:
    """The programs of all units of one scenario side by side: columns (unit, block or product, time), rows of the
    units."""

    def __init__(self, data: xr.Dataset):
        data = data.transpose("unit", "block", "product", "time", ...)
        self.blocks, self.products = data.sizes["block"], list(data["product"].values)
        self.units, self.hours = data.sizes["unit"], data.sizes["time"]
        self._data, self._rows = data, []
        self._now = sp.eye(self.hours, format="csr")
        self._limit_output()
        self._limit_ramps()
        self.matrix = sp.vstack([matrix for matrix, _ in self._rows], format="csr")
        self.row_upper = np.concatenate([upper for _, upper in self._rows])

    @property
    def upper(self) -> np.ndarray:
        """Upper limits of the columns in MW."""
        offered = np.where(self._data["offered"].values == 1, np.inf, 0.0)
        return self._columns(np.concatenate([self._data["block_width"].values, offered], axis=1)[..., None])

    @property
    def cost(self) -> np.ndarray:
        """Bids (column) in $/MW."""
        bids = [self._data["block_price"].values, self._data["bid"].values]
        return self._columns(np.concatenate(bids, axis=1)[..., None])

    def earned(self, price: np.ndarray, product_price: np.ndarray) -> np.ndarray:
        """Prices (column), from those of energy (time) and products (product, time)."""
        by_good = np.concatenate([np.tile(price, (self.blocks, 1)), product_price])
        return np.tile(by_good.ravel(), self.units)

    def total(self, kind: list[float]) -> sp.csr_matrix:
        """(time, column): sum over all units of blocks and products with these coefficients."""
        return sp.kron(np.ones((1, self.units)), sp.kron(np.array([kind]), self._now), format="csr")

    def of(self, coefficients: dict[str, float]) -> list[float]:
        """Coefficients of the blocks (`energy`) and products."""
        return [coefficients.get(ENERGY, 0.0)] * self.blocks + [coefficients.get(name, 0.0) for name in self.products]

    def _columns(self, by_kind: np.ndarray) -> np.ndarray:
        return np.broadcast_to(by_kind, (self.units, self.blocks + len(self.products), self.hours)).ravel()

    def _row(self, terms: list[tuple[dict[str, float], sp.csr_matrix]], upper: np.ndarray) -> None:
        """sum of coefficients times columns at hours <= upper (unit, rows)."""
        own = sum(sp.kron(np.array([self.of(coefficients)]), at) for coefficients, at in terms)
        self._rows.append((sp.kron(sp.eye(self.units), own), np.asarray(upper, dtype=float).ravel()))

    def _hourly(self, limit: np.ndarray) -> np.ndarray:
        return np.repeat(limit[:, None], self.hours, axis=1)

    def _limit_output(self) -> None:
        now, minimum = self._now, self._hourly(self._data["minimum"].values)
        upward = dict.fromkeys((ENERGY, "regU", "spin", "FRU"), 1.0)
        self._row([(upward, now)], self._data["available"].values)
        self._row([({ENERGY: -1.0, "regD": 1.0, "FRD": 1.0}, now)], -minimum)
        ten, five = (self._hourly(self._data[f"ramp_{minutes}"].values) for minutes in (10, 5))
        self._row([({"regU": 1.0, "spin": 1.0}, now)], ten)
        for name in ("regU", "regD"):
            self._row([({name: 1.0}, now)], five)

    def _limit_ramps(self) -> None:
        """FRU and FRD beside the movement of the schedule; in the last hour, and without the movement, within the
        ramp."""
        before, after = self._now[:-1], self._now[1:]
        included = float(str(self._data["frp_requirement"].item()) == "uncertainty")
        ramp, above = self._hourly(self._data["ramp_60"].values), self._data["available"].values[:, 1:]
        below = -self._hourly(self._data["minimum"].values)[:, 1:]
        step = sp.csr_matrix(after - before)
        for name, sign, limit in (("FRU", 1.0, above), ("FRD", -1.0, below)):
            product = ({name: included}, before)
            self._row([({ENERGY: sign}, step), product], ramp[:, 1:])
            self._row([({ENERGY: sign}, after), product], limit)
            alone = ramp.copy()
            alone[:, :-1] = np.where(included, np.inf, ramp[:, :-1])
            self._row([({name: 1.0}, self._now)], alone)


def _gains(data: xr.Dataset, cleared: xr.Dataset) -> np.ndarray:
    """What each unit could earn at the prices beyond what it earns (unit) $."""
    units = Units(data)
    price = cleared["product_price"].transpose("product", "time").values
    margin = units.earned(cleared["price"].values, price) - units.cost
    free = np.full(len(units.row_upper), -np.inf)
    program = Program(-margin, np.zeros(len(margin)), units.upper, units.matrix, free, units.row_upper)
    best = LiveProgram(program, f"scenario {data['scenario'].item()}, price-taking units").solve().x * margin
    profit = (cleared["price_revenue"] - cleared["reported_cost"]).sel(participant=data["unit"].values)
    return best.reshape(units.units, -1).sum(axis=1) - profit.values


def _slopes(data: xr.Dataset, cleared: xr.Dataset) -> np.ndarray:
    """([rise, fall], good, time) $/MW: the change of the cost when one good in one hour needs a little more, or
    less."""
    program, needs = _system(data)
    label = f"scenario {data['scenario'].item()}, small changes"
    engine = LiveProgram(program, label)
    base, objective = engine.solve(values=False).objective, float(cleared["objective"])
    if abs(base - objective) > RELATIVE * max(1, abs(objective)):
        raise RuntimeError(f"{label}: the cost is {base:.10g}, cleared at {objective:.10g}")
    slopes = np.empty((2, *needs.shape))
    for place in np.ndindex(needs.shape):
        row = needs[[place]] if needs.ndim == 1 else needs[place][None]
        low, high = program.row_lower[row], program.row_upper[row]
        for side, step in enumerate((STEP, -STEP)):
            engine.set_row_bounds(row, low + step, high + step)
            slopes[(side, *place)] = (engine.solve(values=False).objective - base) / step
        engine.set_row_bounds(row, low, high)
    return slopes


def _system(data: xr.Dataset) -> tuple[Program, np.ndarray]:
    """The program of the system, and its rows of what is needed (good, time)."""
    units, hours = Units(data), data.sizes["time"]
    goods = [ENERGY, *units.products]
    held = sp.vstack([units.total(units.of({name: 1.0})) for name in goods])
    excess = -sp.eye(hours)  # of energy, at the penalty of lost load
    missing = sp.hstack(
        [sp.eye(len(goods) * hours), sp.vstack([excess, sp.csr_matrix((hours * len(units.products), hours))])]
    )
    needed = [data["demand"].sum("load").values, *data["requirement"].sum("load").transpose("product", "time").values]
    penalty = np.repeat([float(data["voll"]), *data["penalty"].values, float(data["voll"])], hours)
    above = np.concatenate([np.concatenate(needed)[:hours], np.full((len(goods) - 1) * hours, np.inf)])
    matrix = sp.bmat([[units.matrix, None], [held, missing]], format="csr")
    count = units.matrix.shape[0]
    program = Program(
        cost=np.concatenate([units.cost, penalty]),
        lower=np.zeros(matrix.shape[1]),
        upper=np.concatenate([units.upper, np.full(len(penalty), np.inf)]),
        matrix=matrix,
        row_lower=np.concatenate([np.full(count, -np.inf), *needed]),
        row_upper=np.concatenate([units.row_upper, above]),
    )
    return program, count + np.arange(len(goods) * hours).reshape(len(goods), hours)
