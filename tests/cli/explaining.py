"""Why a weight (inspect --example), and what new rows would add (score --new), recomputed with NumPy by another route:
the n x n matrix and singular values of weighted rows, where the library diagonalises an r x r moment."""
import csv
import json
import math

import numpy

from command import CommandTest, floats, read_npy, run, wholes


def unit(rows):
    rows = numpy.asarray(rows, float)
    return rows / numpy.linalg.norm(rows, axis=1, keepdims=True)


def log_vendi(phi, p, order):
    s = numpy.linalg.svd(numpy.sqrt(p)[:, None] * phi, compute_uv=False)
    mu = s[s > 1e-9 * s[0]] ** 2
    mu = mu / mu.sum()
    if order == 1:
        return -float(mu @ numpy.log(mu))
    return -math.log(mu[0]) if math.isinf(order) else math.log((mu ** order).sum()) / (1 - order)


def gain(phi, p, new, share, order):
    mixture, q = numpy.vstack([phi, new[None]]), numpy.append((1 - share) * p, share)
    return log_vendi(mixture, q, order) - log_vendi(phi, p, order)


class Terms:
    """Marginal diversities as sums over modes, from singular vectors of the weighted rows."""

    def __init__(self, phi, p, order):
        _, s, self.modes = numpy.linalg.svd(numpy.sqrt(p)[:, None] * phi, full_matrices=False)
        self.mu = s ** 2
        power = (self.mu ** order).sum()
        h = -numpy.log(self.mu) if order == 1 else order / (1 - order) * self.mu ** (order - 1) / power
        self.parts = (phi @ self.modes.T) ** 2
        self.nats = self.parts * h
        self.D = self.nats.sum(axis=1)
        self.carried = p[:, None] * self.parts / self.mu


def largest(values, count, left_out=()):
    order = sorted(range(len(values)), key=lambda i: -values[i])
    return [i for i in order if i not in left_out][:count]


class Explain(CommandTest):
    def explained(self, *flags):
        return self.json("inspect", self.data, "--weights", self.path("w.npy"), *flags)

    def check_example(self, seen, phi, p, terms, i, count):
        n = len(p)
        self.assertEqual((seen["row"], seen["weight"]), (i, p[i]))
        self.assertAlmostEqual(seen["times_uniform"], n * p[i], 12)
        self.assertEqual(seen["weight_rank"], 1 + sum(q > p[i] for q in p))
        self.assertAlmostEqual(seen["marginal_diversity"], terms.D[i], 10)
        self.assertAlmostEqual(seen["rate"], terms.D[i] - p @ terms.D, 10)
        self.assertEqual(seen["marginal_diversity_rank"], 1 + int(sum(terms.D > terms.D[i])))
        similarity = phi @ phi[i]
        for key, left_out in ("neighbours", {i}), ("heavy_neighbours", {i} | {j for j in range(n) if n * p[j] < 1}):
            self.assertEqual([e["row"] for e in seen[key]], largest(abs(similarity), count, left_out), key)
            for e in seen[key]:
                self.assertAlmostEqual(e["similarity"], similarity[e["row"]], 12)
        found = largest(abs(terms.nats[i]), count)
        self.assertEqual([mode["mode"] for mode in seen["modes"]], [k + 1 for k in found])
        for mode, k in zip(seen["modes"], found):
            self.assertAlmostEqual(mode["eigenvalue"], terms.mu[k], 12)
            self.assertAlmostEqual(mode["part"], terms.parts[i, k], 10)
            self.assertAlmostEqual(mode["nats"], terms.nats[i, k], 10)
            self.assertAlmostEqual(mode["share"], terms.nats[i, k] / terms.D[i], 10)
            self.assertAlmostEqual(mode["rate"], terms.nats[i, k] - terms.parts[i, k] * (p @ terms.D), 10)
            self.assertEqual([e["row"] for e in mode["carriers"]], largest(terms.carried[:, k], count))
            for e in mode["carriers"]:
                self.assertAlmostEqual(e["share"], terms.carried[e["row"], k], 10)

    def test_every_number_is_that_of_numpy_at_the_order_of_the_report(self):
        phi = unit(self.rows)
        for order in 0.5, 1, 2:
            p = numpy.array(self.solved("--order", order))
            terms = Terms(phi, p, order)
            seen = self.explained("--example", "17,3,41", "--heaviest", 4)
            self.assertEqual((seen["kind"], seen["n"], seen["kernel"], seen["order"]), ("explanation", 60, "cosine", order))
            self.assertAlmostEqual(seen["vendi_score"], math.exp(log_vendi(phi, p, order)), 10)
            self.assertAlmostEqual(seen["mean_marginal_diversity"], p @ terms.D, 10)
            for e, i in zip(seen["examples"], (17, 3, 41), strict=True):
                self.check_example(e, phi, p, terms, i, 4)

    def test_at_orders_near_one_the_rate_has_the_digits(self):
        self.solved("--order", 1)
        flags = ["--example", "3,9", "--order"]
        one, near = (self.explained(*flags, order) for order in (1, 1 + 1e-10))
        self.assertLess(near["mean_marginal_diversity"], -1e9)
        for at_one, at_near in zip(one["examples"], near["examples"], strict=True):
            self.assertAlmostEqual(at_near["rate"], at_one["rate"], 8)
            self.assertEqual(at_near["marginal_diversity_rank"], at_one["marginal_diversity_rank"])
            rates = {mode["mode"]: mode["rate"] for mode in at_one["modes"]}
            for mode in at_near["modes"]:
                self.assertAlmostEqual(mode["rate"], rates.get(mode["mode"], mode["rate"]), 8)
        self.assertIn("rate               %+.6f nats" % one["examples"][0]["rate"],
                      self.succeed("inspect", self.data, "--weights", self.path("w.npy"), *flags, 1 + 1e-10))
        new = self.json("score", self.data, "--weights", self.path("w.npy"), "--new", self.data, "--order", 1 + 1e-10,
                        "--top", 60)["new"]["best"]
        self.assertAlmostEqual([e["rate"] for e in new if e["row"] == 3][0], one["examples"][0]["rate"], 8)

    def test_shares_of_all_modes_and_of_all_carriers_are_one(self):
        self.solved()
        example = self.explained("--example", 5, "--heaviest", 60)["examples"][0]
        self.assertEqual(len(example["modes"]), 8)
        self.assertAlmostEqual(sum(mode["share"] for mode in example["modes"]), 1, 10)
        self.assertAlmostEqual(sum(mode["part"] for mode in example["modes"]), 1, 10)
        for mode in example["modes"]:
            self.assertAlmostEqual(sum(e["share"] for e in mode["carriers"]), 1, 10)

    def test_rows_are_numbers_of_the_file_and_labels_and_ids_are_shown(self):
        rows = self.keep("odd.npy", wholes(range(1, 60, 2)))
        names = self.keep("names.txt", "".join("name %d\n" % i for i in range(60)).encode())
        p = self.solved("--rows", rows)
        flags = ["--rows", rows, "--labels", self.label_file, "--ids", names, "--example", 21]
        example = self.explained(*flags)["examples"][0]
        self.assertEqual((example["row"], example["id"], example["label"]), (21, "name 21", self.labels[21]))
        self.assertEqual(example["weight"], p[10])
        for e in example["neighbours"]:
            self.assertEqual((e["id"], e["label"]), ("name %d" % e["row"], self.labels[e["row"]]))
        text = self.succeed("inspect", self.data, "--weights", self.path("w.npy"), *flags)
        for word in "name 21", "marginal diversity", "nearest among the heavy rows", "nearest of all", "carried by":
            self.assertIn(word, text)
        self.refuse(1, "--example names row 20 of", "inspect", self.data, "--weights", self.path("w.npy"), "--rows", rows,
                    "--example", 20)

    def test_kernel_and_order_are_those_of_the_report_unless_flags_say_otherwise(self):
        path = self.keep("unit.npy", floats(unit(self.rows).tolist()))
        self.succeed("solve", path, "--kernel", "linear", "--order", 2, "--output", self.path("w.npy"))
        arguments = ["inspect", path, "--weights", self.path("w.npy"), "--example", 3]
        seen = self.json(*arguments)
        self.assertEqual((seen["kernel"], seen["order"]), ("linear", 2))
        other = run(*arguments, "--kernel", "cosine", "--order", 1, "--json")
        self.assertEqual(other.stderr, "divweights: warning: --kernel is cosine, but the report of %s has linear\n" % self.path("w.npy"))
        seen = json.loads(other.stdout)
        self.assertEqual((seen["kernel"], seen["order"]), ("cosine", 1))
        alone = self.keep("alone.npy", floats([1 / 60] * 60))  # no report
        seen = self.json("inspect", self.data, "--weights", alone, "--example", 3)
        self.assertEqual((seen["kernel"], seen["order"]), ("cosine", 1))

    def test_centred_and_reduced_rows_are_explained_as_such_and_others_warned_of(self):
        flags = ["--center", "--components", 5]
        p = numpy.array(self.solved(*flags))
        x = numpy.array(self.rows) - numpy.mean(self.rows, axis=0)
        phi = unit(x @ numpy.linalg.svd(x)[2][:5].T)
        seen = self.explained(*flags, "--example", 8, "--heaviest", 2)["examples"][0]
        self.check_example(seen, phi, p, Terms(phi, p, 1), 8, 2)
        other = run("inspect", self.data, "--weights", self.path("w.npy"), "--example", 8, "--json")
        self.assertEqual(other.returncode, 0)
        self.assertIn("were the rows, --kernel, --center and --components the same?", other.stderr)
        self.assertEqual(json.loads(other.stdout)["kind"], "explanation")

    def test_an_example_outside_of_all_that_has_weight_is_infinitely_diverse(self):
        data, weights = self.keep("three.npy", floats([[1, 0], [1, 0], [1, 2]])), self.keep("p.npy", floats([0.5, 0.5, 0]))
        example = self.json("inspect", data, "--weights", weights, "--example", 2)["examples"][0]
        self.assertEqual((example["marginal_diversity"], example["marginal_diversity_rank"]), ("inf", 1))
        self.assertEqual([mode["share"] for mode in example["modes"]], [None, None])
        self.assertEqual(sorted(len(mode["carriers"]) for mode in example["modes"]), [0, 3])
        self.assertIn("inf nats", self.succeed("inspect", data, "--weights", weights, "--example", 2))

    def test_flags_that_do_not_go_together_are_refused(self):
        self.solved("--order", "inf")
        weights = ["--weights", self.path("w.npy")]
        self.refuse(2, "--example is given but --weights is missing", "inspect", self.data, "--example", 1)
        self.refuse(2, "--order is given but --example is missing", "inspect", self.data, *weights, "--order", 1)
        self.refuse(2, "--example is 1;2, expected whole numbers", "inspect", self.data, *weights, "--example", "1;2")
        for rows, named in (60, "row 60 of"), ("0,-1", "row -1 of"):
            self.refuse(1, named, "inspect", self.data, *weights, "--order", 1, "--example", rows)
        self.refuse(1, "order inf has no gradient", "inspect", self.data, *weights, "--example", 1)
        self.assertEqual(self.explained("--example", 1, "--order", 5)["order"], 5)


class NewRows(CommandTest):
    def sets(self):
        """Examples, and new rows of which the first two are examples."""
        source = numpy.random.default_rng(11)
        for n, d, zeros in (60, 8, 0), (70, 12, 3), (12, 50, 0), (12, 50, 6):
            rows, new = source.normal(size=(n, d)) + 0.5, source.normal(size=(7, d)) + 0.5
            rows[:, :zeros] = 0
            new[:2] = rows[:2]
            new[2, :zeros] = 0
            yield rows, new, source.dirichlet(numpy.ones(n))

    def written(self, rows, new, p):
        return (self.keep("x.npy", floats(rows.tolist())),
                ["--weights", self.keep("p.npy", floats(p.tolist())), "--new", self.keep("new.npy", floats(new.tolist()))])

    def test_gains_are_those_of_numpy_at_every_order(self):
        for rows, new, p in self.sets():
            data, flags = self.written(rows, new, p)
            phi, psi = unit(rows), unit(new)
            inside = numpy.linalg.norm(psi - psi @ numpy.linalg.pinv(phi) @ phi, axis=1) < 1e-6
            for order in 0.5, 1, 2, math.inf:
                seen = self.json("score", data, *flags, "--order", order, "--share", 0.03)["new"]
                self.assertEqual((seen["n"], seen["share"], len(seen["best"])), (7, 0.03, 7))
                self.assertEqual(seen["outside"], 7 - sum(inside) if order <= 1 else 0)
                gains = [e["gain"] for e in seen["best"]]
                self.assertEqual(gains, sorted(gains, reverse=True))
                for e in seen["best"]:
                    self.assertAlmostEqual(e["gain"], gain(phi, p, psi[e["row"]], 0.03, order), 9)
                    if math.isinf(order):
                        self.assertIsNone(e["marginal_diversity"])
                        self.assertIsNone(e["rate"])
                    elif order <= 1 and not inside[e["row"]]:
                        self.assertEqual((e["marginal_diversity"], e["rate"]), ("inf", "inf"))
                    else:
                        small = [gain(phi, p, psi[e["row"]], t, order) for t in (1e-5, 5e-6)]
                        self.assertAlmostEqual(e["rate"], (4 * small[1] - small[0]) / 1e-5, 4)

    def test_files_hold_all_rows_in_their_order_and_the_share_is_one_effective_example(self):
        rows, new, p = next(iter(self.sets()))
        data, flags = self.written(rows, new, p)
        report = self.json("score", data, *flags, "--output", self.path("g.npy"), "--table", self.path("g.csv"), "--top", 2)
        seen = report["new"]
        share = 1 / (math.exp(-sum(p * numpy.log(p))) + 1)
        self.assertAlmostEqual(seen["share"], share, 12)
        gains = read_npy(self.path("g.npy"), "<f8")
        for i, row in enumerate(unit(new)):
            self.assertAlmostEqual(gains[i], gain(unit(rows), p, row, share, 1), 9)
        with open(self.path("g.csv"), newline="") as file:
            lines = list(csv.DictReader(file))
        terms = Terms(unit(rows), p, 1)
        self.assertEqual([int(line["row"]) for line in lines], list(range(7)))
        self.assertEqual([float(line["gain"]) for line in lines], gains)
        self.assertEqual([int(line["rank"]) for line in lines], [1 + sum(g > gains[i] for g in gains) for i in range(7)])
        self.assertEqual([e["row"] for e in seen["best"]], largest(gains, 2))
        for i in range(2):  # they are examples
            self.assertAlmostEqual(float(lines[i]["marginal_diversity"]), terms.D[i], 9)
            self.assertAlmostEqual(float(lines[i]["rate"]), terms.D[i] - math.log(report["vendi_score"]), 9)

    def test_new_rows_are_centred_and_reduced_as_the_examples_are(self):
        for rows, new, p in self.sets():
            data, flags = self.written(rows, new, p)
            mean = rows.mean(axis=0)
            turn = numpy.linalg.svd(rows - mean)[2][:4].T
            phi, psi = unit((rows - mean) @ turn), unit((new - mean) @ turn)
            seen = self.json("score", data, *flags, "--center", "--components", 4, "--share", 0.1)["new"]
            for e in seen["best"]:
                self.assertAlmostEqual(e["gain"], gain(phi, p, psi[e["row"]], 0.1, 1), 9)
            phi, psi = unit(rows - mean), unit(new - mean)
            for e in self.json("score", data, *flags, "--center", "--share", 0.1)["new"]["best"]:
                self.assertAlmostEqual(e["gain"], gain(phi, p, psi[e["row"]], 0.1, 1), 9)

    def test_without_weights_all_examples_weigh_the_same_and_the_table_says_what_lies_outside(self):
        rows, new, _ = list(self.sets())[1]
        data, flags = self.written(rows, new, numpy.ones(70) / 70)
        text = self.succeed("score", data, *flags[2:])
        self.assertRegex(text, r"new rows +7, each by itself with 0\.01408 of the weight")
        self.assertRegex(text, r"outside +4 of them")
        best = text.splitlines()[-7].split()
        weighted = self.json("score", data, *flags)["new"]["best"][0]
        self.assertEqual(int(best[0]), weighted["row"])
        self.assertAlmostEqual(float(best[1]), weighted["gain"], 6)
        self.assertEqual(best[2:], ["inf", "inf"])
        data, flags = self.written(rows, rows[:2], numpy.ones(70) / 70)
        self.assertNotIn("outside", self.succeed("score", data, *flags))

    def test_what_does_not_fit_is_refused(self):
        new = self.keep("new.npy", floats(self.rows[:3]))
        narrow, zero = self.keep("narrow.npy", floats([[1, 2], [3, 4]])), self.keep("zero.npy", floats([[1] * 8, [0] * 8]))
        for flag, value in ("--share", 0.1), ("--output", "g.npy"), ("--table", "g.csv"), ("--top", 3):
            self.refuse(2, "%s is given but --new is missing" % flag, "score", self.data, flag, value)
        self.refuse(2, "--order is 0, expected more than 0 for --new", "score", self.data, "--new", new, "--order", 0)
        for value in 0, 1, "nan", "-0.5":
            self.refuse(2, "--share is %s, expected a number from" % value, "score", self.data, "--new", new, "--share", value)
        self.refuse(1, "narrow.npy: divw_dataset_transform_like: dataset has 2 columns, expected 8", "score", self.data,
                    "--new", narrow)
        self.refuse(1, "zero.npy: row 1 of the data is all zeros", "score", self.data, "--new", zero, "--output",
                    self.path("g.npy"))
        self.refuse(1, "missing.npy: ", "score", self.data, "--new", self.path("missing.npy"))
        self.refuse(1, "would be overwritten", "score", self.data, "--new", new, "--output", new)
        self.refuse(1, "cannot be written", "score", self.label_file, "--new", new, "--table", self.path("no/g.csv"))
