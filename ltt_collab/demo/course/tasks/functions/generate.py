"""Lists whose average is seldom a whole number."""


def averages(random):
    for length in (1, 2, 7):
        yield f"average({[random.randint(-50, 50) for _ in range(length)]})"
