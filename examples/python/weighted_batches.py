"""Weighted batches for a PyTorch DataLoader.

    batches = WeightedBatches(Stream(sampler, batch_size=64, rank=rank, world=world), steps)
    for rows in DataLoader(dataset, batch_sampler=batches, num_workers=4):
        train(rows)
        batches.trained()

`batches.state` is then the state after what was trained on, however far ahead the workers are: what goes into the
checkpoint. WeightedBatches(..., state=state) goes on from there, with any number of ranks and batch size.
"""
import collections

import torch.utils.data


class WeightedBatches(torch.utils.data.Sampler):
    def __init__(self, stream, steps, state=None):
        self.stream, self.steps, self.ahead = stream, steps, collections.deque()
        self.state = stream.state() if state is None else state

    def __len__(self):
        return self.steps

    def __iter__(self):
        self.ahead.clear()
        self.stream.restore(self.state)
        for _ in range(self.steps):
            batch = self.stream.next_batch()
            self.ahead.append(self.stream.state())
            yield batch.tolist()

    def trained(self):
        self.state = self.ahead.popleft()
