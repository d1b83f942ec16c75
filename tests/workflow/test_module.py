"""The workflow as a Snakemake module of another one, with that one's own study and data."""

from sandbox import REPOSITORY, STUDIES, Sandbox

SNAKEFILE = """
module sharegrid:
    snakefile: "{snakefile}"
    config: {{"studies_folder": "cases"}}
    prefix: "market"

use rule * from sharegrid as sg_*

rule everything:
    default_target: True
    input:
        rules.sg_home.input,
"""


def test_as_a_module_with_a_prefix_and_own_studies(finished, tmp_path):
    checkout = finished.clone(tmp_path / "user/modules/sharegrid")  # below the user's folder, as a submodule would be
    user = Sandbox(tmp_path / "user")
    (user.folder / "cases").mkdir(parents=True)
    text = (STUDIES / "plain.yaml").read_text()
    (user.folder / "cases/home.yaml").write_text(text.replace("chapter: plain", "chapter: houses"))
    (user.folder / "Snakefile").write_text(SNAKEFILE.format(snakefile=checkout.folder / "Snakefile"))
    own_package = {"PYTHONPATH": str(checkout.folder / "workflow")}
    user.run("--cores", "2", **own_package)
    made = {name.removeprefix("home/"): content for name, content in Sandbox(user.folder / "market").results().items()}
    plain = {name.removeprefix("plain/"): content for name, content in finished.results().items() if "plain/" in name}
    about = made.pop("about.html")
    assert made == {name: content for name, content in plain.items() if name != "about.html"}
    assert b"home (houses)" in about
    triggers = ("--rerun-triggers", "input", "mtime", "params")  # the profile stays with the other checkout
    assert "Nothing to be done" in user.run("--dry-run", *triggers, **own_package)
    assert not (user.folder / "results").exists()


def test_the_rules_of_another_checkout_are_refused(finished, tmp_path):
    text = finished.run("--dry-run", fails=True, PYTHONPATH=str(REPOSITORY / "workflow"))
    assert f"This is the workflow of {finished.folder}" in text
    assert f"the package of {REPOSITORY}" in text
