"""The same loop with PyTorch: a DataLoader of weighted batches, on one rank or on several.

    torch_loop.py ROWS.npy WEIGHTS.npy STEPS CHECKPOINT.pt

Where it is started for several ranks (RANK and WORLD_SIZE are set, as torchrun does), each trains on its share of the
draws, and gradients are averaged; rank 0 writes the checkpoint. STEPS counts steps of all ranks together.
"""
import os
import sys

import numpy
import torch

from divweights import Error, Sampler, Stream
from training_loop import BATCH, SEED, UNITS, weights_for
from weighted_batches import WeightedBatches

RANK, WORLD = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))


class Rows(torch.utils.data.Dataset):
    """Rows of a mapped array, as float32 of length 1."""

    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        row = torch.from_numpy(self.rows[index].reshape(-1).astype(numpy.float32))
        return row / row.norm().clamp(min=1e-30)


def average_gradients(model):
    for parameter in model.parameters() if WORLD > 1 else ():
        torch.distributed.all_reduce(parameter.grad)
        parameter.grad /= WORLD


def save(path, **content):
    torch.save(content, path + ".part")
    os.replace(path + ".part", path)


def main(rows_path, weights_path, steps, checkpoint):
    torch.manual_seed(SEED)
    if WORLD > 1:
        torch.distributed.init_process_group("gloo")
    rows = numpy.load(rows_path, mmap_mode="r")
    if RANK == 0:
        weights_for(rows, weights_path)
    if WORLD > 1:
        torch.distributed.barrier()
    weights = weights_for(rows, weights_path)
    stream = Stream(Sampler(weights.values, SEED), BATCH // WORLD, RANK, WORLD)
    d = rows[0].size
    model = torch.nn.Sequential(torch.nn.Linear(d, UNITS), torch.nn.Tanh(), torch.nn.Linear(UNITS, d))
    optimiser = torch.optim.Adam(model.parameters(), lr=0.003)
    step, state = 0, None
    if os.path.exists(checkpoint):
        saved = torch.load(checkpoint)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        step, state = saved["step"], saved["state"]
    print("from step %d" % step)
    batches = WeightedBatches(stream, max(steps - step, 0), state)
    for x in torch.utils.data.DataLoader(Rows(rows), batch_sampler=batches, num_workers=2):
        loss = ((model(x) - x) ** 2).sum(dim=1).mean()
        optimiser.zero_grad()
        loss.backward()
        average_gradients(model)
        optimiser.step()
        batches.trained()
        step += 1
        if step % 100 == 0 or step == steps:
            print("step %5d  loss %.6f" % (step, loss.item()))
    if RANK == 0:
        save(checkpoint, model=model.state_dict(), optimiser=optimiser.state_dict(), step=step, state=batches.state)


if __name__ == "__main__":
    if len(sys.argv) != 5 or not sys.argv[3].isdecimal():
        sys.exit("usage: torch_loop.py ROWS.npy WEIGHTS.npy STEPS CHECKPOINT.pt")
    try:
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
    except (Error, OSError, ValueError) as error:
        sys.exit("torch_loop.py: %s" % error)
