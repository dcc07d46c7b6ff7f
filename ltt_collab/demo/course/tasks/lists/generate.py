"""Lists of two and more numbers."""


def lists(random):
    for length in (2, 3, random.randint(5, 9)):
        yield f"middle({[random.randint(-20, 20) for _ in range(length)]})"
