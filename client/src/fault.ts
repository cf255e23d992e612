/** Why a request or a connection failed. `problem` is the last part of the server's problem type, where it sent one. */
export class MailboxError extends Error {
  override readonly name = 'MailboxError';

  constructor(
    readonly reason: string,
    readonly status = 0,
    /** Seconds that the server asks to wait. */
    readonly retryAfter = 0,
    detail = '',
  ) {
    super(detail || reason);
  }

  /** Trying again does not help: the server itself, not a proxy's page, said no. */
  get isFinal() {
    return this.status >= 400 && this.status < 500 && this.status !== 408 && this.status !== 429 && this.reason !== 'refused';
  }
}

const ProblemType = 'urn:mailbox:problem:';

/** What a refusal says. An HTML page of a proxy is `refused`. */
export async function faultOf(response: Response): Promise<MailboxError> {
  const after = Number(response.headers.get('Retry-After')) || 0;
  try {
    const { type, detail } = await response.json() as { type: string; detail?: string };
    if (type.startsWith(ProblemType)) return new MailboxError(type.slice(ProblemType.length), response.status, after, detail);
  } catch {
    // Not the server's.
  }
  return new MailboxError('refused', response.status, after);
}
