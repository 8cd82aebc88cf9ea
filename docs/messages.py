"""Made messages for the tutorial, one a line: python docs/messages.py 200 --seed 1

With --marked, people, companies and cities are marked as `causal convert` reads them.
"""

import argparse
import re
import sys

from numpy.random import default_rng

SENTENCES = (
    "{person} flies to {city} on Monday.",
    "Please book {person} a room in {city}.",
    "{company} moves its office from {city} to {city}.",
    "Did {person} sign the contract with {company}?",
    "The train from {city} to {city} is late again.",
    "{person} of {company} will call back tomorrow.",
    "Send the invoice to {company} in {city}, please.",
    "We met {person} at the fair in {city}.",
    "{company} has not paid the bill for March.",
    "Ask {person} and {person} for their passports.",
    "Is there a direct flight to {city}?",
    "{company} wants to buy {company} next year.",
    "The lawyers of {company} wrote to {person}.",
    "{person} moved to {city} and left {company}.",
    "The meeting on Friday is cancelled.",
    "A parcel for {person} came from {company}.",
)
FIRST = "Anna Bruno Clara David Emma Felix Greta Hugo Ines Jonas Karin Leo Mira Nils"
LAST = "Berg Costa Duval Eklund Fischer Grant Holm Ito Jansen Keller Lund Moreau Novak"
COMPANIES = """Acme Services,Bluebird,Corvus Bank,Delta Freight,Elm & Sons,Fairline,
Granite Tools,Halden Bank,Ironwood,Juniper Foods,Kestrel Air,Lumen,Maple Freight,
Northgate,Orion Foods,Pinewood Tools,Quarry Bank,Redstone,Swift Air"""
CITIES = """Athens,Berlin,Cape Town,Dublin,Essen,Florence,Ghent,Helsinki,Istanbul,
Kyoto,Lisbon,Madrid,New York,Oslo,Prague,Quito,Rome,San Diego,Turin,Utrecht,Vienna,
Warsaw,Zurich"""
NAMES = {
    "person": [f"{x} {y}".strip() for x in FIRST.split() for y in (*LAST.split(), "")],
    "company": COMPANIES.replace("\n", "").split(","),
    "city": CITIES.replace("\n", "").split(","),
}


def messages(n: int, seed: int) -> list[str]:
    """Different messages, their names as `[name](label)`."""
    rng = default_rng(seed)
    made: dict[str, None] = {}

    def name(slot: re.Match[str]) -> str:
        names = NAMES[slot[1]]
        return f"[{names[rng.integers(len(names))]}]({slot[1]})"

    while len(made) < n:
        sentence = SENTENCES[rng.integers(len(SENTENCES))]
        made[re.sub(r"{(\w+)}", name, sentence)] = None
    return list(made)


def plain(message: str) -> str:
    """A message without its marks."""
    return re.sub(r"\[([^]]*)\]\(\w+\)", r"\1", message)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("n", type=int, help="how many, all different")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--marked", action="store_true", help="with their annotation")
    args = parser.parse_args()
    for message in messages(args.n, args.seed):
        text = message if args.marked else plain(message)
        sys.stdout.write(text + "\n")
