"""Tables in which the city with the largest single day is not the busiest one."""

CITIES = ["Quito", "Turin", "Osaka", "Perth", "Dakar"]


def tables(random):
    for _ in range(2):
        first, second, *others = random.sample(CITIES, 4)
        peak = random.randint(500, 900)
        rows = [(second, "Sat", peak), (second, "Sun", 1), (first, "Sat", peak - 10), (first, "Sun", peak - 20)]
        rows += [(city, "Sun", random.randint(1, 90)) for city in others]
        random.shuffle(rows)
        yield f"busiest_city(pd.DataFrame({rows}, columns=['city', 'day', 'visitors']))"
