"""--rank, --residual, --approximation: features of low rank, and what is still proven; score --truncate.

NumPy computes the kernel and its eigenvalues by itself.
"""
import math

import numpy

from command import CommandTest, floats, read_npy

KERNEL = ["--kernel", "gaussian", "--bandwidth", 1.5]


def eigenvalues(rows, p):
    """Of diag(sqrt p) K diag(sqrt p), largest first."""
    x = numpy.array(rows)
    squares = ((x[:, None, :] - x[None, :, :]) ** 2).sum(2)
    root = numpy.sqrt(p)
    return numpy.linalg.eigvalsh(root[:, None] * numpy.exp(-squares / (2 * 1.5 ** 2)) * root[None, :])[::-1]


def score_of(mu, order):
    mu = mu[mu > 1e-14]
    if math.isinf(order):
        return 1 / mu[0]
    return math.exp(-(mu * numpy.log(mu)).sum()) if order == 1 else (mu ** order).sum() ** (1 / (1 - order))


class LowRank(CommandTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        source = numpy.random.default_rng(3)
        cls.many = source.normal(size=(300, 3)).tolist()
        cls.many_file = cls.keep("many.npy", floats(cls.many))
        cls.even = numpy.full(300, 1 / 300)
        cls.mu = eigenvalues(cls.many, cls.even)

    def test_the_interval_of_a_score_holds_that_of_the_kernel(self):
        p = numpy.random.default_rng(5).random(300) ** 3
        weights = self.keep("p.npy", floats((p / p.sum()).tolist()))
        for order in 0.5, 1, 2, math.inf:
            exact = self.json("score", self.many_file, *KERNEL, "--order", order)["vendi_score"]
            self.assertAlmostEqual(exact / score_of(self.mu, order), 1, 6)
            weighted = score_of(eigenvalues(self.many, p / p.sum()), order)
            widths = []
            for rank in 10, 40:
                low = self.json("score", self.many_file, *KERNEL, "--order", order, "--rank", rank)
                self.assertEqual((low["approximation"], low["rank"]), ("cholesky", rank))
                self.assertTrue(low["vendi_score_low"] <= exact <= low["vendi_score_high"], (order, rank, low, exact))
                self.assertTrue(low["vendi_score_low"] < low["vendi_score_high"])
                widths.append(low["vendi_score_high"] - low["vendi_score_low"])
                low = self.json("score", self.many_file, *KERNEL, "--order", order, "--rank", rank, "--weights", weights)
                self.assertTrue(low["vendi_score_low"] <= weighted <= low["vendi_score_high"], (order, rank, low))
            self.assertLess(widths[1], widths[0])
        text = self.succeed("score", self.many_file, *KERNEL, "--rank", 40)
        self.assertIn("cholesky, 40 features", text)
        self.assertIn("proven: that of the kernel itself is from", text)

    def test_the_residual_is_what_was_asked_for_or_what_the_rank_leaves(self):
        loose = self.json("score", self.many_file, *KERNEL, "--residual", 0.05)
        tight = self.json("score", self.many_file, *KERNEL, "--residual", 0.001)
        self.assertTrue(0 < loose["residual"] <= 0.05 and 0 < tight["residual"] <= 0.001)
        self.assertLess(loose["rank"], tight["rank"])
        both = self.json("score", self.many_file, *KERNEL, "--residual", 0.001, "--rank", 5)
        self.assertEqual(both["rank"], 5)
        # no features of rank r leave less than the eigenvalues after the r-th
        self.assertGreaterEqual(both["residual"], self.mu[5:].sum())

    def test_the_full_rank_and_no_rank_are_exact(self):
        exact = self.json("score", self.many_file, *KERNEL)
        self.assertEqual((exact["approximation"], exact["residual"]), ("none", 0))
        self.assertEqual((exact["vendi_score_low"], exact["vendi_score_high"]), (exact["vendi_score"],) * 2)
        full = self.json("score", self.many_file, *KERNEL, "--rank", 300)
        self.assertAlmostEqual(full["vendi_score"], exact["vendi_score"], 8)
        for kernel in "cosine", "linear":
            rows = [[v / math.sqrt(sum(w * w for w in row)) for v in row] for row in self.rows]
            data = self.keep("unit.npy", floats(rows))
            exact = self.json("score", data, "--kernel", kernel)["vendi_score"]
            self.assertAlmostEqual(self.json("score", data, "--kernel", kernel, "--rank", 8)["vendi_score"], exact, 8)

    def test_the_seed_chooses_the_features(self):
        seeds = [self.json("score", self.many_file, *KERNEL, "--rank", 10, "--approximation-seed", seed)["vendi_score"]
                 for seed in (0, 1, 1)]
        self.assertNotEqual(seeds[0], seeds[1])
        self.assertEqual(seeds[1], seeds[2])
        self.assertEqual(seeds[0], self.json("score", self.many_file, *KERNEL, "--rank", 10)["vendi_score"])

    def test_a_solve_proves_for_the_kernel_itself(self):
        goal = ["--entropy-weight", 0.3]
        exact = self.json("solve", self.many_file, *KERNEL, *goal, "--tolerance", 1e-8)
        report = self.json("solve", self.many_file, *KERNEL, *goal, "--rank", 25, "--output", self.path("w.npy"))
        self.assertEqual((report["approximation"], exact["approximation"]), ("cholesky", "none"))
        self.assertGreaterEqual(report["upper_bound"], exact["certified_value"])
        self.assertTrue(0 < report["gap"] and 0 < report["residual"] < 1)
        p = numpy.array(read_npy(self.path("w.npy"), "<f8"))
        score = score_of(eigenvalues(self.many, p), 1)
        self.assertTrue(report["vendi_score_low"] <= score <= report["vendi_score_high"], (report, score))
        # the value that is reported is one that the weights have, and short of the best by no more than the gap
        value = math.log(score) + 0.3 * report["entropy"]
        self.assertLessEqual(report["certified_value"], value + 1e-9)
        self.assertLessEqual(exact["certified_value"] - value, report["gap"])

    def test_a_rank_that_is_too_small_is_told_with_the_one_that_would_do(self):
        flags = ["solve", self.many_file, *KERNEL, "--rank", 12, "--tolerance", 1e-4]
        report = self.json(*flags)
        self.assertEqual(report["stop_reason"], "rank")
        self.assertTrue(12 < report["rank_needed"] <= 300)
        text = self.succeed(*flags)
        self.assertIn("stopped where the rank keeps the gap above the tolerance", text)
        self.assertIn("a rank of about %d would do" % report["rank_needed"], text)
        self.assertIn("proven: of the kernel itself it is from", text)
        self.assertEqual(self.json(*flags[:-4], "--tolerance", 1e-4)["rank_needed"], 0)

    def test_random_features_are_called_an_estimate(self):
        flags = [*KERNEL, "--rank", 200, "--approximation", "features"]
        scores = self.json("score", self.many_file, *flags)
        self.assertEqual(scores["approximation"], "features")
        for key in "residual", "vendi_score_low", "vendi_score_high":
            self.assertIsNone(scores[key])
        self.assertLess(abs(scores["vendi_score"] / score_of(self.mu, 1) - 1), 0.3)
        self.assertIn("an estimate, without a bound", self.succeed("score", self.many_file, *flags))
        text = self.succeed("solve", self.many_file, *flags)
        self.assertIn("an estimate, without a bound", text)
        self.assertNotIn("of the kernel itself", text)

    def test_path_and_inspect_take_them_too(self):
        path = self.json("path", self.many_file, *KERNEL, "--rank", 20, "--balances", "0.4,0.8", "--tolerance", 0.01)
        self.assertEqual((path["approximation"], len(path["points"])), ("cholesky", 2))
        self.succeed("solve", self.many_file, *KERNEL, "--rank", 20, "--output", self.path("w.npy"))
        shown = self.succeed("inspect", self.many_file, *KERNEL, "--rank", 20, "--weights", self.path("w.npy"), "--example", 7)
        self.assertIn("marginal diversity", shown)

    def test_truncated_scores_keep_the_largest_eigenvalues(self):
        for order, t in (1, 5), (2, 20), (math.inf, 3), (0.5, 40):
            scores = self.json("score", self.many_file, *KERNEL, "--order", order, "--truncate", t)
            kept = self.mu[:t] + (1 - self.mu[:t].sum()) / t
            self.assertAlmostEqual(scores["truncated_score"], score_of(kept, order), 6)
            self.assertLessEqual(scores["truncated_low"], scores["vendi_score"] + 1e-9)
            self.assertGreaterEqual(scores["truncated_high"], scores["vendi_score"] - 1e-9)
        text = self.succeed("score", self.many_file, *KERNEL, "--truncate", 5)
        self.assertIn("of 5 eigenvalues", text)
        self.assertIn("the whole score is known to be from", text)
        low = self.json("score", self.many_file, *KERNEL, "--truncate", 5, "--rank", 20)
        self.assertTrue(low["truncated_score"] > 1 and low["truncated_low"] is low["truncated_high"] is None)
        self.assertIsNone(self.json("score", self.data)["truncated_score"])
        self.refuse(1, "--truncate is 9, expected at most 8", "score", self.data, "--truncate", 9)
        self.refuse(2, "--order is 0, expected more than 0 for --truncate", "score", self.data, "--truncate", 2, "--order", 0)

    def test_flags_that_do_not_go_together(self):
        features = ["--approximation", "features"]
        for sentence, flags in [
                ("--approximation is given but --rank is missing", features),
                ("--approximation-seed is given but --rank is missing", ["--approximation-seed", 1]),
                ("--residual is given, which does not go with --approximation features",
                 [*KERNEL, *features, "--residual", 0.1, "--rank", 4]),
                ("--approximation features does not go with --kernel cosine", [*features, "--rank", 4]),
                ("--rank is 3, expected an even number", [*KERNEL, *features, "--rank", 3]),
                ("--rank is 0, expected a whole number of at least 1", ["--rank", 0]),
                ("--residual is 2, expected a number from 1e-15 to 1", ["--residual", 2]),
                ("--approximation is nystrom, expected cholesky|features", ["--rank", 4, "--approximation", "nystrom"])]:
            for verb in "solve", "path", "score", "inspect":
                with self.subTest(verb=verb, flags=flags):
                    self.refuse(2, sentence, verb, self.data, *flags)

    def test_memory_is_known_before(self):
        flags = ["solve", self.many_file, *KERNEL, "--dry-run"]
        exact, low = self.json(*flags), self.json(*flags, "--rank", 20)
        self.assertEqual((exact["approximation"], low["approximation"]), ("none", "cholesky"))
        self.assertTrue(300 * 20 * 8 < low["memory_kernel"] < 300 * 30 * 8 and exact["memory_kernel"] > 300 * 300 * 8)
        self.assertIn("at most 20, cholesky", self.succeed(*flags, "--rank", 20))
        self.assertIn("at most 300, cholesky; fewer with --rank", self.succeed(*flags, "--residual", 0.01))
        self.refuse(1, "A smaller --rank takes less", "solve", self.many_file, *KERNEL, "--rank", 300, "--max-memory", "400K")
        self.refuse(1, "--rank R bounds them", "score", self.many_file, *KERNEL, "--residual", 0.01, "--max-memory", "400K")
        self.refuse(1, "Features of low rank take less: --rank R", "solve", self.many_file, *KERNEL, "--max-memory", "400K")
