// Live state from the operator: first the list of networks, then one network's events. Failures are
// retried until they succeed. Meanwhile, the last known state stays on the page.

const RETRY = 3_000;
const LOOK_AGAIN = 15_000;
const PATIENCE = 10_000;

/**
 * @typedef {object} State
 * @property {'connecting'|'live'|'lost'|'standby'|'empty'} link
 * @property {?object} operator version, instance and leader
 * @property {string[]} networks names
 * @property {?object} network the followed one, as /api/networks/NAME without its mesh
 * @property {?object} mesh
 */

/** Follows the operator, and tells a listener which part of the state changed. */
export class Live {
  /** @type {State} */
  state = { link: 'connecting', operator: null, networks: [], network: null, mesh: null };
  #wanted = '';
  #followed = '';
  #events = null;
  #timer = 0;
  #looks = 0;
  #listener;

  /** @param {(part: 'link'|'network'|'mesh') => void} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  /** Follows this network, or the first one if the name is empty or does not exist. */
  follow(name) {
    this.#wanted = name;
    return this.#look();
  }

  /** Reads the list of networks now, then periodically. */
  async #look() {
    clearTimeout(this.#timer);
    const look = ++this.#looks;
    let wait = LOOK_AGAIN;
    try {
      const { operator, networks } = await answer('/api/networks');
      if (look !== this.#looks) return; // A later request is under way.
      this.state.operator = operator;
      this.state.networks = networks;
      if (networks.length > 0) {
        this.#open(networks.includes(this.#wanted) ? this.#wanted : networks[0]);
        this.#listener('link');
      } else {
        this.#close();
        this.#set(operator.leader === operator.instance ? 'empty' : 'standby');
        wait = RETRY;
      }
    } catch {
      if (look !== this.#looks) return;
      this.#set('lost');
      wait = RETRY;
    }
    this.#again(wait);
  }

  #again(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), wait);
  }

  #open(name) {
    if (this.#events && this.#followed === name) return;
    if (this.#followed !== name) this.#close();
    this.#followed = name;
    const events = new EventSource(`/api/networks/${encodeURIComponent(name)}/events`);
    this.#events = events;
    events.addEventListener('network', event => {
      this.state.network = JSON.parse(event.data);
      this.state.link = 'live';
      this.#listener('network');
    });
    events.addEventListener('mesh', event => {
      this.state.mesh = JSON.parse(event.data);
      this.#listener('mesh');
    });
    events.addEventListener('gone', () => {
      this.#close();
      this.#look();
    });
    events.onerror = () => {
      this.#set('lost');
      // The browser reconnects by itself, but not after an error response.
      if (events.readyState === EventSource.CLOSED && this.#events === events) {
        this.#events = null;
        this.#again(RETRY);
      }
    };
  }

  #close() {
    this.#events?.close();
    this.#events = null;
    this.#followed = '';
    this.state.network = null;
    this.state.mesh = null;
  }

  #set(link) {
    this.state.link = link;
    this.#listener('link');
  }
}

/** Reads JSON from a path. An error response is thrown as an Error with the operator's message. */
export async function answer(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(PATIENCE), headers: { Accept: 'application/json' } });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error ?? `${path} answered ${response.status}`);
  return body;
}
