"""Checks every inequality that docs/mathematics.md proves, on random data, with NumPy alone.

    python3 docs/mathematics.py

For each it prints the least slack that was met. The proofs say that none is negative; rounding may make one that holds
with equality negative by about 1e-15. Exits 1 where one is below -1e-12.
"""
import sys

import numpy as np

rng = np.random.default_rng(1)
n, r = 60, 8
phi = rng.standard_normal((n, r))
phi /= np.linalg.norm(phi, axis=1, keepdims=True)
log_n = np.log(n)
least = {}


def holds(name, slack):
    least[name] = min(least.get(name, np.inf), slack)


def entropy(x):
    return -np.sum(x[x > 0] * np.log(x[x > 0]))


def log_sum_exp(a):
    return a.max() + np.log(np.sum(np.exp(a - a.max())))


def log_softmax(a):
    return a - log_sum_exp(a)


def kl(log_a, log_b):
    return np.sum(np.exp(log_a) * (log_a - log_b))


def rho(p):
    return (phi * p[:, None]).T @ phi


def f(p):
    return entropy(np.linalg.eigvalsh(rho(p)))


def log_vendi_plus(p, lam):
    return f(p) + lam * entropy(p)


def diversity(sigma):
    mu, V = np.linalg.eigh(sigma)
    return -(phi @ V) ** 2 @ np.log(mu)


def soft_maximum(D, lam):
    return lam * log_sum_exp(D / lam) if lam > 0 else D.max()


def step(log_p, lam):
    return log_softmax((log_p + diversity(rho(np.exp(log_p)))) / (1 + lam))


def ascend(lam_of, steps=20000):
    log_p = np.full(n, -log_n)
    for _ in range(steps):
        log_p = step(log_p, lam_of(np.exp(log_p)))
    return log_p


def random_log_p():
    return log_softmax(10 ** rng.uniform(-2, 1) * rng.standard_normal(n))


def objective(p, beta):
    return beta * np.exp(f(p)) + (1 - beta) * entropy(p)


def published_lambda(p, beta):
    return (1 - beta) / (beta * np.exp(f(p)))


def check_certificate(lam, log_p):
    """Section 3.1, for a random symmetric L."""
    A = rng.standard_normal((r, r))
    L = rng.uniform(0.1, 3) * (A + A.T)
    l, V = np.linalg.eigh(L)
    D, p = np.sum((phi @ L) * phi, axis=1), np.exp(log_p)
    slack = soft_maximum(D, lam) + log_sum_exp(-l) - log_vendi_plus(p, lam)
    log_sigma = V @ np.diag(log_softmax(-l)) @ V.T
    relative_entropy = -f(p) - np.trace(rho(p) @ log_sigma)
    holds("3.1 certificate, any L", slack)
    holds("3.1 its slack, equality", -abs(slack - lam * kl(log_p, log_softmax(D / lam)) - relative_entropy) / slack)


def check_smoothing(log_p):
    e, R = 10 ** rng.uniform(-6, -1), rho(np.exp(log_p))
    D, smooth = diversity(R), diversity((1 - e) * R + e / r * np.eye(r))
    holds("3.2 smoothing, all rows", np.min(D - np.log1p(-e) - smooth))
    holds("3.2 smoothing, light rows", np.min(np.log(r / e) - smooth))


def check_step(lam, log_p):
    """Section 4: the minorant, and the increase of f + lambda H and of J."""
    p, other = np.exp(log_p), random_log_p()
    near = log_softmax(log_p + 10 ** rng.uniform(-4, 0) * rng.standard_normal(n))
    D = diversity(rho(p))
    for q in (other, near):
        holds("4 minorant of f", f(np.exp(q)) - D @ np.exp(q) + kl(q, log_p))
    q = step(log_p, lam)
    increase = log_vendi_plus(np.exp(q), lam) - log_vendi_plus(p, lam)
    holds("4 increase of f + lambda H", increase - (1 + lam) * kl(log_p, q))
    beta = rng.uniform(0.02, 0.98)
    q = np.exp(step(log_p, published_lambda(p, beta)))
    holds("4 increase of J", objective(q, beta) - objective(p, beta))


def check_optimum(lam):
    """Sections 3.3 and 4: error bar on the weights, and rate, against the optimum itself."""
    best, log_p = ascend(lambda p: lam), np.full(n, -log_n)
    for _ in range(100):
        D = diversity(rho(np.exp(log_p)))
        gap = soft_maximum(D, lam) - log_vendi_plus(np.exp(log_p), lam)
        if gap < 1e-10:
            break
        distance = np.abs(np.exp(best) - np.exp(log_softmax(D / lam))).sum()
        holds("3.3 error bar", np.sqrt(2 * gap / lam) - distance)
        distance = np.abs(np.exp(best) - np.exp(log_p)).sum()
        holds("3.3 error bar on the weights", np.sqrt(2 * gap / lam) - distance)
        q = step(log_p, lam)
        holds("4 rate", kl(best, log_p) / (1 + lam) - kl(best, q))
        log_p = q


def check_strong_concavity(log_p):
    """Section 3.3: H in the l1 norm."""
    a, b, t = np.exp(log_p), np.exp(random_log_p()), rng.uniform()
    rise = entropy((1 - t) * a + t * b) - (1 - t) * entropy(a) - t * entropy(b)
    holds("3.3 H is strongly concave", rise - t * (1 - t) / 2 * np.abs(a - b).sum() ** 2)


def check_gain(log_p):
    """Section 10.2, for rows as the examples and for a row outside the span of the examples."""
    R, t = rho(np.exp(log_p)), rng.uniform(0.001, 0.999)
    value, h2 = entropy(np.linalg.eigvalsh(R)), entropy(np.array([t, 1 - t]))
    x = rng.standard_normal(r)
    x /= np.linalg.norm(x)
    gain = entropy(np.linalg.eigvalsh((1 - t) * R + t * np.outer(x, x)).clip(0)) - value
    mu, V = np.linalg.eigh(R)
    holds("10 gain, from below", gain + t * value)
    holds("10 gain, its tangent", t * (-((x @ V) ** 2) @ np.log(mu) - value) - gain)
    holds("10 gain, of any row", h2 - t * value - gain)
    outside = entropy(np.r_[(1 - t) * mu, t]) - value
    holds("10 gain, orthogonal row", -abs(h2 - t * value - outside))


def check_bandwidths(log_p):
    """Proposition 7b: the Vendi Score of any weights does not rise with the bandwidth."""
    x, root = rng.standard_normal((30, 3)), np.exp(log_p[:30] / 2)
    difference = x[:, None] - x
    s, t = np.sort(10 ** rng.uniform(-1, 1, 2))
    for name, z, power in (("gaussian", (difference ** 2).sum(2) / 2, 2), ("laplacian", np.abs(difference).sum(2), 1),
                           ("matern", np.sqrt((difference ** 2).sum(2)), 1)):
        scores = [entropy(np.linalg.eigvalsh(np.outer(root, root) * np.exp(-z / h ** power) / (root @ root)))
                  for h in (s, t)]
        holds("bandwidth, " + name, scores[0] - scores[1])


def check_light_rows():
    """Section 3.3 at lambda = 0, against a point near the optimum."""
    best, log_p = np.exp(ascend(lambda p: 0.0)), np.full(n, -log_n)
    for k in range(1, 100):
        log_p = step(log_p, 0.0)
        D = diversity(rho(np.exp(log_p)))
        gap = D.max() - f(np.exp(log_p))
        holds("3.3 mass of light rows", np.min(gap - best * (D.max() - D)))
        holds("4 rate at lambda 0", log_n / k - (f(best) - f(np.exp(log_p))))


def check_frontier(beta):
    """Section 5: one D bounds J of every p, by the vertices of the envelope of a fixed grid of lines."""
    p = np.exp(ascend(lambda p: published_lambda(p, beta)))
    D, lams = diversity(rho(p)), np.r_[np.geomspace(1e3, 1e-4, 2000), 0]
    value = np.array([soft_maximum(D, lam) - lam * log_n for lam in lams])
    g = np.r_[0, np.diff(value) / -np.diff(lams), log_n].clip(0, log_n)
    top = np.min(value + np.outer(g, lams), axis=1)
    bound = np.max(beta * np.exp(top) + (1 - beta) * (log_n - g))
    holds("5 global gap", bound - objective(p, beta))
    for _ in range(1000):
        q = p * np.exp(rng.uniform(0, 4) * rng.standard_normal(n))
        holds("5 global bound", bound - objective(q / q.sum(), beta))
        holds("5 global bound", bound - objective(np.exp(random_log_p()), beta))


def check_weighted_estimates():
    """Section 11.1, by all outcomes of four rows that are drawn from three points."""
    points, P, p = rng.standard_normal((3, 2)), rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(4))
    mean = P @ points
    sigma, K = (points * P[:, None]).T @ points - np.outer(mean, mean), np.exp(points @ points.T)
    covariance, pairs, rest = np.zeros((2, 2)), 0, 1 - p @ p
    for outcome in np.ndindex(3, 3, 3, 3):
        chosen = list(outcome)
        x, chance = points[chosen] - p @ points[chosen], np.prod(P[chosen])
        covariance += chance * (x * p[:, None]).T @ x / rest
        G = K[np.ix_(chosen, chosen)]
        pairs += chance * (p @ G @ p - (p * p) @ np.diag(G)) / rest
    holds("11.1 covariance", -np.abs(covariance - sigma).max())
    holds("11.1 pairs", -abs(pairs - P @ K @ P))


def check_factors():
    """Section 11.2: any factors of the covariances will do, of any number of rows."""
    A, B = rng.standard_normal((5, r)), rng.standard_normal((2 * r, r))
    w, V = np.linalg.eigh(A.T @ A)
    root = V * np.sqrt(w.clip(0)) @ V.T
    trace = np.sqrt(np.linalg.eigvalsh(root @ (B.T @ B) @ root)[-5:]).sum()
    holds("11.2 singular values", -abs(np.linalg.svd(A @ B.T, compute_uv=False).sum() / trace - 1))


def check_distances():
    """Section 11.4: inner products of shifted rows decide what they are sure of as sums of squares do."""
    x = 10 ** rng.uniform(-3, 3) * rng.standard_normal((40, r)) + 10 ** rng.uniform(-3, 3)
    direct, y = ((x[:, None] - x[None]) ** 2).sum(axis=2), x - x.mean(axis=0)
    square = (y ** 2).sum(axis=1)
    sums = square[:, None] + square
    allowed = 4 * (r + 8) * 2.0 ** -53 * sums
    holds("11.4 distances", ((allowed - np.abs(sums - 2 * y @ y.T - direct)) / sums).min())


def check_sizes():
    """Sections 11.1 and 11.5: n_eff is at most exp H, and subsets are less diverse on average."""
    p = np.exp(random_log_p())
    holds("11.1 effective size", np.exp(entropy(p)) - 1 / (p @ p))
    subsets = np.mean([f(np.bincount(np.roll(np.arange(n), k)[:20], minlength=n) / 20) for k in range(n)])
    holds("11.5 subsets", f(np.full(n, 1 / n)) - subsets)


def check_curve(low, high):
    """Section 5.6: the balance at which two optima are worth the same lies between theirs; h is convex."""
    points = []
    for beta in (low, high):
        p = np.exp(ascend(lambda p: published_lambda(p, beta)))
        points.append((entropy(p), np.exp(f(p)), objective(p, beta)))
    (H_a, V_a, h_a), (H_b, V_b, h_b) = points
    c = (H_a - H_b) / (H_a - H_b + V_b - V_a)
    holds("5.6 chord", min(c - low, high - c))
    h_c = objective(np.exp(ascend(lambda p: published_lambda(p, c))), c)
    holds("5.6 above the chord", h_c - (c * V_a + (1 - c) * H_a))
    holds("5.6 convex", ((high - c) * h_a + (c - low) * h_b) / (high - low) - h_c)


# ---- section 12 ----

groups = 4
member = rng.integers(0, groups, n)


def random_set(p):
    """Bounds of rows and of masses that p keeps."""
    low, high = p * rng.uniform(0, 1, n), p * rng.uniform(1, 4, n)
    mass = np.bincount(member, p, groups)
    return low, high, mass * rng.uniform(0, 1, groups), np.minimum(1, mass * rng.uniform(1, 2, groups))


def root(decreasing, wanted):
    """By bisection."""
    low, high = -1e3, 1e3
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if decreasing(middle) > wanted else (low, middle)
    return high


def project(x, bounds):
    """Proposition 11; the weights, nu and theta."""
    low, high, least, most = bounds

    def clipped(theta):
        return np.clip(np.exp(np.minimum(x - theta, 700)) / n, low, high)

    def masses(theta):
        return np.bincount(member, clipped(theta), groups)

    nu = root(lambda shift: np.clip(masses(shift), least, most).sum(), 1)
    at, theta = masses(nu), np.full(groups, nu)
    for g in range(groups):
        if not least[g] <= at[g] <= most[g]:
            theta[g] = root(lambda shift: masses(shift)[g], np.clip(at[g], least[g], most[g]))
    return clipped(theta[member]), nu, theta


def support_bound(D, lam, bounds, nu, theta):
    """The right side of proposition 12, times lambda."""
    low, high, least, most = bounds
    z, push = D / lam - theta[member], theta - nu
    y = np.clip(np.exp(np.minimum(z, 700)) / n, low, high)
    inner = y * z - y * np.log(n * np.maximum(y, 1e-300)) + y - 1 / n
    return lam * (nu + np.maximum(most * push, least * push).sum() + inner.sum())


def check_constraints(lam, log_p):
    """Sections 12.1 to 12.3."""
    p = np.exp(log_p)
    bounds, x = random_set(p), 3 * rng.standard_normal(n)
    best, nu, theta = project(x, bounds)
    value = x @ best + entropy(best)
    other = project(x + rng.uniform(0, 3) * rng.standard_normal(n), bounds)[0]
    holds("12.1 projection", value - x @ other - entropy(other) + 1e-12)
    D = diversity(rho(p))
    best, nu, theta = project(D / lam, bounds)
    reached = D @ best + lam * (entropy(best) - log_n)
    sharp = support_bound(D, lam, bounds, nu, theta)
    holds("12.2 equality", 1e-10 * (1 + lam) - abs(sharp - reached))
    wild = support_bound(D, lam, bounds, nu + rng.standard_normal(), theta + rng.standard_normal(groups))
    holds("12.2 any nu and theta", wild - reached)
    holds("12.2 certificate", sharp + lam * log_n - log_vendi_plus(other, lam))
    after = project((log_p + D) / (1 + lam), bounds)[0]
    step_gain = log_vendi_plus(after, lam) - log_vendi_plus(p, lam)
    holds("12.3 increase", step_gain - (1 + lam) * np.sum(p * np.log(p / after)) + 1e-12)


def check_limit(log_p):
    """Section 12.4: the tempered step, and the bound at any lambda."""
    p = np.exp(log_p)
    D, least = diversity(rho(p)), entropy(p)
    t = 1 / (1 + root(lambda s: -entropy(np.exp(log_softmax((log_p + D) / (1 + s)))) if s > 0 else 1, -least))
    after = np.exp(log_softmax(t * (log_p + D)))
    if entropy(np.exp(log_softmax(log_p + D))) < least:
        holds("12.4 limit is kept", entropy(after) - least + 1e-10)
        holds("12.4 increase", f(after) - f(p) + 1e-9)
    lam = 10 ** rng.uniform(-2, 1)
    other = np.exp(random_log_p())
    if entropy(other) >= least:
        holds("12.4 certificate", soft_maximum(D, lam) - lam * least - f(other))


def log_power(p, q):
    return np.log(np.sum(np.linalg.eigvalsh(rho(p)) ** q))


def check_quality(log_p):
    """Section 12.5: order 1 and below, and the ratio of orders above 1."""
    p, s = np.exp(log_p), rng.uniform(0, 1, n) ** 3
    other = np.exp(log_softmax(log_p + 10 ** rng.uniform(-4, 1) * rng.standard_normal(n)))
    a, lam = p @ s * rng.uniform(0.5, 2), 10 ** rng.uniform(-2, 1)
    mu, V = np.linalg.eigh(rho(p))
    squares = (phi @ V) ** 2
    slack = soft_maximum(-squares @ np.log(mu) + s / a, lam) + np.log(a) - 1
    holds("12.5 order 1", slack - np.log(other @ s) - log_vendi_plus(other, lam))
    q = rng.uniform(0.3, 0.9)
    power = np.sum(mu ** q)
    slack = soft_maximum(q / (1 - q) * squares @ mu ** (q - 1) / power + s / a, lam) + np.log(a) - 1
    slack += 1 + (np.log(power) - 1) / (1 - q)
    holds("12.5 orders below 1", slack - np.log(other @ s) - log_power(other, q) / (1 - q) - lam * entropy(other))
    q = rng.uniform(1.1, 6)
    c, t, share = q / (q - 1), squares @ mu ** (q - 1) / np.sum(mu ** q), s / (p @ s)
    k = root(lambda k: np.max(share - k * c * t) if k > 0 else 1, 1 - c)
    ratio = np.log(other @ s / (p @ s)) + (log_power(other, q) - log_power(p, q)) / (1 - q)
    holds("12.5 ratio, orders above 1", c * np.log(k) - ratio + 1e-12)
    two = -2 * np.sum((phi @ rho(p)) * phi, axis=1) / np.sum(rho(p) ** 2)
    holds("12.6 order 2, equality", 1e-12 - np.max(np.abs(two + 2 * squares @ mu / np.sum(mu ** 2))))


def log_score(mu, q):
    mu = mu[mu > 0]
    if np.isinf(q):
        return -np.log(mu.max())
    if abs(q - 1) < 1e-3:
        return entropy(mu) if q == 1 else np.log1p(np.sum(mu * np.expm1((q - 1) * np.log(mu)))) / (1 - q)
    return np.log(np.sum(mu ** q)) / (1 - q)


def low_rank_factor(K, r):
    """Randomly pivoted Cholesky, one pivot at a time."""
    F, rest = np.zeros((len(K), r)), np.ones(len(K))
    for k in range(r):
        j = rng.choice(len(K), p=rest / rest.sum())
        column = K[:, j] - F @ F[j]
        F[:, k] = column / np.sqrt(column[j])
        rest = np.maximum(1 - np.sum(F ** 2, axis=1), 0)
    return F, rest


def water(a, count):
    """The spectrum of `count` numbers, none below those of a, that is as even as can be."""
    a = np.concatenate([a, np.zeros(count - len(a))])
    level = root(lambda c: -np.sum(np.maximum(a, c)), -1.0)
    return np.maximum(a, level)


def own_terms(p, delta, q, power):
    """What the deficits add to D, and to the constant."""
    if q == 1:
        return -delta * np.log(p * delta), 0
    return q / (1 - q) * delta * (p * delta) ** (q - 1) / power, np.sum((p * delta) ** q) / power


def check_low_rank(q):
    """Section 13: the interval, and the certificate for the true K."""
    x = rng.standard_normal((40, rng.integers(1, 6)))
    distance = np.sum((x[:, None] - x[None]) ** 2, axis=2)
    K = np.exp(-distance / np.median(distance) * 10 ** rng.uniform(-1, 1))
    F, delta = low_rank_factor(K, rng.integers(2, 12))
    delta = np.maximum(delta, 1e-12)

    def score(p):
        return log_score(np.linalg.eigvalsh(np.sqrt(p)[:, None] * K * np.sqrt(p)), q)

    def random_p():
        log_p = 10 ** rng.uniform(-2, 0.5) * rng.standard_normal(len(K))
        return np.exp(log_softmax(log_p))
    p, other, lam = random_p(), random_p(), 10 ** rng.uniform(-2, 1)
    a, V = np.linalg.eigh((F * p[:, None]).T @ F)
    a = np.maximum(a, 1e-16)
    low = a.copy()
    low[-1] += 1 - a.sum()
    room = 1e-10 if q >= 1 else 1e-6  # small orders count what rounding makes of eigenvalues that are 0
    own = np.concatenate([a, p * delta])
    holds("13.2 low", score(p) - log_score(low, q) + room)
    holds("13.2 high, filled", log_score(water(a, len(K)), q) - score(p) + room)
    holds("13.1 high, own coordinates", log_score(own, q) - score(p) + room)
    t = rng.integers(1, len(K))
    mu = np.sort(np.maximum(np.linalg.eigvalsh(np.sqrt(p)[:, None] * K * np.sqrt(p)), 0))[::-1]
    rest = np.sum(mu[t:])
    copies = int(rest / mu[t - 1]) if mu[t - 1] > 0 else 0
    packed = np.concatenate([mu[:t], np.full(copies, mu[t - 1]), [max(rest - copies * mu[t - 1], 0)]])
    holds("13.7 truncated, low", score(p) - log_score(packed, q) + 10 * room)
    holds("13.7 truncated, high", log_score(np.append(mu[:t], np.full(len(K) - t, rest / (len(K) - t))), q) - score(p)
          + 10 * room)
    if np.isinf(q):
        return
    squares, power = (F @ V) ** 2, np.sum(own ** q)
    D, constant = own_terms(p, delta, q, power)
    if q == 1:
        D = D - squares @ np.log(a)
        bound = soft_maximum(D, lam) + np.log(own.sum())
        holds("13.3 certificate, q = 1", bound - score(other) - lam * entropy(other))
    else:
        D = D + q / (1 - q) * squares @ a ** (q - 1) / power
        bound = soft_maximum(D, lam) + np.sum(a ** q) / power + constant - 1 / (1 - q)
        level = (np.exp((1 - q) * score(other)) / power - 1) / (1 - q)
        holds("13.3 certificate, q = %g" % q, bound - level - lam * entropy(other) + room)


def check_level(q):
    """Section 9.2: the tangent of the level at another state is a bound."""
    p, other, lam = np.exp(random_log_p()), np.exp(log_softmax(np.logaddexp(random_log_p(), -12))), 10 ** rng.uniform(-2, 1)
    e = 1.0 if q < 0.5 else (1 - q) / q
    mu, V = np.linalg.eigh(rho(other))
    mu = np.maximum(mu, 1e-300)
    log_vendi = log_score(mu, q)
    h = -np.log(mu) - log_vendi if q == 1 else q / (1 - q) * np.expm1((q - 1) * (np.log(mu) + log_vendi))
    here = log_score(np.maximum(np.linalg.eigvalsh(rho(p)), 0), q)
    growth = here - log_vendi if e == 0 else np.expm1(e * (here - log_vendi)) / e  # in nats at the other state
    holds("9.2 tangents", soft_maximum((phi @ V) ** 2 @ h, lam) - growth - lam * entropy(p))


def check_new_row():
    """Section 13.8: the last row is new, with weight t; the features are of the others alone."""
    x = rng.standard_normal((31, rng.integers(1, 6)))
    distance = np.sum((x[:, None] - x[None]) ** 2, axis=2)
    K = np.exp(-distance / np.median(distance) * 10 ** rng.uniform(-1, 1))
    F, t = np.zeros((31, 0)), 10 ** rng.uniform(-4, -0.2)
    for j in rng.permutation(30)[:rng.integers(1, 10)]:
        column = K[:, j] - F @ F[j]
        if column[j] > 1e-6:
            F = np.column_stack([F, column / np.sqrt(column[j])])
    delta = np.clip(1 - np.sum(F ** 2, axis=1), 1e-15, 1)
    p = np.append((1 - t) * np.exp(log_softmax(rng.standard_normal(30))), t)

    def eigenvalues(p):
        return np.linalg.eigvalsh((F * p[:, None]).T @ F)

    def coarse(p):
        return entropy(np.append(np.maximum(eigenvalues(p), 1e-17), p @ delta))

    def choice(t):
        return entropy(np.array([t, 1 - t]))
    before = np.append(p[:-1] / (1 - t), 0)
    S = [log_score(np.linalg.eigvalsh(np.sqrt(w)[:, None] * K * np.sqrt(w)), 1) for w in (before, p)]
    chi = S[1] - (1 - t) * S[0]
    holds("13.8 what the features see", chi - coarse(p) + (1 - t) * coarse(before) + t * choice(delta[-1]) + 1e-10)
    holds("13.8 what any row can add", choice(t) - chi + 1e-10)


def main():
    for q in (0.01, 0.3, 0.5, 0.9, 1 - 1e-9, 1, 1 + 1e-9, 1.5, 2, 5, 20):
        for _ in range(200):
            check_level(q)
    for _ in range(300):
        check_new_row()
    for q in (0.5, 1, 2, 3, np.inf):
        for _ in range(60):
            check_low_rank(q)
    for _ in range(300):
        log_p = log_softmax(np.logaddexp(random_log_p(), -12))
        check_constraints(10 ** rng.uniform(-2, 1), log_p)
        check_limit(log_p)
        check_quality(log_p)
    for _ in range(2000):
        lam, log_p = 10 ** rng.uniform(-2, 1), random_log_p()
        check_certificate(lam, log_p)
        log_p = np.logaddexp(log_p, -20)  # rho(p) of full rank
        log_p = log_softmax(log_p)
        check_smoothing(log_p)
        check_step(lam, log_p)
        check_strong_concavity(log_p)
        check_gain(log_p)
    for _ in range(50):
        check_bandwidths(random_log_p())
    for lam in (0.02, 0.1, 1):
        check_optimum(lam)
    check_light_rows()
    for beta in (0.1, 0.5, 0.9):
        check_frontier(beta)
    for _ in range(20):
        check_weighted_estimates()
        check_factors()
        check_distances()
        check_sizes()
    for low, high in ((0.05, 0.4), (0.4, 0.9), (0.9, 0.99)):
        check_curve(low, high)
    for name, slack in sorted(least.items()):
        print("%-28s %9.1e" % (name, slack))
    return 1 if min(least.values()) < -1e-12 else 0


if __name__ == "__main__":
    sys.exit(main())
