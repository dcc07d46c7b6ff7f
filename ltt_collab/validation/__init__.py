"""The judge: runs a learner's work in a kernel, asks it for plain values, and compares them outside (stage 5a)."""
