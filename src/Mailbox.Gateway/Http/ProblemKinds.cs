namespace Mailbox.Gateway;

/// <summary>All kinds of refusals (docs/protocol.md, "Problems").</summary>
static class ProblemKinds
{
    public static readonly ProblemKind BadName = new("bad-name", 400, "The name is not valid");
    public static readonly ProblemKind BadPosition = new("bad-position", 400, "The position is not valid");
    public static readonly ProblemKind BadParameter = new("bad-parameter", 400, "A query parameter is not valid");
    public static readonly ProblemKind BadToken = new("bad-token", 400, "The token is not valid");
    public static readonly ProblemKind BadHeader = new("bad-header", 400, "A header is not valid");
    public static readonly ProblemKind BadBody = new("bad-body", 400, "The body is not valid");
    public static readonly ProblemKind BadRequest = new("bad-request", 400, "The request is not valid");
    public static readonly ProblemKind BadOrigin = new("bad-origin", 403, "Pages of this origin may not do this");
    public static readonly ProblemKind NotLoopback = new("not-loopback", 403, "Mailboxes are served on loopback addresses only");
    public static readonly ProblemKind ReservedName = new("reserved-name", 403, "The name is reserved");
    public static readonly ProblemKind NotFound = new("not-found", 404, "There is no such thing");
    public static readonly ProblemKind NoBackend = new("no-backend", 404, "Nobody takes what clients say");
    public static readonly ProblemKind MethodNotAllowed = new("method-not-allowed", 405, "The method is not allowed here");
    public static readonly ProblemKind NotAcceptable = new("not-acceptable", 406, "None of the accepted media types is offered");
    public static readonly ProblemKind MailboxHeld = new("mailbox-held", 409, "The mailbox is held by another connection");
    public static readonly ProblemKind MailboxFull = new("mailbox-full", 409, "The mailbox is full");
    public static readonly ProblemKind TooManyWebhooks = new("too-many-webhooks", 409, "There are too many webhooks");
    public static readonly ProblemKind TooLarge = new("too-large", 413, "The body is too large");
    public static readonly ProblemKind UnsupportedMediaType = new("unsupported-media-type", 415, "The media type is not supported");
    public static readonly ProblemKind KeyReused = new("key-reused", 422, "The idempotency key was used with another request");
    public static readonly ProblemKind NotKept = new("not-kept", 422, "The store cannot keep a message at this level");
    public static readonly ProblemKind UpgradeRequired = new("upgrade-required", 426, "The connection is not as a WebSocket needs it");
    public static readonly ProblemKind TooManyKeys = new("too-many-keys", 429, "Too many idempotency keys are remembered");
    public static readonly ProblemKind Failed = new("failed", 500, "The gateway failed");
    public static readonly ProblemKind BackendFailed = new("backend-failed", 502, "The application behind the gateway failed");
    public static readonly ProblemKind BackendUnreachable = new("backend-unreachable", 502, "The application behind the gateway is not there");
    public static readonly ProblemKind Overloaded = new("overloaded", 503, "Too much work waits");
    public static readonly ProblemKind StoreFailed = new("store-failed", 503, "The store failed");
    public static readonly ProblemKind Moved = new("moved", 503, "The mailbox is moving to another process");
    public static readonly ProblemKind Draining = new("draining", 503, "The server is shutting down");
    public static readonly ProblemKind BackendDown = new("backend-down", 503, "The backend did not answer");
    public static readonly ProblemKind BackendTimedOut = new("backend-timed-out", 504, "The application behind the gateway is too slow");
    public static readonly ProblemKind StoreFull = new("store-full", 507, "The disk is full");
}

/// <summary>One kind of refusal. Name and status are stable: clients act on them (docs/protocol.md).</summary>
sealed record ProblemKind(string Name, int Status, string Title)
{
    public string Type { get; } = "urn:mailbox:problem:" + Name;
}
