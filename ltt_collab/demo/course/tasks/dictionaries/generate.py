"""Made-up words with many equal letters, some of them capital."""


def words(random):
    for length in (3, 8, 14):
        letters = (random.choice("aabbcdeE") for _ in range(length))
        yield f"count_letters({''.join(letters)!r})"
