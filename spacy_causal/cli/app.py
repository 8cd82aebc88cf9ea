"""The `causal` group that `python -m spacy` finds by its entry point."""

import typer
from spacy.cli._util import app as spacy_app

from spacy_causal.cli.active import active
from spacy_causal.cli.augment import augment
from spacy_causal.cli.calibrate import calibrate
from spacy_causal.cli.card import card
from spacy_causal.cli.check import check
from spacy_causal.cli.confounders import confounders
from spacy_causal.cli.convert import convert
from spacy_causal.cli.effects import effects
from spacy_causal.cli.export import export
from spacy_causal.cli.feedback import feedback
from spacy_causal.cli.report import report
from spacy_causal.cli.review import review
from spacy_causal.cli.select import select
from spacy_causal.cli.seqmix import seqmix
from spacy_causal.cli.simulate_active import simulate_active
from spacy_causal.cli.simulate_feedback import simulate_feedback
from spacy_causal.cli.stats import stats

app = typer.Typer(
    name="causal",
    help="Train token labellers with little labelled data and people in the loop.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

app.command("active")(active)
app.command("augment")(augment)
app.command("calibrate")(calibrate)
app.command("card")(card)
app.command("check")(check)
app.command("confounders")(confounders)
app.command("convert")(convert)
app.command("effects")(effects)
app.command("export")(export)
app.command("feedback")(feedback)
app.command("report")(report)
app.command("review")(review)
app.command("select")(select)
app.command("seqmix")(seqmix)
app.command("simulate-active")(simulate_active)
app.command("simulate-feedback")(simulate_feedback)
app.command("stats")(stats)
spacy_app.add_typer(app)
