// Announcements for screen readers: changes that matter, once each, not values that always change.

import { count } from './words.js';

/** Speaks through a polite live region. */
export class Teller {
  #region;
  #known = null;

  constructor(region) {
    this.#region = region;
  }

  /** Announces these words. */
  tell(words) {
    this.#region.textContent = words;
  }

  /** Announces the changes from the previous state that a person wants to hear of. */
  hear({ link, network }) {
    const now = {
      name: network?.name,
      link,
      ready: readiness(network),
      problems: network?.status?.problems?.length ?? 0,
      phase: network?.status?.rollout?.phase,
    };
    const before = this.#known;
    this.#known = now;
    if (!before) return;
    const said = [];
    if (before.link !== now.link && LINKS[now.link] && before.link !== 'connecting') said.push(LINKS[now.link]);
    if (before.name && before.name === now.name) {
      if (before.ready !== now.ready) said.push(`Network ${now.name} is ${now.ready}`);
      if (before.problems !== now.problems) said.push(now.problems ? count(now.problems, 'problem') : 'No problem any more');
      if (before.phase !== now.phase && now.phase) said.push(`Rollout: ${now.phase}`);
    }
    if (said.length > 0) this.tell(said.join('. '));
  }
}

const LINKS = {
  live: 'Live again',
  lost: 'Connection lost, retrying',
  standby: 'This replica stands by',
};

function readiness(network) {
  const ready = network?.status?.conditions?.find(it => it.type === 'Ready');
  return ready?.status === 'True' ? 'ready' : 'not ready';
}
