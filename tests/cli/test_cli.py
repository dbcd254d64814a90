"""The command from outside: flags, exit statuses, JSON, files, bad input, Ctrl-C.

    DIVWEIGHTS=build/release/divweights python3 tests/cli/test_cli.py

Standard library, and NumPy as an oracle. All data are made here, except for one test that needs real data and says when it is skipped.
"""
import os
import sys
import unittest

from command import COMMAND
from constraints import Constraints
from curves import Path, Start
from drawing import Drawing
from evaluate import Evaluate
from explaining import Explain, NewRows
from formats import Archives, Ids, Shards, Transforms
from lowrank import LowRank
from pictures import ContactSheet, PictureFlags, Plots
from planning import Planning
from usage import BadInput, Usage
from verbs import Inspect, Sample, Score, Solve
from watching import Watching

__all__ = ["Archives", "BadInput", "Constraints", "ContactSheet", "Drawing", "Evaluate", "Explain", "Ids", "Inspect", "LowRank", "NewRows", "Path", "PictureFlags", "Planning", "Plots",
           "Sample", "Score", "Shards", "Solve", "Start", "Transforms", "Usage", "Watching"]

if __name__ == "__main__":
    if not os.access(COMMAND, os.X_OK):
        sys.exit("%s: there is no such command; DIVWEIGHTS says where it is" % COMMAND)
    unittest.main()
