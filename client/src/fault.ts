/** Why a request or a connection failed. `reason` is the last part of the server's problem type, where it sent one. */
export class MailboxError extends Error {
  override readonly name = 'MailboxError';

  constructor(
    readonly reason: string,
    readonly status = 0,
    /** Seconds that the server asks to wait. */
    readonly retryAfter = 0,
    detail = '',
    /** The highest uplink that the server has, where it refused the next one; else negative. */
    readonly uplink = -1,
  ) {
    super(detail || reason);
  }

  /** The request itself is at fault, says whoever answered. */
  get isRefusal() {
    return this.status >= 400 && this.status < 500 && this.status !== 408 && this.status !== 429;
  }

  /** Trying again does not help: the server itself, not a proxy's page, said no. */
  get isFinal() {
    return this.isRefusal && this.reason !== 'refused';
  }
}

/** As the server writes it (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly status: number;
  readonly detail?: string;
  readonly uplink?: number;
}

/** Throws what is no answer to a read: a refusal, or the 204 that tells an event stream to stay away. */
export async function check(response: Response) {
  if (response.status === 204) throw new MailboxError('stay-away', 410);
  if (!response.ok) throw await faultOf(response);
}

/** What a refusal says. An HTML page of a proxy is `refused`. */
export async function faultOf(response: Response): Promise<MailboxError> {
  const after = Number(response.headers.get('Retry-After')) || 0;
  try {
    return problemOf(await response.json() as Problem, response.status, after);
  } catch {
    // Not the server's.
    return new MailboxError('refused', response.status, after);
  }
}

export function problemOf({ type, status, detail, uplink }: Problem, code = status, after = 0): MailboxError {
  const [, reason] = type.split('urn:mailbox:problem:');
  if (!reason) throw new TypeError(type);
  return new MailboxError(reason, code, after, detail, uplink);
}
