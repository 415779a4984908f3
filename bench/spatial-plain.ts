// The forward pass of a spatial layer as one would write it in plain JavaScript: float32 weights, one page for each of
// nine patterns, a hyperbolic tangent. What a Node program has without native code.

const reach = 1;
const pages = 9;

export class PlainLayer {
  readonly #windows: Uint32Array;
  readonly #weights: Float32Array;
  readonly #cells: number;
  readonly #windowCells: number;

  constructor([gx, gy, gz]: readonly [number, number, number]) {
    const sides = [gx, gy, gz].map((size) => Math.min(2 * reach + 1, size)) as [number, number, number];
    const [wx, wy, wz] = sides;
    this.#cells = gx * gy * gz;
    this.#windowCells = wx * wy * wz;
    this.#windows = new Uint32Array(this.#cells * this.#windowCells);
    let at = 0;
    for (let z = 0; z < gz; z += 1) {
      for (let y = 0; y < gy; y += 1) {
        for (let x = 0; x < gx; x += 1) {
          const [x0, y0, z0] = [start(x, gx, wx), start(y, gy, wy), start(z, gz, wz)];
          for (let k = 0; k < this.#windowCells; k += 1) {
            const [dx, dy, dz] = [k % wx, Math.floor(k / wx) % wy, Math.floor(k / wx / wy)];
            this.#windows[at++] = x0 + dx + gx * (y0 + dy + gy * (z0 + dz));
          }
        }
      }
    }
    this.#weights = Float32Array.from(
      { length: this.#cells * pages * (this.#windowCells + 1) },
      (_, index) => ((index * 7919) % 31) / 15 - 1,
    );
  }

  forward(input: Float32Array, output: Float32Array): void {
    const count = this.#windowCells;
    const windows = this.#windows;
    const weights = this.#weights;
    for (let cell = 0; cell < this.#cells; cell += 1) {
      const first = cell * count;
      let mean = 0;
      for (let k = 0; k < count; k += 1) mean += input[windows[first + k]!]!;
      const page = Math.max(0, Math.min(pages - 1, Math.floor(((mean / count + 1) / 2) * pages)));
      const row = (cell * pages + page) * (count + 1);
      let sum = weights[row + count]!;
      for (let k = 0; k < count; k += 1) sum += input[windows[first + k]!]! * weights[row + k]!;
      output[cell] = Math.tanh((sum * 8) / (count + 1));
    }
  }
}

function start(position: number, size: number, window: number): number {
  return Math.max(0, Math.min(size - window, position - reach));
}
