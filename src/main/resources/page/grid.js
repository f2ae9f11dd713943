// The layout of the heat map's probed pairs. Up to 64 nodes all probe each other: a square with a
// row for each probing node and a column for each answering node. With more nodes, each probes its
// neighbours on a ring of sorted names: a column for each node and a row for each neighbour, from
// the eighth before to the eighth after, in as many bands as the width requires.

const FULL_MESH = 64;
const GAP = 1;
const SELF = 4;
const BAND_HEAD = 20;
const LONGEST_NAME = 18;

/** The grid of a mesh: which pair is in which cell, and where the cell is on the canvas. */
export class Grid {
  /**
   * @param {{nodes: string[], probes: Array}} mesh
   * @param {number} width of the canvas in CSS pixels
   */
  constructor(mesh, width) {
    this.probes = new Map();
    const probing = new Set();
    for (const probe of mesh.probes) {
      probing.add(probe[0]).add(probe[1]);
      this.probes.set(probe[0] * mesh.nodes.length + probe[1], probe);
    }
    this.names = mesh.nodes;
    this.square = mesh.nodes.length <= FULL_MESH;
    // Kubernetes' names are ASCII, so comparing strings gives the order on the ring.
    this.nodes = mesh.nodes.map((_, index) => index)
      .filter(index => this.square || probing.has(index))
      .sort((a, b) => (mesh.nodes[a] < mesh.nodes[b] ? -1 : 1));
    if (this.square) this.#laySquare(width);
    else this.#layBands(width);
  }

  #laySquare(width) {
    const { length } = this.nodes;
    const longest = Math.max(...this.names.map(it => Math.min(it.length, LONGEST_NAME)), 1);
    this.head = longest * 7 + 12;
    this.size = Math.max(9, Math.min(64, Math.floor((width - this.head) / Math.max(1, length))));
    this.columns = length;
    this.rows = length;
    this.width = this.head + length * this.size;
    this.height = this.head + length * this.size;
  }

  #layBands(width) {
    const { length } = this.nodes;
    const places = new Map(this.nodes.map((node, place) => [node, place]));
    let furthest = 1;
    for (const [from, to] of this.probes.values()) {
      const away = Math.abs(places.get(from) - places.get(to));
      const onTheRing = Math.min(away, length - away);
      if (onTheRing <= 16) furthest = Math.max(furthest, onTheRing);
    }
    this.furthest = furthest;
    this.head = 30;
    this.size = width < 700 ? 9 : 7;
    const most = Math.max(20, Math.floor((width - this.head) / this.size));
    this.bands = Math.ceil(length / most);
    this.perBand = Math.ceil(length / this.bands); // The last band may have a few columns less.
    this.bandHeight = BAND_HEAD + 2 * furthest * this.size + SELF + 10;
    this.columns = length;
    this.rows = 2 * furthest;
    this.width = this.head + Math.min(length, this.perBand) * this.size;
    this.height = this.bands * this.bandHeight;
  }

  /** A cell's probe: [from, to, state, loss in percent, rtt in µs], or null if it is not probed. */
  at(column, row) {
    const [from, to] = this.pair(column, row);
    return from === to ? null : this.probes.get(from * this.names.length + to) ?? null;
  }

  /** A cell's [from, to], as indices into names. */
  pair(column, row) {
    if (this.square) return [this.nodes[row], this.nodes[column]];
    const { length } = this.nodes;
    const away = row < this.furthest ? row - this.furthest : row - this.furthest + 1;
    return [this.nodes[column], this.nodes[(column + away + length) % length]];
  }

  /** The cell of a pair of nodes, or null. */
  find(fromName, toName) {
    for (let row = 0; row < this.rows; row++) {
      for (let column = 0; column < this.columns; column++) {
        const [from, to] = this.pair(column, row);
        if (this.names[from] === fromName && this.names[to] === toName) return { column, row };
      }
    }
    return null;
  }

  /** The cell's place on the canvas, in CSS pixels. */
  place(column, row) {
    const size = this.size - GAP;
    if (this.square) return { x: this.head + column * this.size, y: this.head + row * this.size, size };
    const band = Math.floor(column / this.perBand);
    return {
      x: this.head + (column % this.perBand) * this.size,
      y: band * this.bandHeight + BAND_HEAD + row * this.size + (row >= this.furthest ? SELF : 0),
      size,
    };
  }

  /** The cell at a point of the canvas, or null. */
  hit(x, y) {
    let column = Math.floor((x - this.head) / this.size);
    if (column < 0) return null;
    let row;
    if (this.square) {
      row = Math.floor((y - this.head) / this.size);
    } else {
      const band = Math.floor(y / this.bandHeight);
      const within = y - band * this.bandHeight - BAND_HEAD;
      row = Math.floor((within > this.furthest * this.size ? within - SELF : within) / this.size);
      if (column >= this.perBand) return null;
      column += band * this.perBand;
    }
    return row >= 0 && row < this.rows && column < this.columns ? { column, row } : null;
  }
}
