"""Names of one to four words, in capital and small letters."""

WORDS = ["ada", "Grace", "edsger", "Barbara", "niklaus", "Margaret", "linus", "Radia", "guido", "Frances"]


def names(random):
    for count in (1, 2, 4):
        name = " ".join(random.choice(WORDS) for _ in range(count))
        yield f"initials({name!r})"
