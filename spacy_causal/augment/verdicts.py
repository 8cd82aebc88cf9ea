"""What may become of a swap, in the words that tables use."""

from spacy_causal.types import Verdict

KEPT = Verdict(True, "kept")
NOT_FOUND = Verdict(False, "not found")
WRONG_SPAN = Verdict(False, "wrong span")
WRONG_TYPE = Verdict(False, "wrong type")
TOO_UNSURE = Verdict(False, "score too low")
TOO_SURE = Verdict(False, "score too high")
NOT_ALIGNED = Verdict(False, "would not align")
NO_OTHER = Verdict(False, "no other entity of the type")
