// Wording of states, times and counts.

/** The tone of a tunnel's state: icon and colour. The state's name stands beside the icon. */
export const TONE_OF_TUNNEL = { Healthy: 'good', Degraded: 'warn', Down: 'bad', Unknown: 'unknown' };

/** The states of a probed pair, worst first: pairs are sorted by this order. */
export const PAIR_STATES = {
  unreachable: { tone: 'bad', said: 'unreachable', long: 'nothing passes, not even between the node addresses' },
  overlayLost: { tone: 'bad', said: 'tunnel lost', long: 'the node addresses answer, nothing passes through the tunnel' },
  fullSizeLost: { tone: 'warn', said: 'full size lost', long: 'small packets pass, those of full size do not' },
  lossy: { tone: 'warn', said: 'lossy', long: 'a part of the packets is lost' },
  unknown: { tone: 'unknown', said: 'not measured', long: 'not measured' },
  passes: { tone: 'good', said: 'passes', long: 'packets pass' },
};

/** A condition's tone: Reconciling and Stalled are good when False. */
export function toneOfCondition({ type, status }) {
  if (status === 'Unknown') return 'unknown';
  if (type === 'Reconciling') return status === 'True' ? 'busy' : 'good';
  if (type === 'Stalled') return status === 'True' ? 'bad' : 'good';
  return status === 'True' ? 'good' : 'bad';
}

/** `3 nodes`, `1 node`. */
export function count(number, noun) {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

/** A time as distance from now, such as `4 min`. Never negative, even if clocks differ a little. */
export function distance(time, now = Date.now()) {
  const seconds = Math.abs(now - Date.parse(time)) / 1000;
  if (seconds < 10) return 'a moment';
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

/** Microseconds as people read them: `420 µs`, `1.3 ms`, `21 ms`. */
export function micros(value) {
  if (value === null || value === undefined) return '–';
  if (value < 1000) return `${value} µs`;
  return `${(value / 1000).toFixed(value < 10000 ? 1 : 0)} ms`;
}

/** Parses a Kubernetes duration such as `0.4ms` to microseconds; NaN if missing or invalid. */
export function parsedDuration(text) {
  const match = /^([\d.]+)(µs|us|ms|s)$/.exec(text ?? '');
  return match ? Number(match[1]) * { µs: 1, us: 1, ms: 1000, s: 1e6 }[match[2]] : NaN;
}

/** Names as a person would sort them: node2 before node10. */
export const natural = new Intl.Collator('en', { numeric: true }).compare;
