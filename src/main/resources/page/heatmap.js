// Paints a grid of probes. A cell's colour shows its measure. Pairs that do not pass also carry a
// mark, so that they are visible without colours.

const LOSS_STEPS = [0, 1, 5, 20, 50];
const RTT_STEPS = [500, 1000, 2000, 5000, 20000];

/** What the colours of a measure mean, mildest first. The index is the colour's number. */
export const LEGENDS = {
  loss: ['none', 'to 1 %', 'to 5 %', 'to 20 %', 'to 50 %', 'more'],
  rtt: ['to 0.5 ms', 'to 1 ms', 'to 2 ms', 'to 5 ms', 'to 20 ms', 'more'],
};

/** Paints the whole grid; cursor is the selected cell, or null. */
export function paint(canvas, grid, measure, cursor) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.ceil(grid.width * ratio);
  canvas.height = Math.ceil(grid.height * ratio);
  canvas.style.width = `${grid.width}px`;
  canvas.style.height = `${grid.height}px`;
  const context = canvas.getContext('2d');
  context.scale(ratio, ratio);
  const colours = coloursOf(canvas);
  context.clearRect(0, 0, grid.width, grid.height);
  if (grid.square) nameSquare(context, grid, colours);
  else nameBands(context, grid, colours);
  for (let row = 0; row < grid.rows; row++) {
    for (let column = 0; column < grid.columns; column++) {
      cell(context, grid, measure, colours, column, row);
    }
  }
  if (cursor) outline(context, grid.place(cursor.column, cursor.row), colours);
}

/** The colour's number on the measure's scale, 0 to 5; null if there is no value. */
export function step([, , state, loss, rtt], measure) {
  if (state === 'unreachable' || state === 'overlayLost' || state === 'unknown') return null;
  const value = measure === 'loss' ? loss : rtt;
  if (value === null || value === undefined) return null;
  const steps = measure === 'loss' ? LOSS_STEPS : RTT_STEPS;
  const found = steps.findIndex(most => value <= most);
  return found < 0 ? steps.length : found;
}

function cell(context, grid, measure, colours, column, row) {
  const { x, y, size } = grid.place(column, row);
  const probe = grid.at(column, row);
  if (!probe) {
    context.fillStyle = colours['--cell-none'];
    if (grid.square) context.fillRect(x, y, size, size);
    return;
  }
  const state = probe[2];
  const number = step(probe, measure);
  const lost = state === 'unreachable' || state === 'overlayLost';
  const name = lost ? '--cell-lost' : number === null ? '--cell-unknown' : `--${measure}-${number}`;
  context.fillStyle = colours[name];
  context.fillRect(x, y, size, size);
  const ink = lost || number >= 3 ? colours['--cell-ink-strong'] : colours['--cell-ink'];
  if (size >= 5) mark(context, state, x, y, size, ink);
  if (size >= 40 && !lost) figure(context, probe, measure, x, y, size, ink);
}

function mark(context, state, x, y, size, ink) {
  const inset = Math.max(1.5, size * 0.28);
  context.strokeStyle = ink;
  context.fillStyle = ink;
  context.lineWidth = Math.max(1, Math.min(2.5, size / 9));
  context.beginPath();
  if (state === 'unreachable' || state === 'overlayLost') {
    context.moveTo(x + inset, y + inset);
    context.lineTo(x + size - inset, y + size - inset);
    if (state === 'unreachable') {
      context.moveTo(x + size - inset, y + inset);
      context.lineTo(x + inset, y + size - inset);
    }
  } else if (state === 'fullSizeLost') {
    context.moveTo(x + 1, y + size - context.lineWidth);
    context.lineTo(x + size - 1, y + size - context.lineWidth);
  } else if (state === 'lossy' && size < 40) {
    context.arc(x + size / 2, y + size / 2, Math.max(1, size / 9), 0, 2 * Math.PI);
    context.fill();
    return;
  } else if (state === 'unknown') {
    context.rect(x + 0.5, y + 0.5, size - 1, size - 1);
  }
  context.stroke();
}

function figure(context, [, , , loss, rtt], measure, x, y, size, ink) {
  const words = measure === 'loss'
    ? (loss === null ? '–' : `${Math.round(loss)} %`)
    : (rtt === null ? '–' : rtt < 1000 ? `${rtt} µs` : `${(rtt / 1000).toFixed(1)} ms`);
  context.fillStyle = ink;
  context.font = font(12);
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(words, x + size / 2, y + size / 2 + 1);
}

function outline(context, { x, y, size }, colours) {
  context.lineWidth = 4;
  context.strokeStyle = colours['--card'];
  context.strokeRect(x - 1, y - 1, size + 2, size + 2);
  context.lineWidth = 2;
  context.strokeStyle = colours['--focus'];
  context.strokeRect(x - 1, y - 1, size + 2, size + 2);
}

/** Labels the rows and, rotated, the columns. Labels only some of them if cells are small. */
function nameSquare(context, grid, colours) {
  const every = Math.ceil(13 / grid.size);
  context.font = font(Math.min(12, Math.max(9, grid.size - 2)));
  context.fillStyle = colours['--quiet'];
  context.textBaseline = 'middle';
  for (let place = 0; place < grid.nodes.length; place += every) {
    const name = shortened(grid.names[grid.nodes[place]]);
    const middle = grid.head + place * grid.size + grid.size / 2;
    context.textAlign = 'right';
    context.fillText(name, grid.head - 8, middle);
    context.save();
    context.translate(middle, grid.head - 8);
    context.rotate(-Math.PI / 2);
    context.textAlign = 'left';
    context.fillText(name, 0, 0);
    context.restore();
  }
}

function nameBands(context, grid, colours) {
  context.font = font(11);
  context.textBaseline = 'middle';
  const step = Math.ceil(150 / grid.size);
  for (let band = 0; band < grid.bands; band++) {
    const first = band * grid.perBand;
    const top = band * grid.bandHeight;
    for (let column = first; column < Math.min(first + grid.perBand, grid.columns - step / 3); column += step) {
      const { x } = grid.place(column, 0);
      context.fillStyle = colours['--quiet'];
      context.textAlign = 'left';
      context.fillText(shortened(grid.names[grid.nodes[column]]), x + 4, top + 9);
      context.fillStyle = colours['--line-strong'];
      context.fillRect(x, top + 4, 1, 14);
    }
    context.fillStyle = colours['--quiet'];
    context.textAlign = 'right';
    for (const [row, words] of [[0, `−${grid.furthest}`], [grid.rows - 1, `+${grid.furthest}`]]) {
      context.fillText(words, grid.head - 8, grid.place(first, row).y + grid.size / 2);
    }
  }
}

function shortened(name) {
  return name.length <= 18 ? name : `${name.slice(0, 8)}…${name.slice(-9)}`;
}

function font(size) {
  return `${size}px ${getComputedStyle(document.body).fontFamily}`;
}

function coloursOf(element) {
  const style = getComputedStyle(element);
  const names = ['--card', '--focus', '--quiet', '--line-strong', '--cell-none', '--cell-lost', '--cell-unknown', '--cell-ink', '--cell-ink-strong'];
  for (let number = 0; number <= 5; number++) names.push(`--loss-${number}`, `--rtt-${number}`);
  return Object.fromEntries(names.map(name => [name, style.getPropertyValue(name).trim()]));
}
