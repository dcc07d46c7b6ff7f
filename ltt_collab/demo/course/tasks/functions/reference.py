# %% text or number
def next_age(age):
    return age + 1


typed = "36"
print(next_age(int(typed)))
# %% the average
def average(numbers):
    if len(numbers) == 0:
        raise ValueError("an average needs at least one number")
    return sum(numbers) / len(numbers)
