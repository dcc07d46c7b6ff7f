# %% a running total
def running_total(numbers):
    total = 0
    totals = []
    for number in numbers:
        total = total + number
        totals.append(total)
    return totals
# %% how many are larger
def count_above(numbers, limit):
    count = 0
    for number in numbers:
        if number > limit:
            count = count + 1
    return count
