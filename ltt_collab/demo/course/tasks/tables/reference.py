per_city = visits.groupby("city")["visitors"].sum()


def busiest_city(table):
    return table.groupby("city")["visitors"].sum().idxmax()
