"""Snakemake adapter of the stage present: figures, tables and the page about the study, all three or none."""

from sharegrid import files, logs, pages
from sharegrid.stages import present

config, output = snakemake.params.config, snakemake.output
with (
    logs.job(snakemake.log[0], f"{snakemake.wildcards.study}, present"),
    files.new_folder(output.figures) as figures,
    files.new_folder(output.tables) as tables,
):
    results = files.read_datasets(snakemake.input)
    for stem, figure in present.figures(results=results, config=config):
        files.write_figure(figure, figures, stem)
    for stem, frame in present.tables(results=results, config=config):
        item = config["tables"][stem]
        files.write_table(frame, tables, stem, title=item["title"], caption=item["caption"])
    files.write_text(pages.about_page(config), output.about)
