// What goes over the wire, as far as a page can know: bodies as they are, heads as HTTP/1.1 writes them. What a browser adds to a
// request by itself (its name, languages, fetch metadata) is hidden from scripts; the constant is what Chromium sends besides its name.
const Hidden = 372;
const Line = ': \r\n'.length;
const Handshake = 160;
const encoder = new TextEncoder();

export function ofRequest(url, { method = 'GET', headers = {}, body } = {}) {
  const start = `${method} ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`.length;
  return start + Hidden + navigator.userAgent.length + ofHeaders(Object.entries(headers)) + (body ? ofText(String(body)) + `Origin: ${url.origin}\r\n`.length : 0);
}

export function ofHead(response) {
  return `HTTP/1.1 ${response.status} \r\n\r\n`.length + ofHeaders([...response.headers]);
}

export function ofText(text) {
  return encoder.encode(text).length;
}

// Both heads of the upgrade.
export function ofUpgrade(url) {
  return ofRequest(url) + 2 * Handshake;
}

export function ofFrame(text, isMasked) {
  const length = ofText(text);
  return length + (length < 126 ? 2 : 4) + (isMasked ? 4 : 0);
}

function ofHeaders(entries) {
  return entries.reduce((sum, [name, value]) => sum + name.length + String(value).length + Line, 0);
}
