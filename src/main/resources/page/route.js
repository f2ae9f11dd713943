// The current view, kept in the URL so that it can be shared: #/NETWORK/VIEW?key=value

export const VIEWS = ['overview', 'nodes', 'mesh', 'path'];

/** The URL's hash as {network, view, query}; network is empty if the hash names none. */
export function parse(hash) {
  const [path, search = ''] = hash.replace(/^#\/?/, '').split('?');
  const [network = '', view = ''] = path.split('/').map(part => safelyDecoded(part));
  return {
    network,
    view: VIEWS.includes(view) ? view : 'overview',
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

/** The hash for a view; empty values of the query are left out. */
export function format({ network, view, query = {} }) {
  const there = Object.entries(query).filter(([, value]) => value);
  const search = there.length > 0 ? `?${new URLSearchParams(there)}` : '';
  return `#/${encodeURIComponent(network)}/${view}${search}`;
}

function safelyDecoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return ''; // An invalid escape counts as no name.
  }
}
