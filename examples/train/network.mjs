/**
 * A network with one hidden layer, for telling classes apart, and how it learns. In full:
 *
 *   h = tanh(W1·x + b1)      z = W2·h + b2      p_k = e^{z_k} / Σ_j e^{z_j}      loss = −ln p_y
 *
 * Gradients, by the chain rule:
 *
 *   ∂z = p − onehot(y)       ∂W2 = ∂z ⊗ h       ∂b2 = ∂z
 *   ∂h = W2ᵀ·∂z              ∂a  = (1 − h²) ∘ ∂h      (a = W1·x + b1)
 *   ∂W1 = ∂a ⊗ x             ∂b1 = ∂a
 *
 * Each example moves every weight by −rate × its gradient; `decay` pulls the weights of W1 and W2 towards zero.
 */

/** @typedef {{ inputs: number, hidden: number, classes: number, w1: Float64Array, b1: Float64Array, w2: Float64Array, b2: Float64Array }} Network */
/** @typedef {{ x: Float64Array, y: number }} Example */

/**
 * Weights of W1 and W2 are drawn evenly from ±√(6 / (in + out)), so that no layer begins saturated (Glorot and Bengio).
 * @returns {Network}
 */
export function createNetwork({ inputs, hidden, classes }, random) {
  const draw = (rows, columns) => {
    const bound = Math.sqrt(6 / (rows + columns));
    return Float64Array.from({ length: rows * columns }, () => (2 * random() - 1) * bound);
  };
  return {
    inputs,
    hidden,
    classes,
    w1: draw(hidden, inputs),
    b1: new Float64Array(hidden),
    w2: draw(classes, hidden),
    b2: new Float64Array(classes),
  };
}

/** Hidden values and class probabilities of one example. */
export function forward({ inputs, hidden, classes, w1, b1, w2, b2 }, x) {
  const h = new Float64Array(hidden);
  for (let i = 0; i < hidden; i++) {
    let sum = b1[i];
    for (let j = 0; j < inputs; j++) sum += w1[i * inputs + j] * x[j];
    h[i] = Math.tanh(sum);
  }
  const p = new Float64Array(classes);
  for (let k = 0; k < classes; k++) {
    let sum = b2[k];
    for (let i = 0; i < hidden; i++) sum += w2[k * hidden + i] * h[i];
    p[k] = sum;
  }
  // The greatest is taken off first: e^z of a large z would be infinite, and the quotient stays the same.
  const greatest = Math.max(...p);
  let total = 0;
  for (let k = 0; k < classes; k++) total += p[k] = Math.exp(p[k] - greatest);
  for (let k = 0; k < classes; k++) p[k] /= total;
  return { h, p };
}

/** One step of stochastic gradient descent on one example. Changes the network in place. */
export function learn(network, { x, y }, { rate, decay }) {
  const { inputs, hidden, classes, w1, b1, w2, b2 } = network;
  const { h, p } = forward(network, x);
  p[y] -= 1; // p is ∂z from here on.
  const da = new Float64Array(hidden);
  for (let k = 0; k < classes; k++) {
    for (let i = 0; i < hidden; i++) {
      const at = k * hidden + i;
      da[i] += w2[at] * p[k];
      w2[at] -= rate * (p[k] * h[i] + decay * w2[at]);
    }
    b2[k] -= rate * p[k];
  }
  for (let i = 0; i < hidden; i++) {
    da[i] *= 1 - h[i] * h[i];
    for (let j = 0; j < inputs; j++) {
      const at = i * inputs + j;
      w1[at] -= rate * (da[i] * x[j] + decay * w1[at]);
    }
    b1[i] -= rate * da[i];
  }
}

/** Mean loss and share of right answers of networks that vote by the mean of their probabilities. */
export function evaluate(networks, examples) {
  let loss = 0;
  let right = 0;
  for (const { x, y } of examples) {
    const mean = new Float64Array(networks[0].classes);
    for (const network of networks) forward(network, x).p.forEach((value, k) => (mean[k] += value / networks.length));
    loss -= Math.log(mean[y]);
    if (mean.indexOf(Math.max(...mean)) === y) right += 1;
  }
  return { loss: loss / examples.length, accuracy: right / examples.length };
}
