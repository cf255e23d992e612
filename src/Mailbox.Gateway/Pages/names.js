const Prefix = 'chat-';
const MaxLength = 128;

// Anybody's name makes a valid mailbox name, and two names never the same one: bytes outside the plain ones become ~XX.
export function mailboxOf(name) {
  let mailbox = Prefix;
  for (const byte of new TextEncoder().encode(name.trim())) {
    const char = String.fromCharCode(byte);
    mailbox += /[A-Za-z0-9._@:-]/.test(char) ? char : '~' + byte.toString(16).padStart(2, '0');
  }
  return mailbox.length > Prefix.length && mailbox.length <= MaxLength ? mailbox : null;
}

export function nameOf(mailbox) {
  if (!mailbox.startsWith(Prefix)) return mailbox;
  try {
    return decodeURIComponent(mailbox.slice(Prefix.length).replaceAll('~', '%'));
  } catch {
    return mailbox;
  }
}
