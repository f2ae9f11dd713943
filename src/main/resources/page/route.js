// What is looked at, kept in the address so that it can be shared: #/NETWORK/VIEW?key=value

export const VIEWS = ['overview', 'nodes', 'mesh', 'path'];

/** The address' hash as {network, view, query}; network is empty where it names none. */
export function parse(hash) {
  const [path, search = ''] = hash.replace(/^#\/?/, '').split('?');
  const [network = '', view = ''] = path.split('/').map(part => safelyDecoded(part));
  return {
    network,
    view: VIEWS.includes(view) ? view : 'overview',
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

/** The hash of it; what is empty in the query is left out. */
export function format({ network, view, query = {} }) {
  const there = Object.entries(query).filter(([, value]) => value);
  const search = there.length > 0 ? `?${new URLSearchParams(there)}` : '';
  return `#/${encodeURIComponent(network)}/${view}${search}`;
}

function safelyDecoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return ''; // A broken escape names nothing.
  }
}
