"""Figure: the heat of all solar plants in the joint optimum: where it comes from, where it goes, and what is stored."""

from matplotlib.figure import Figure

from sharegrid.figures import style
from sharegrid.figures.offer import hours
from sharegrid.figures.style import PAGE, amount, variant
from sharegrid.tables import selection
from sharegrid.tables.selection import Results

FLOWS = {"field_heat": "used of the field", "charge": "into the storage", "discharge": "out of the storage"}


def draw(results: Results, *, scenarios: list[str]) -> Figure:
    """Expected heat flows in MWth above, stored heat in MWhth below (line: mean; band: all outcomes), by hour."""
    body, axes = style.new(2, len(scenarios), width=PAGE, height=3.4, sharex=True, sharey="row")
    notes = []
    for k, name in enumerate(scenarios):
        probability = results["data"]["probability"].sel(scenario=name)
        heat = {
            flow: selection.read(results, "cleared", flow, scenario=name).sum("csp") for flow in (*FLOWS, "storage")
        }
        mean = {flow: (probability * values).sum("outcome").values for flow, values in heat.items()}
        for number, (flow, label) in enumerate(FLOWS.items(), start=1):
            hours(axes[0, k], mean[flow], label=label, **variant(number))
        stored = heat["storage"]
        low, high = (getattr(stored, end)("outcome").values for end in ("min", "max"))
        end_of_hour = range(1, len(low) + 1)
        axes[1, k].fill_between(
            end_of_hour, low, high, color="#CC79A7", alpha=0.3, linewidth=0, label="stored, all outcomes"
        )
        axes[1, k].plot(end_of_hour, mean["storage"], color="#CC79A7", label="stored, mean")
        style.panel_title(axes[0, k], name, k)
        axes[1, k].set_xlabel("hour of the day [h]")
        share = mean["charge"].sum() / mean["field_heat"].sum()
        notes.append(f"{name} {amount(mean['charge'].sum())} of {amount(mean['field_heat'].sum())} MWhth ({share:.0%})")
    axes[0, 0].set_ylabel("heat flow [MWth]")
    axes[1, 0].set_ylabel("stored heat [MWhth]")
    style.legend(body.figure, columns=5)
    style.evidence(body.figure, "Heat that passes through the storages, expected: " + "; ".join(notes) + ".")
    return body.figure
