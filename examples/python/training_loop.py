"""A training loop that meets every example as often as its weight says, with nothing but NumPy.

    training_loop.py ROWS.npy WEIGHTS.npy STEPS CHECKPOINT.npz

ROWS.npy is mapped into memory, and library and loop read it there. Where there is no WEIGHTS.npy, they are solved for
and written. The loop goes on from CHECKPOINT.npz, if there is one, up to STEPS, and whoever stops and goes on gets the
same model as whoever never stopped. What is trained, in the place of your network, is Oja's subspace rule (International
Journal of Neural Systems 1, 1989): with rows of length 1, W becomes a basis of the leading principal components.
"""
import os
import sys

import numpy

from divweights import Dataset, Error, Kernel, Sampler, Solver, Stream, Weights

BATCH, SEED, UNITS, RATE = 64, 1, 8, 1.0


def weights_for(rows, path):
    """The weights in the file, or those of a solve, which it then holds."""
    if os.path.exists(path):
        weights = Weights(path)
        if len(weights) != len(rows):
            raise ValueError("%s: %d weights for %d rows" % (path, len(weights), len(rows)))
        return weights
    with Dataset(rows) as dataset, Kernel(dataset) as kernel, Solver() as solver:
        weights = solver.solve(kernel)
    weights.save(path)
    print("Vendi Score %.2f -> %.2f" % (weights.vendi_score_uniform, weights.vendi_score))
    return weights


def train(W, batch):
    """Learns from a batch; the loss before, the mean of |x - W^T W x|^2."""
    x = batch.reshape(len(batch), -1).astype(numpy.float32)
    x /= numpy.maximum(numpy.linalg.norm(x, axis=1, keepdims=True), 1e-30)
    y = x @ W.T
    rest = x - y @ W
    W += RATE / len(x) * y.T @ rest
    return float((rest ** 2).sum() / len(x))


def save(path, W, step, state):
    """The checkpoint, complete or not at all."""
    with open(path + ".part", "wb") as file:
        numpy.savez(file, W=W, step=step, state=numpy.frombuffer(state, numpy.uint8))
    os.replace(path + ".part", path)


def main(rows_path, weights_path, steps, checkpoint):
    rows = numpy.load(rows_path, mmap_mode="r")
    weights = weights_for(rows, weights_path)
    stream = Stream(Sampler(weights.values, SEED), BATCH)
    W, step = numpy.random.default_rng(SEED).normal(0, 0.05, (UNITS, rows[0].size)).astype(numpy.float32), 0
    if os.path.exists(checkpoint):
        with numpy.load(checkpoint) as saved:
            W, step = saved["W"], int(saved["step"])
            stream.restore(saved["state"].tobytes())
    print("from step %d" % step)
    while step < steps:
        loss = train(W, rows[stream.next_batch()])
        step += 1
        if step % 100 == 0 or step == steps:
            print("step %5d  loss %.6f" % (step, loss))
    save(checkpoint, W, step, stream.state())


if __name__ == "__main__":
    if len(sys.argv) != 5 or not sys.argv[3].isdecimal():
        sys.exit("usage: training_loop.py ROWS.npy WEIGHTS.npy STEPS CHECKPOINT.npz")
    try:
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
    except (Error, OSError, ValueError) as error:
        sys.exit("training_loop.py: %s" % error)
