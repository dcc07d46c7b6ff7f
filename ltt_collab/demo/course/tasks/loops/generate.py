"""Lists of numbers, with and without numbers that are just the limit."""


def some(random, length):
    return [random.randint(-9, 9) for _ in range(length)]


def totals(random):
    for length in (1, 4, 10):
        yield f"running_total({some(random, length)})"


def counts(random):
    yield f"count_above([], {random.randint(-9, 9)})"
    for length in (3, 12):
        numbers = some(random, length)
        yield f"count_above({numbers}, {random.choice(numbers)})"
    yield f"count_above({some(random, 5)}, {random.choice([-10, 10])})"
